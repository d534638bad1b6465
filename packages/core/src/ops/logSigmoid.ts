import { asValue, type ArrayLike, type Operand } from "../convert.js";
import { neg } from "../primitives/neg.js";
import { softplus } from "../primitives/softplus.js";
import type { Tensor, Value } from "../tensor.js";

/**
 * ln σ(x) = −ln(1 + e⁻ˣ) elementwise, accurate where σ(x) is 0 or 1 to the last digit.
 *
 * @example
 * logSigmoid(tensor([-800, 0])).toArray() // [-800, -0.6931471805599453]
 */
export function logSigmoid(x: number): number;
export function logSigmoid(x: Tensor | ArrayLike): Tensor;
export function logSigmoid(x: Value): Value;
export function logSigmoid(x: Operand): Value;
export function logSigmoid(operand: Operand): Value {
  return neg(softplus(neg(asValue("logSigmoid", operand))));
}
