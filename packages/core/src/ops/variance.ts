import { asValue, type ArrayLike, type Operand } from "../convert.js";
import { AutodiffError } from "../errors.js";
import { checkOptions } from "../options.js";
import { div } from "../primitives/div.js";
import type { ReduceOptions } from "../primitives/reduction.js";
import { slice } from "../primitives/slice.js";
import { square } from "../primitives/square.js";
import { stopGradient } from "../primitives/stopGradient.js";
import { sub } from "../primitives/sub.js";
import { sum } from "../primitives/sum.js";
import { resolveAxes } from "../shape.js";
import type { Tensor, Value } from "../tensor.js";
import { countAlong, floatOperand, mean } from "./mean.js";

export interface VarianceOptions extends ReduceOptions {
  /** Divide by n − correction: 0 for the variance of a population (the default), 1 to estimate it from a sample. */
  readonly correction?: number | undefined;
}

/** A number gives a number, a tensor a tensor. */
export interface VarianceOp {
  (x: number, options?: VarianceOptions): number;
  (x: Tensor | ArrayLike, options?: VarianceOptions): Tensor;
  (x: Value, options?: VarianceOptions): Value;
  (x: Operand, options?: VarianceOptions): Value;
}

/**
 * Σ (x − x̄)² / (n − correction) along `axis`, or of all elements; NaN where n ≤ correction and for no elements. Integers
 * give float64. Equal elements give exactly 0.
 *
 * @throws ShapeError for an axis out of range or named twice.
 * @example
 * variance(tensor([1, 2, 3, 4])).item() // 1.25
 * variance(tensor([1, 2, 3, 4]), { correction: 1 }).item() // 1.6666666666666667
 */
export const variance: VarianceOp = ((operand: Operand, given?: VarianceOptions): Value => varianceOf("variance", operand, given)) as VarianceOp;

/** The variance, or what is the root of. */
export function varianceOf(who: string, operand: Operand, given?: VarianceOptions): Value {
  const { correction = 0, ...options } = checkOptions(who, given, ["axis", "keepDims", "correction"]);
  if (typeof correction !== "number") throw new AutodiffError(`${who}: the correction is a number, got ${String(correction)}.`);
  const t = floatOperand(who, operand);
  if (t === null) {
    const x = asValue(who, operand);
    return div(square(sub(x, x)), Math.max(0, 1 - correction));
  }
  // The variance of x − c is that of x; with an element as c, equal elements become exact zeros, and large ones lose less.
  const axes = resolveAxes(who, options.axis, t.ndim);
  const first = slice(t, ...t.shape.map((_, i) => (axes.includes(i) ? ([0, 1] as const) : null)));
  const x = t.size === 0 ? t : sub(t, stopGradient(first));
  const deviation = sub(x, mean(x, { axis: options.axis, keepDims: true }));
  return div(sum(square(deviation), options), Math.max(0, countAlong(who, t, options) - correction));
}
