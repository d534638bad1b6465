import { asValue, type Operand } from "../convert.js";
import { abs } from "../primitives/abs.js";
import { add } from "../primitives/add.js";
import { equal } from "../primitives/equal.js";
import { exp } from "../primitives/exp.js";
import { log } from "../primitives/log.js";
import { max } from "../primitives/max.js";
import { checkReduce, type ReduceOp, type ReduceOptions } from "../primitives/reduction.js";
import { reshape } from "../primitives/reshape.js";
import { stopGradient } from "../primitives/stopGradient.js";
import { sub } from "../primitives/sub.js";
import { sum } from "../primitives/sum.js";
import { where } from "../primitives/where.js";
import type { Value } from "../tensor.js";
import { countAlong, floatOperand } from "./mean.js";

/**
 * ln Σ eˣ along `axis`, or of all elements, without overflow; −∞ of none. Where the largest element is infinite so is the
 * result, and the derivative is 0. Integers give float64.
 *
 * @throws ShapeError for an axis out of range or named twice.
 * @example
 * logsumexp(tensor([1000, 1000])).item() // 1000.6931471805599
 */
export const logsumexp: ReduceOp = ((operand: Operand, options: ReduceOptions = {}): Value => {
  const x = floatOperand("logsumexp", operand);
  if (x === null) {
    checkReduce("logsumexp", options);
    return asValue("logsumexp", operand);
  }
  if (countAlong("logsumexp", x, options) === 0) return log(sum(x, options));
  const largest = stopGradient(max(x, { axis: options.axis, keepDims: true }));
  const below = where(equal(abs(largest), Infinity), 0, sub(x, largest));
  const rest = log(sum(exp(below), options));
  return add(rest, reshape(largest, rest.shape));
}) as ReduceOp;
