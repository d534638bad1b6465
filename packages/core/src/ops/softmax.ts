import type { Operand } from "../convert.js";
import { div } from "../primitives/div.js";
import { equal } from "../primitives/equal.js";
import { exp } from "../primitives/exp.js";
import type { AxisOption } from "../primitives/concat.js";
import { max } from "../primitives/max.js";
import { stopGradient } from "../primitives/stopGradient.js";
import { sub } from "../primitives/sub.js";
import { sum } from "../primitives/sum.js";
import { where } from "../primitives/where.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../options.js";
import { resolveAxis } from "../shape.js";
import { hostDevice, type Tensor } from "../tensor.js";
import { floatOperand } from "./mean.js";

/**
 * eˣ / Σ eˣ along an axis, the last unless said, without overflow. −∞ gives 0; elements of +∞ share all, and the derivative
 * is 0 there. Of −∞ alone the result is NaN. Integers give float64.
 *
 * @throws ShapeError for a scalar, or an axis out of range.
 * @example
 * softmax(tensor([0, 0, -Infinity])).toArray() // [0.5, 0.5, 0]
 * softmax(tensor([3, Infinity])).toArray() // [0, 1]
 */
export function softmax(operand: Operand, options?: AxisOption): Tensor {
  const { below, axis } = belowLargest("softmax", operand, options);
  const powers = exp(below);
  return div(powers, sum(powers, { axis, keepDims: true }));
}

/** x − max x along an axis, the maximum a constant; its limit where that is +∞. */
export function belowLargest(who: string, operand: Operand, options: AxisOption | undefined): { below: Tensor; axis: number } {
  const { axis = -1 } = checkOptions(who, options, ["axis"]);
  const x = floatOperand(who, operand);
  if (x === null || x.ndim === 0) throw new ShapeError(`${who}: expected at least one axis, got a scalar.`);
  const along = resolveAxis(who, axis, x.ndim);
  if (x.size === 0) return { below: x, axis: along };
  const largest = stopGradient(max(x, { axis: along, keepDims: true }));
  const below = sub(x, largest);
  if (isAtHand(largest) && !largest.dataSync().some((m) => m === Infinity || m !== m)) return { below, axis: along }; // a fraction of the time
  return { below: where(equal(x, Infinity), 0, where(equal(largest, Infinity), -Infinity, below)) as Tensor, axis: along };
}

/** Whether looking at the elements moves nothing: not while a graph is captured, nor where they lie on a device. */
function isAtHand(x: Tensor): boolean {
  return x.trace === null && x.device === hostDevice;
}
