import { asTensor, type Operand } from "../convert.js";
import { checkOptions } from "../options.js";
import { upperTriangle } from "../primitives/linear.js";
import type { Tensor } from "../tensor.js";
import { checkOffset, matrixSize, type DiagonalOptions } from "./tril.js";

/**
 * The upper triangle of each matrix in the last two axes, zeros elsewhere: what lies on a diagonal or above it.
 *
 * @throws ShapeError for a scalar or a vector.
 * @example
 * triu(tensor([[1, 2], [3, 4]])).toArray() // [[1, 2], [0, 4]]
 */
export function triu(operand: Operand, options?: DiagonalOptions): Tensor {
  const { offset = 0 } = checkOptions("triu", options, ["offset"]);
  const x = asTensor("triu", operand);
  matrixSize("triu", x);
  return upperTriangle(x, checkOffset("triu", offset));
}
