import type { Operand } from "../convert.js";
import type { AxisOption } from "../primitives/concat.js";
import { exp } from "../primitives/exp.js";
import { log } from "../primitives/log.js";
import { sub } from "../primitives/sub.js";
import { sum } from "../primitives/sum.js";
import type { Tensor } from "../tensor.js";
import { belowLargest } from "./softmax.js";

/**
 * x − ln Σ eˣ along an axis, the last unless said: the logarithm of `softmax`, accurate where that is 0 to the last digit.
 *
 * @throws ShapeError for a scalar, or an axis out of range.
 * @example
 * logSoftmax(tensor([0, 1000])).toArray() // [-1000, 0]
 */
export function logSoftmax(operand: Operand, options?: AxisOption): Tensor {
  const { below, axis } = belowLargest("logSoftmax", operand, options);
  return sub(below, log(sum(exp(below), { axis, keepDims: true })));
}
