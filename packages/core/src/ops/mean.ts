import { asValue, type Operand } from "../convert.js";
import { isFloat } from "../dtype.js";
import { cast } from "../primitives/cast.js";
import { div } from "../primitives/div.js";
import { checkReduce, type ReduceOp, type ReduceOptions } from "../primitives/reduction.js";
import { sum } from "../primitives/sum.js";
import { resolveAxes } from "../shape.js";
import { kindOf, type Tensor, type Value } from "../tensor.js";

/**
 * Σ x / n along `axis`, or of all elements; NaN of none. Integers give float64.
 *
 * @throws ShapeError for an axis out of range or named twice.
 * @example
 * mean(tensor([[1, 2, 3], [4, 5, 6]]), { axis: 1 }).toArray() // [2, 5]
 */
export const mean: ReduceOp = ((operand: Operand, options?: ReduceOptions): Value => {
  const x = floatOperand("mean", operand);
  if (x === null) {
    checkReduce("mean", options);
    return asValue("mean", operand);
  }
  const n = countAlong("mean", x, options);
  return div(sum(x, options), n);
}) as ReduceOp;

/** An operand as a float tensor, null if it is a number. */
export function floatOperand(who: string, operand: unknown): Tensor | null {
  const x = asValue(who, operand);
  if (kindOf(x) === "number") return null;
  const t = x as Tensor;
  return isFloat(t.dtype) ? t : cast(t, "float64");
}

/** How many elements are reduced to one. */
export function countAlong(who: string, { shape }: Tensor, options?: ReduceOptions): number {
  const { axis } = checkReduce(who, options);
  return resolveAxes(who, axis, shape.length).reduce((n, a) => n * shape[a]!, 1);
}
