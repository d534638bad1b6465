import { add, log, mul, neg, softplus, sub } from "@polyad/core";
import { doubt, epsilonOf, pairwise, type EpsOptions, type LossFunction } from "./loss.js";
import { xlogy } from "./xlogy.js";

/**
 * −y·ln(ŷ + ε) − (1 − y)·ln(1 − ŷ + ε), of probabilities ŷ. `logitBinaryCrossEntropy` is more accurate where ŷ is a sigmoid's.
 *
 * @throws ShapeError unless ŷ and y have one shape.
 * @example
 * binaryCrossEntropy([0.5, 1], [1, 1]).item() // Math.LN2 / 2
 */
export const binaryCrossEntropy: LossFunction<EpsOptions> = pairwise<EpsOptions>("binaryCrossEntropy", (yHat, y, options) => {
  const eps = epsilonOf("binaryCrossEntropy", yHat, options);
  return neg(add(xlogy(y, add(yHat, eps)), xlogy(sub(1, y), add(sub(1, yHat), eps))));
}, ["eps"]);

/**
 * −y·ln σ(ŷ) − (1 − y)·ln(1 − σ(ŷ)), of logits ŷ: `binaryCrossEntropy` of σ(ŷ), accurate and finite where that is 0 or 1.
 *
 * @throws ShapeError unless ŷ and y have one shape.
 * @example
 * logitBinaryCrossEntropy([0, -1000], [1, 1], { agg: identity }).toArray() // [Math.LN2, 1000]
 */
export const logitBinaryCrossEntropy: LossFunction = pairwise("logitBinaryCrossEntropy", (yHat, y) =>
  add(mul(y, softplus(neg(yHat))), mul(sub(1, y), softplus(yHat))), // (1 − y)ŷ − ln σ(ŷ) would cancel where the loss is small
);

export interface FocalOptions extends EpsOptions {
  /** How much less the easy cases count; 2 unless said. 0 is cross-entropy. */
  readonly gamma?: number | undefined;
}

/**
 * −(1 − p)^γ·ln(p + ε), where p = yŷ + (1 − y)(1 − ŷ) is the probability given to the truth (Lin et al. 2017).
 *
 * @throws ShapeError unless ŷ and y have one shape.
 * @example
 * binaryFocal([0.5, 1], [1, 1]).item() // Math.LN2 / 8
 */
export const binaryFocal: LossFunction<FocalOptions> = pairwise<FocalOptions>("binaryFocal", (yHat, y, options) => {
  const { gamma = 2 } = options;
  const p = add(mul(y, yHat), mul(sub(1, y), sub(1, yHat)));
  return neg(mul(doubt(p, gamma), log(add(p, epsilonOf("binaryFocal", yHat, options)))));
}, ["eps", "gamma"]);
