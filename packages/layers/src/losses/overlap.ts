import { add, AutodiffError, div, mul, square, sub, sum, type ArrayLike, type Operand, type Tensor, type Value } from "@polyad/core";
import { checkOptions } from "../options.js";
import { pair } from "./loss.js";

/** Of all of ŷ and y together; numbers give a number. */
interface OverlapLoss<O> {
  (yHat: number, y: number, options?: O): number;
  (yHat: Tensor | ArrayLike, y: Operand, options?: O): Tensor;
  (yHat: Operand, y: Operand, options?: O): Value;
}

export interface DiceOptions {
  /** Added above and below, so that two empty masks agree; 1 unless said. */
  readonly smooth?: number | undefined;
}

/**
 * 1 − (2Σyŷ + s)/(Σy² + Σŷ² + s): how far two masks are from covering each other (Milletari et al. 2016).
 *
 * @throws ShapeError unless ŷ and y have one shape.
 * @example
 * dice([1, 0, 1], [1, 0, 1]).item() // 0
 */
export const dice: OverlapLoss<DiceOptions> = ((predictions: Operand, targets: Operand, options: DiceOptions = {}): Value => {
  checkOptions("dice", options, ["smooth"]);
  const { smooth = 1 } = options;
  const [yHat, y] = pair("dice", predictions, targets);
  return sub(1, div(add(mul(2, sum(mul(y, yHat))), smooth), add(add(sum(square(y)), sum(square(yHat))), smooth)));
}) as OverlapLoss<DiceOptions>;

export interface TverskyOptions {
  /** The weight of what is predicted in vain against what is missed; 0.7 unless said. */
  readonly beta?: number | undefined;
}

/**
 * 1 − (Σyŷ + 1)/(Σ(yŷ + β(1 − y)ŷ + (1 − β)y(1 − ŷ)) + 1): as `dice`, with two kinds of mistakes told apart (Salehi et al. 2017).
 *
 * @throws ShapeError unless ŷ and y have one shape; AutodiffError unless 0 ≤ β ≤ 1.
 * @example
 * tversky([1, 0, 1], [1, 0, 1]).item() // 0
 */
export const tversky: OverlapLoss<TverskyOptions> = ((predictions: Operand, targets: Operand, options: TverskyOptions = {}): Value => {
  checkOptions("tversky", options, ["beta"]);
  const { beta = 0.7 } = options;
  if (!(beta >= 0 && beta <= 1)) throw new AutodiffError(`tversky: expected a beta between 0 and 1, got ${beta}.`);
  const [yHat, y] = pair("tversky", predictions, targets);
  const both = sum(mul(y, yHat));
  const inVain = mul(beta, sum(mul(sub(1, y), yHat)));
  const missed = mul(1 - beta, sum(mul(y, sub(1, yHat))));
  return sub(1, div(add(both, 1), add(add(both, add(inVain, missed)), 1)));
}) as OverlapLoss<TverskyOptions>;
