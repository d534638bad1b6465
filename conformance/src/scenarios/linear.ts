import * as p from "@polyad/core/extend";
import { tensor, type Shape, type Tensor } from "@polyad/core/extend";
import { problem, type Numbers, type Problem } from "../problem.js";

/** For each element of the result, the elements of x that are added up to make it, and what is added to them. */
type Sources = readonly (Numbers | { readonly of: Numbers; readonly constant: number })[];

/** A linear op on distinct numbers, told element by element. */
function linear(op: string, note: string, shape: Shape, f: (x: Tensor) => unknown, sources: Sources, weight = 1): Problem {
  const n = shape.reduce((a, b) => a * b, 1);
  const from = sources.map((source) => ("constant" in source ? source.of : source));
  const constants = sources.map((source) => ("constant" in source ? source.constant : 0));
  return problem({
    name: `${op}${note && ` ${note}`}`,
    x: tensor(Float64Array.from({ length: n }, (_, i) => 0.5 + i * (i % 2 === 0 ? 1 : -0.75)), shape),
    f,
    value: (x) => from.map((indices, k) => indices.reduce((total, i) => total + weight * x[i]!, constants[k]!)),
    jacobian: (x) => from.map((indices) => x.map((_, i) => weight * indices.filter((j) => j === i).length)),
    ops: [op],
  });
}

const each = (...indices: number[]): Numbers[] => indices.map((i) => [i]);
const plus = (constant: number, ...of: number[]): { readonly of: Numbers; readonly constant: number } => ({ of, constant });
const none: Numbers = [];
const ints = (...xs: number[]): Tensor => tensor(Int32Array.from(xs));

