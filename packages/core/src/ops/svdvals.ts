import type { Operand } from "../convert.js";
import { svd } from "../primitives/svd.js";
import type { Tensor } from "../tensor.js";

/**
 * The singular values of each matrix in the last two axes, largest first: see `svd`, whose values they are.
 *
 * @throws ShapeError for a scalar or a vector.
 * @example
 * svdvals(tensor([[0, 3], [-2, 0], [0, 0]])).toArray() // [3, 2]
 */
export function svdvals(a: Operand): Tensor {
  return svd(a)[1];
}
