import { asValue, type ArrayLike, type Operand } from "../convert.js";
import { AutodiffError } from "../errors.js";
import { checkOptions } from "../options.js";
import { abs } from "../primitives/abs.js";
import { div } from "../primitives/div.js";
import { equal } from "../primitives/equal.js";
import { logicalOr } from "../primitives/logicalOr.js";
import { max } from "../primitives/max.js";
import { mul } from "../primitives/mul.js";
import type { ReduceOptions } from "../primitives/reduction.js";
import { reshape } from "../primitives/reshape.js";
import { square } from "../primitives/square.js";
import { stopGradient } from "../primitives/stopGradient.js";
import { sum } from "../primitives/sum.js";
import { where } from "../primitives/where.js";
import type { Tensor, Value } from "../tensor.js";
import { countAlong, floatOperand } from "./mean.js";
import { rootSafe } from "./std.js";

export interface NormOptions extends ReduceOptions {
  /** 2 for √Σx² (the default), 1 for Σ|x|, Infinity for max |x|. */
  readonly ord?: number | undefined;
}

/** A number gives its magnitude, a tensor a tensor. */
export interface NormOp {
  (x: number, options?: NormOptions): number;
  (x: Tensor | ArrayLike, options?: NormOptions): Tensor;
  (x: Value, options?: NormOptions): Value;
  (x: Operand, options?: NormOptions): Value;
}

/**
 * The norm of the vectors along `axis` (of several axes, or of all, as if flattened: for matrices Frobenius'); 0 of no
 * elements. The 2-norm neither overflows nor underflows before its result does, and has derivative 0 at the origin.
 *
 * @throws AutodiffError for an order other than 1, 2 and Infinity; ShapeError for an axis out of range or named twice.
 * @example
 * norm(tensor([3, -4])).item() // 5
 * norm(tensor([3, -4]), { ord: Infinity }).item() // 4
 */
export const norm: NormOp = ((operand: Operand, given?: NormOptions): Value => {
  const { ord = 2, ...options } = checkOptions("norm", given, ["axis", "keepDims", "ord"]);
  if (ord !== 1 && ord !== 2 && ord !== Infinity) throw new AutodiffError(`norm: ord is 1, 2 or Infinity, got ${String(ord)}.`);
  const x = floatOperand("norm", operand);
  if (x === null) return abs(asValue("norm", operand));
  if (ord === 1 || countAlong("norm", x, options) === 0) return sum(abs(x), options);
  if (ord === Infinity) return max(abs(x), options);
  const largest = stopGradient(max(abs(x), { axis: options.axis, keepDims: true }));
  const scale = where(logicalOr(equal(largest, 0), equal(largest, Infinity)), 1, largest);
  const root = rootSafe(sum(square(div(x, scale)), options)) as Tensor;
  return mul(root, reshape(scale, root.shape));
}) as NormOp;