/** x is numbered in row-major order: of shape [2, 3] it is [[0, 1, 2], [3, 4, 5]]. */
export const linearOps: readonly Problem[] = [
  linear("sum", "of all", [2, 3], (x) => p.sum(x), [[0, 1, 2, 3, 4, 5]]),
  linear("sum", "along an axis", [2, 3], (x) => p.sum(x, { axis: 0 }), [[0, 3], [1, 4], [2, 5]]),
  linear("sum", "keeping axes", [2, 3], (x) => p.sum(x, { axis: -1, keepDims: true }), [[0, 1, 2], [3, 4, 5]]),
  linear("sum", "of nothing", [2, 0], (x) => p.sum(x, { axis: 1 }), [none, none]),
  linear("sum", "of rank 4 along two axes", [1, 2, 1, 2], (x) => p.sum(x, { axis: [0, 3] }), [[0, 1], [2, 3]]),
  linear("mean", "of all", [2, 3], (x) => p.mean(x), [[0, 1, 2, 3, 4, 5]], 1 / 6),
  linear("mean", "along an axis", [2, 3], (x) => p.mean(x, { axis: 1 }), [[0, 1, 2], [3, 4, 5]], 1 / 3),
  linear("meanPool", "with padding, which counts as zeros", [1, 1, 2, 3], (x) => p.meanPool(x, 2, { strides: [1, 2], padding: [0, [0, 1]] }), [[0, 1, 3, 4], [2, 5]], 1 / 4),
  linear("maxPool", "of signals, with a rest", [1, 2, 5], (x) => p.maxPool(x, 2), each(0, 2, 6, 8)),
  linear("maxPool", "with padding, which is never chosen", [2, 1, 2, 2], (x) => p.maxPool(p.sub(x, 100), [3, 2], { strides: 2, padding: [1, [0, 0]] }), [plus(-100, 2), plus(-100, 6)]),
  linear("maxPool", "dilated", [1, 1, 4], (x) => p.maxPool(x, 2, { strides: 1, dilation: 2 }), each(2, 1)),
  linear("cumsum", "along an axis", [2, 3], (x) => p.cumsum(x, { axis: 1 }), [[0], [0, 1], [0, 1, 2], [3], [3, 4], [3, 4, 5]]),
  linear("cumsum", "from the end", [3], (x) => p.cumsum(x, { reverse: true }), [[0, 1, 2], [1, 2], [2]]),
  linear("reshape", "", [2, 3], (x) => p.reshape(x, [3, -1]), each(0, 1, 2, 3, 4, 5)),
  linear("reshape", "of nothing", [0, 3], (x) => p.reshape(x, [3, 0]), []),
  linear("expandDims", "", [2, 3], (x) => p.expandDims(x, [0, 2]), each(0, 1, 2, 3, 4, 5)),
  linear("squeeze", "", [1, 3, 1], (x) => p.squeeze(x), each(0, 1, 2)),
  linear("transpose", "of a matrix", [2, 3], (x) => p.transpose(x), each(0, 3, 1, 4, 2, 5)),
  linear("transpose", "of rank 3", [2, 1, 3], (x) => p.transpose(x, [2, 0, 1]), each(0, 3, 1, 4, 2, 5)),
  linear("broadcastTo", "", [2, 1], (x) => p.broadcastTo(x, [2, 2, 3]), each(0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1)),
  linear("broadcastTo", "of rank 0", [], (x) => p.broadcastTo(x, [2, 1]), each(0, 0)),
  linear("cast", "to itself", [3], (x) => p.cast(x, "float64"), each(0, 1, 2)),
  linear("cast", "to a number", [], (x) => p.cast(x, "number"), each(0)),
  linear("slice", "one row", [2, 3], (x) => p.slice(x, 1), each(3, 4, 5)),
  linear("slice", "backwards, every second", [2, 3], (x) => p.slice(x, null, [null, null, -2]), each(2, 0, 5, 3)),
  linear("slice", "nothing", [3], (x) => p.slice(x, [1, 1]), []),
  linear("unslice", "", [2], (x) => p.unslice(x, [5], [{ start: 3, step: -2 }]), [none, [1], none, [0], none]),
  linear("concat", "with itself", [2, 2], (x) => p.concat([x, [[7], [8]], x], { axis: 1 }), [[0], [1], plus(7), [0], [1], [2], [3], plus(8), [2], [3]]),
  linear("stack", "with itself", [2], (x) => p.stack([x, [7, 8], x], { axis: 1 }), [[0], plus(7), [0], [1], plus(8), [1]]),
  linear("split", "", [2, 3], (x) => p.split(x, [1, 2], { axis: 1 }), each(0, 3, 1, 2, 4, 5)),
  linear("flip", "", [2, 3], (x) => p.flip(x, { axis: 1 }), each(2, 1, 0, 5, 4, 3)),
  linear("roll", "", [2, 3], (x) => p.roll(x, 1, { axis: 1 }), each(2, 0, 1, 5, 3, 4)),
  linear("pad", "", [2, 1], (x) => p.pad(x, [[1, 0], [0, 1]], { value: 7 }), [plus(7), plus(7), [0], plus(7), [1], plus(7)]),
  linear("tile", "", [2], (x) => p.tile(x, [2, 2]), each(0, 1, 0, 1, 0, 1, 0, 1)),
  linear("diag", "of a vector", [2], (x) => p.diag(x, { offset: -1 }), [none, none, none, [0], none, none, none, [1], none]),
  linear("diag", "of a matrix", [2, 3], (x) => p.diag(x, { offset: 1 }), each(1, 5)),
  linear("tril", "", [2, 3], (x) => p.tril(x), [[0], none, none, [3], [4], none]),
  linear("triu", "", [2, 3], (x) => p.triu(x, { offset: 1 }), [none, [1], [2], none, none, [5]]),
  linear("matrixTrace", "", [2, 3], (x) => p.matrixTrace(x), [[0, 4]]),
  linear("gather", "with an index twice, and one from the end", [3, 2], (x) => p.gather(x, ints(2, 0, -1)), each(4, 5, 0, 1, 4, 5)),
  linear("scatterAdd", "onto the same place twice", [2], (x) => p.scatterAdd([1, 2, 3], ints(1, 1), x), [plus(1), plus(2, 0, 1), plus(3)]),
  linear("takeAlongAxis", "", [2, 3], (x) => p.takeAlongAxis(x, tensor(Int32Array.of(2, 2, 0, 1), [2, 2]), 1), each(2, 2, 3, 4)),
  linear("dot", "with a constant", [3], (x) => p.dot(x, [2, 2, 2]), [[0, 1, 2]], 2),
  linear("einsum", "a transposed trace", [2, 3, 2], (x) => p.einsum("iji->j", x), [[0, 7], [2, 9], [4, 11]]),
  linear("kron", "with ones", [2], (x) => p.kron(x, [1, 1]), each(0, 0, 1, 1)),
  linear("repeat", "", [2], (x) => p.repeat(x, [2, 1]), each(0, 0, 1)),
  linear("sort", "", [4], (x) => p.sort(x), each(3, 1, 0, 2)),
  linear("argsort", "as the indices of gather", [4], (x) => p.gather(x, p.argsort(x)), each(3, 1, 0, 2)),
  linear("argmax", "as the index of gather", [4], (x) => p.gather(x, p.argmax(x)), each(2)),
  linear("argmin", "as the index of gather", [4], (x) => p.gather(x, p.argmin(x)), each(3)),
  linear("topK", "values", [4], (x) => p.topK(x, 2)[0], each(2, 0)),
  linear("max", "along an axis", [2, 3], (x) => p.max(x, { axis: 1 }), each(2, 4)),
  linear("min", "of all", [2, 3], (x) => p.min(x), each(5)),
  linear("median", "of an even number", [4], (x) => p.median(x), [[0, 1]], 0.5),
  linear("quantile", "between two", [4], (x) => p.quantile(x, 0.5), [[0, 1]], 0.5),
  linear("all", "as a condition", [2], (x) => p.where(p.all(p.less(x, 100)), x, 0), each(0, 1)),
  linear("any", "as a condition", [2], (x) => p.where(p.any(p.greater(x, 100)), 3, x), each(0, 1)),
  linear("oneHot", "as weights", [3], (x) => p.mul(p.oneHot(ints(1), 3), x), [none, [1], none]),
  linear("isNaN", "as a condition", [2], (x) => p.where(p.isNaN(x), 0, x), each(0, 1)),
  linear("isFinite", "as a condition", [2], (x) => p.where(p.isFinite(x), x, 0), each(0, 1)),
  linear("searchsorted", "beside x", [2], (x) => p.add(x, p.searchsorted([-9, 9], x)), [plus(1, 0), plus(1, 1)]),
  linear("whereSafe", "", [2], (x) => p.whereSafe(p.greater(x, -100), (t) => t, x, 0), each(0, 1)),
  linear("stopGradient", "beside x", [2], (x) => p.sub(p.add(x, p.stopGradient(x)), p.stopGradient(x)), each(0, 1)),
];
