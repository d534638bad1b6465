import { asTensor, type Operand } from "../convert.js";
import { checkSquare } from "../primitives/linear.js";
import { slogdet } from "../primitives/slogdet.js";
import type { Tensor } from "../tensor.js";

/**
 * ln |det A| of each matrix in the last two axes, whatever the sign of det A, which `slogdet` gives; −∞ where A is singular.
 *
 * @throws ShapeError for a matrix that is not square; AutodiffError, of its derivative, for a singular one.
 * @example
 * logdet(tensor([[2, 0], [0, -3]])).item() // Math.log(6)
 */
export function logdet(operand: Operand): Tensor {
  const a = asTensor("logdet", operand);
  checkSquare("logdet", a);
  return slogdet(a)[1];
}
