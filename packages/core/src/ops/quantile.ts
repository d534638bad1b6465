import { asValue, type ArrayLike, type Operand } from "../convert.js";
import { AutodiffError, ShapeError } from "../errors.js";
import { add } from "../primitives/add.js";
import { cast } from "../primitives/cast.js";
import { equal } from "../primitives/equal.js";
import { floor } from "../primitives/floor.js";
import { gather } from "../primitives/gather.js";
import { minimum } from "../primitives/minimum.js";
import { mul } from "../primitives/mul.js";
import { checkReduce, reduceAttrs, type ReduceOptions } from "../primitives/reduction.js";
import { reshape } from "../primitives/reshape.js";
import { slice } from "../primitives/slice.js";
import { sub } from "../primitives/sub.js";
import { transpose } from "../primitives/transpose.js";
import { where } from "../primitives/where.js";
import { reducedShape, showShape } from "../shape.js";
import { describe, kindOf, shapeOf, Tensor, type Value } from "../tensor.js";
import { isFinite } from "./isFinite.js";
import { isNaN } from "./isNaN.js";
import { floatOperand } from "./mean.js";
import { sort } from "./sort.js";

/** Numbers give a number, anything with a tensor or an array a tensor. */
export interface QuantileOp {
  (x: number, q: number, options?: ReduceOptions): number;
  (x: Tensor | ArrayLike, q: Operand, options?: ReduceOptions): Tensor;
  (x: Value, q: Value, options?: ReduceOptions): Value;
  (x: Operand, q: Operand, options?: ReduceOptions): Value;
}

/**
 * The value below which a fraction q of the elements lies, along `axis` or of all: x₍ₖ₎ + t (x₍ₖ₊₁₎ − x₍ₖ₎) of the elements
 * in order, where k + t = q (n − 1). Differentiable in x and in q. The axes of q come first in the result, as in NumPy; a
 * NaN makes the result NaN; integers give float64.
 *
 * @throws ShapeError where there is no element, for an axis out of range or named twice; AutodiffError for q outside [0, 1].
 * @example
 * quantile(tensor([3, 1, 2, 4]), 0.5).item() // 2.5
 * quantile(tensor([[3, 1, 2], [6, 5, 4]]), [0, 0.75], { axis: 1 }).toArray() // [[1, 4], [2.5, 5.5]]
 */
export const quantile: QuantileOp = ((operand: Operand, fraction: Operand, options: ReduceOptions = {}): Value =>
  quantileOf("quantile", operand, fraction, options)) as QuantileOp;

export function quantileOf(who: string, operand: Operand, fraction: Operand, options: ReduceOptions): Value {
  checkReduce(who, options);
  const q = checkFraction(who, asValue(who, fraction));
  const given = floatOperand(who, operand);
  if (given === null && kindOf(q) === "number") return asValue(who, operand); // a number is its own quantile
  const x = given ?? cast(asValue(who, operand), "float64");
  const { axis, keepDims } = reduceAttrs(who, x, options);
  const kept = x.shape.map((_, i) => i).filter((i) => !axis.includes(i));
  const rest = kept.map((i) => x.shape[i]!);
  const n = axis.reduce((size, a) => size * x.shape[a]!, 1);
  if (n === 0) throw new ShapeError(`${who}: a tensor of shape ${showShape(x.shape)} has no elements to choose from.`);

  const ordered = sort(reshape(transpose(x, [...axis, ...kept]), [n, ...rest]), { axis: 0 });
  const position = mul(q, n - 1);
  const below = floor(position);
  const pick = (k: Value): Tensor => gather(ordered, cast(k, "int32"));
  const low = pick(below);
  const high = pick(minimum(add(below, 1), n - 1));
  const t = cast(sub(position, below), x.dtype);
  const along = reshape(t, [...shapeOf(q), ...rest.map(() => 1)]);
  // Between two infinities of one sign there is no way to go: ∞ − ∞ is NaN.
  const way = where(isFinite(low), sub(high, low), where(equal(low, high), 0, sub(high, low)));
  const between = add(low, mul(along, way));
  const out = where(isNaN(slice(ordered, n - 1)), NaN, between);
  return keepDims ? reshape(out, [...shapeOf(q), ...reducedShape(x.shape, axis, true)]) : out;
}

/** Values that a trace hides are not checked. */
function checkFraction(who: string, q: Value): Value {
  const known = typeof q === "number" ? [q] : q.trace === null && q.device.reads === "sync" ? [...q.dataSync()] : [];
  const wrong = known.find((v) => !(v >= 0 && v <= 1));
  if (wrong !== undefined) throw new AutodiffError(`${who}: q lies between 0 and 1, got ${wrong}${q instanceof Tensor ? ` in ${describe(q)}` : ""}.`);
  return q;
}
