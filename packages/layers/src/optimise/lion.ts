import { mul, sign } from "@polyad/core";
import type { Betas } from "./adam.js";
import { average, zerosLike } from "./like.js";
import { defineRule, type Rule, type RuleConstructor } from "./rule.js";

export interface Lion extends Rule<"Lion"> {
  readonly eta: number;
  readonly beta: Betas;
}

/**
 * The sign of a momentum: x ← x − η·sign(β₁m + (1 − β₁)g), then m ← β₂m + (1 − β₂)g. η = 0.001 and β = [0.9, 0.99]
 * unless said.
 *
 * @see Chen et al., "Symbolic discovery of optimization algorithms", 2023, algorithm 2, without its decay of weights:
 * chain it with `WeightDecay`.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(Lion(0.5), x), x, tensor([3, -4])).model.toArray() // [0.5, 2.5]
 */
export const Lion: RuleConstructor<Lion, "eta"> = defineRule("Lion", "eta", { eta: 0.001, beta: [0.9, 0.99] }, {
  init: (_rule, x) => zerosLike(x),
  apply: ({ eta, beta: [b1, b2] }, m, _x, g) => ({
    state: average(b2, m, g),
    dx: mul(eta, sign(average(b1, m, g))),
  }),
});
