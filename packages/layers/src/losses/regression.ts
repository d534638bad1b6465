import { abs, add, AutodiffError, clamp, log, mul, square, sub } from "@polyad/core";
import { epsilonOf, pairwise, type EpsOptions, type LossFunction, type LossOptions } from "./loss.js";
import { xlogy } from "./xlogy.js";

/**
 * (ŷ − y)², the mean squared error.
 *
 * @throws ShapeError unless ŷ and y have one shape.
 * @example
 * mse([1, 2, 3], [1, 2, 6]).item() // 3
 * mse(2, 5) // 9
 */
export const mse: LossFunction = pairwise("mse", (yHat, y) => square(sub(yHat, y)));

/**
 * |ŷ − y|, the mean absolute error. The derivative at ŷ = y is 0.
 *
 * @throws ShapeError unless ŷ and y have one shape.
 * @example
 * mae([1, 2, 3], [1, 2, 6]).item() // 1
 */
export const mae: LossFunction = pairwise("mae", (yHat, y) => abs(sub(yHat, y)));

/**
 * (ln(ŷ + ε) − ln(y + ε))², the mean squared logarithmic error, of numbers that are not negative.
 *
 * @throws ShapeError unless ŷ and y have one shape.
 * @example
 * msle([1, 2], [1, 2]).item() // 0
 */
export const msle: LossFunction<EpsOptions> = pairwise<EpsOptions>("msle", (yHat, y, options) => {
  const eps = epsilonOf("msle", yHat, options);
  return square(sub(log(add(yHat, eps)), log(add(y, eps))));
}, ["eps"]);

export interface HuberOptions extends LossOptions {
  /** Where the parabola becomes a line; 1 unless said. */
  readonly delta?: number | undefined;
}

/**
 * e²/2 for |e| ≤ δ, else δ(|e| − δ/2), with e = ŷ − y: squared near 0, and outliers count in proportion (Huber 1964).
 *
 * @throws ShapeError unless ŷ and y have one shape; AutodiffError unless δ > 0.
 * @example
 * huber([0.5, 3], [0, 0], { agg: identity }).toArray() // [0.125, 2.5]
 */
export const huber: LossFunction<HuberOptions> = pairwise<HuberOptions>("huber", (yHat, y, { delta = 1 }) => {
  if (!(delta > 0)) throw new AutodiffError(`huber: expected a delta above 0, got ${delta}.`);
  const e = sub(yHat, y);
  const c = clamp(e, -delta, delta);
  return mul(c, sub(e, mul(0.5, c))); // both cases, and e² never overflows
}, ["delta"]);

/**
 * ŷ − y·ln ŷ: the negative logarithm of a Poisson distribution of mean ŷ at the count y, without the terms in y alone.
 *
 * @throws ShapeError unless ŷ and y have one shape.
 * @example
 * poissonLoss([1, 0], [2, 0]).item() // 0.5
 */
export const poissonLoss: LossFunction = pairwise("poissonLoss", (yHat, y) => sub(yHat, xlogy(y, yHat)));
