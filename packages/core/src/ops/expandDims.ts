import { asTensor, type Operand } from "../convert.js";
import { AutodiffError } from "../errors.js";
import { reshape } from "../primitives/reshape.js";
import { resolveAxes } from "../shape.js";
import type { Tensor } from "../tensor.js";

/**
 * x with an axis of length 1 put in; `axis` says where it, or each of several, lies in the result.
 *
 * @throws ShapeError for an axis out of range or named twice.
 * @example
 * expandDims(tensor([1, 2]), -1).shape // [2, 1]
 */
export function expandDims(operand: Operand, axis: number | readonly number[]): Tensor {
  const x = asTensor("expandDims", operand);
  if (axis === undefined || axis === null) throw new AutodiffError("expandDims: expected where the new axis is to be. Write expandDims(x, 0), or expandDims(x, -1).");
  const ndim = x.ndim + (typeof axis === "number" ? 1 : axis.length);
  const axes = resolveAxes("expandDims", axis, ndim);
  const rest = x.shape[Symbol.iterator]();
  return reshape(x, Array.from({ length: ndim }, (_, i) => (axes.includes(i) ? 1 : rest.next().value!)));
}
