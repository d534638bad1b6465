import { ones } from "../create.js";
import { middle, prodMiddle } from "../host/reduce.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { concat } from "./concat.js";
import { mul } from "./mul.js";
import { parseReduce, reduceShape, shiftAxes, thin, type ReduceAttrs, type ReduceOp } from "./reduction.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";
import { sum } from "./sum.js";
import { transpose } from "./transpose.js";

/**
 * Π x along `axis`, or of all elements; 1 of none. Multiplied in float64; int32 is taken modulo 2³², bool counted as
 * int32. The derivative is exact with any number of zeros, to every order: nothing is divided by.
 *
 * @throws ShapeError for an axis out of range or named twice.
 * @example
 * prod(tensor([[1, 2, 3], [4, 5, 6]]), { axis: 1 }).toArray() // [6, 120]
 */
export const prod: Primitive<ReduceOp> = definePrimitive<readonly [Tensor], Tensor, ReduceAttrs, ReduceOp>({
  name: "prod",
  parse: parseReduce("prod"),
  shape: ([x], attrs) => reduceShape(x, attrs),
  compute: (out, [x], { axis }) => prodMiddle(out.elements, middle(x, axis)),
  // ∂Π/∂xᵢ is the product of the others.
  jvp: (_out, [x], attrs) => [(dx) => sum(mul(dx, others(x, attrs)), attrs)],
  vjp: (_out, [x], attrs) => [(ct) => mul(thin(ct, x.shape, attrs), others(x, attrs))],
  batch: ([x], _batched, attrs) => prod(x, shiftAxes(attrs)),
});

/** For each element the product of all others along the axes. */
function others(x: Tensor, { axis }: ReduceAttrs): Tensor {
  const kept = x.shape.map((_, i) => i).filter((i) => !axis.includes(i));
  const order = [...kept, ...axis];
  const moved = transpose(x, order);
  const length = axis.reduce((n, a) => n * x.shape[a]!, 1);
  const products = othersInRow(reshape(moved, [...kept.map((i) => x.shape[i]!), length]));
  return transpose(reshape(products, moved.shape), order.map((_, i) => order.indexOf(i)));
}

/**
 * Along the last axis: the product of what lies outside of a pair, times the other of the pair. Products of pairs go up
 * the tree and those of everything outside come down, in O(n) multiplications.
 */
function othersInRow(x: Tensor): Tensor {
  const lead = x.shape.slice(0, -1);
  const n = x.shape.at(-1)!;
  if (n < 2) return ones(x.shape, x.dtype);
  const half = Math.ceil(n / 2);
  const even = 2 * half === n ? x : concat([x, ones([...lead, 1], x.dtype)], { axis: -1 });
  const pairs = reshape(even, [...lead, half, 2]);
  const all = lead.map(() => null);
  const outside = othersInRow(mul(slice(pairs, ...all, null, 0), slice(pairs, ...all, null, 1)));
  const partners = slice(pairs, ...all, null, [null, null, -1]);
  const products = reshape(mul(reshape(outside, [...lead, half, 1]), partners), [...lead, 2 * half]);
  return 2 * half === n ? products : slice(products, ...all, [0, n]);
}
