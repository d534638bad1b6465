import { asTensor, type Operand } from "../convert.js";
import { svd } from "../primitives/svd.js";
import type { Tensor } from "../tensor.js";
import { matrixSize } from "./tril.js";

/**
 * The singular values of each matrix in the last two axes, largest first: see `svd`, whose values they are.
 *
 * @throws ShapeError for a scalar or a vector.
 * @example
 * svdvals(tensor([[0, 3], [-2, 0], [0, 0]])).toArray() // [3, 2]
 */
export function svdvals(operand: Operand): Tensor {
  const a = asTensor("svdvals", operand);
  matrixSize("svdvals", a);
  return svd(a)[1];
}
