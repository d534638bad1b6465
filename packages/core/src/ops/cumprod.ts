import { ones } from "../create.js";
import { concat } from "../primitives/concat.js";
import { parseCumulate, type CumulateOp, type CumulateOptions } from "../primitives/cumsum.js";
import { mul } from "../primitives/mul.js";
import { reshape } from "../primitives/reshape.js";
import { slice, type Range } from "../primitives/slice.js";
import type { Tensor, Value } from "../tensor.js";
import { flip } from "./flip.js";
import { stack } from "./stack.js";
import type { Operand } from "../convert.js";

const parse = parseCumulate("cumprod");

/**
 * Running products yᵢ = Π xⱼ over j ≤ i along `axis` (j ≥ i with `reverse`); of all elements in row-major order, as a
 * vector, if no axis is named. The derivative is exact with any number of zeros, to every order: nothing is divided by.
 *
 * @throws ShapeError for an axis out of range.
 * @example
 * cumprod(tensor([1, 2, 3, 4])).toArray() // [1, 2, 6, 24]
 */
export const cumprod: CumulateOp = ((operand: Operand, options?: CumulateOptions): Value => {
  const parsed = parse(operand, options);
  if (!Array.isArray(parsed)) return parsed as Value;
  const [[x], { axis, reverse }] = parsed as Exclude<ReturnType<typeof parse>, Value>;
  if (x.shape[axis]! < 2) return x;
  return reverse ? flip(scan(flip(x, { axis }), axis), { axis }) : scan(x, axis);
}) as CumulateOp;

/**
 * Running products of pairs give every second result; one more product each gives those between. O(n) multiplications in
 * O(log n) operations.
 */
function scan(x: Tensor, axis: number): Tensor {
  const n = x.shape[axis]!;
  if (n < 2) return x;
  const along = (v: Tensor, range: Range): Tensor => slice(v, ...v.shape.map((_, i) => (i === axis ? range : null)));
  const resized = (m: number): number[] => x.shape.map((k, i) => (i === axis ? m : k));
  const even = n % 2 === 0 ? x : concat([x, ones(resized(1), x.dtype)], { axis });
  const half = even.shape[axis]! / 2;
  const left = along(even, [0, null, 2]);
  const seconds = scan(mul(left, along(even, [1, null, 2])), axis);
  const firsts = concat([along(left, [0, 1]), mul(along(seconds, [0, half - 1]), along(left, [1, null]))], { axis });
  const products = reshape(stack([firsts, seconds], { axis: axis + 1 }), resized(2 * half));
  return n % 2 === 0 ? products : along(products, [0, n]);
}
