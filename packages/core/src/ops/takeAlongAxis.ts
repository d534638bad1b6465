import { asTensor, type Operand } from "../convert.js";
import { arange, zeros } from "../create.js";
import { ShapeError } from "../errors.js";
import { add } from "../primitives/add.js";
import { gather } from "../primitives/gather.js";
import { asIndices } from "../primitives/indices.js";
import { mul } from "../primitives/mul.js";
import { reshape } from "../primitives/reshape.js";
import { scatterAdd } from "../primitives/scatterAdd.js";
import { resolveAxis, showShape, sizeOf, stridesOf, type Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/**
 * Entries of x picked along an axis by an int32 tensor of the same rank: out[…, i, …] = x[…, indices[…, i, …], …].
 * Negative indices count from the end.
 *
 * @throws ShapeError for an index out of range, or a shape that differs outside of the axis.
 * @example
 * takeAlongAxis(tensor([[1, 2], [3, 4]]), [[1], [0]], 1).toArray() // [[2], [3]]
 */
export function takeAlongAxis(operand: Operand, at: Operand, axis: number): Tensor {
  const x = asTensor("takeAlongAxis", operand);
  const length = x.shape[resolveAxis("takeAlongAxis", axis, x.ndim)]!;
  const indices = gather(arange(length, undefined, undefined, "int32"), asIndices("takeAlongAxis", at)); // checks the range
  return gather(reshape(x, [x.size]), flatPositions(x.shape, indices, axis));
}

/** Zeros of a shape with values added at positions along an axis: the transpose of `takeAlongAxis`. */
export function putAlongAxis(shape: Shape, indices: Tensor, values: Tensor, axis: number): Tensor {
  return reshape(scatterAdd(zeros([sizeOf(shape)], values.dtype), flatPositions(shape, indices, axis), values), shape);
}

/** Row-major positions of the picked entries. */
function flatPositions(shape: Shape, indices: Tensor, axis: number): Tensor {
  const along = resolveAxis("takeAlongAxis", axis, shape.length);
  if (indices.ndim !== shape.length || shape.some((n, i) => i !== along && indices.shape[i] !== n)) {
    throw new ShapeError(`takeAlongAxis: indices of shape ${showShape(indices.shape)} do not match shape ${showShape(shape)} outside of axis ${along}.`);
  }
  const strides = stridesOf(shape);
  return shape.reduce<Tensor>((at, n, i) => {
    if (i === along) return at;
    const column = shape.map((_, k) => (k === i ? n : 1));
    return add(at, mul(reshape(arange(n, undefined, undefined, "int32"), column), strides[i]!));
  }, mul(indices, strides[along]!));
}
