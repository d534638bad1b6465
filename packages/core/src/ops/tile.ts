import { asTensor, type Operand } from "../convert.js";
import { broadcastTo } from "../primitives/broadcastTo.js";
import { reshape } from "../primitives/reshape.js";
import { checkShape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/**
 * x repeated `reps` times along each axis, as NumPy's `tile`: the shorter of shape and `reps` is filled up with ones at
 * the front, and a single number repeats along the last axis.
 *
 * @throws ShapeError for repetitions that are not whole or negative.
 * @example
 * tile(tensor([1, 2]), [2, 2]).toArray() // [[1, 2, 1, 2], [1, 2, 1, 2]]
 */
export function tile(operand: Operand, reps: number | readonly number[]): Tensor {
  const x = asTensor("tile", operand);
  const given = checkShape("tile", typeof reps === "number" ? [reps] : reps);
  const ndim = Math.max(x.ndim, given.length);
  const shape = [...new Array<number>(ndim - x.ndim).fill(1), ...x.shape];
  const times = [...new Array<number>(ndim - given.length).fill(1), ...given];
  const once = (n: number, i: number): boolean => times[i] === 1 || n === 1; // no axis more than needed: devices have kernels for few
  const apart = shape.flatMap((n, i) => (once(n, i) ? [n] : [1, n]));
  const repeated = broadcastTo(reshape(x, apart), shape.flatMap((n, i) => (once(n, i) ? [n * times[i]!] : [times[i]!, n])));
  return reshape(repeated, shape.map((n, i) => n * times[i]!));
}
