import { asTensor, type Operand } from "../convert.js";
import { eye } from "../create.js";
import { floatOf } from "../dtype.js";
import { checkSquare } from "../primitives/linear.js";
import { solve } from "../primitives/solve.js";
import type { Tensor } from "../tensor.js";

/**
 * A⁻¹ for each matrix in the last two axes. To apply an inverse, `solve` is faster and more accurate.
 *
 * @throws AutodiffError for a matrix that is singular; ShapeError for one that is not square.
 * @example
 * inv(tensor([[2, 1], [1, 1]])).toArray() // [[1, -1], [-1, 2]]
 */
export function inv(operand: Operand): Tensor {
  const a = asTensor("inv", operand);
  checkSquare("inv", a);
  return solve(a, eye(a.shape.at(-1)!, undefined, floatOf(a.dtype)));
}
