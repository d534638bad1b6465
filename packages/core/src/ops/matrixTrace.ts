import { asTensor, type Operand } from "../convert.js";
import { checkOptions } from "../options.js";
import { sum } from "../primitives/sum.js";
import type { Tensor } from "../tensor.js";
import { diagonalOf } from "./diagonal.js";
import type { DiagonalOptions } from "./tril.js";

/**
 * Σ Aᵢᵢ of each matrix in the last two axes. (`trace` captures a program.)
 *
 * @throws ShapeError for a scalar or a vector.
 * @example
 * matrixTrace(tensor([[1, 2], [3, 4]])).item() // 5
 */
export function matrixTrace(operand: Operand, options?: DiagonalOptions): Tensor {
  const { offset = 0 } = checkOptions("matrixTrace", options, ["offset"]);
  return sum(diagonalOf("matrixTrace", asTensor("matrixTrace", operand), offset), { axis: -1 });
}
