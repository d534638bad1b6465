import { add, mul, sign } from "@polyad/core";
import { defineRule, type Rule, type RuleConstructor } from "./rule.js";

export interface WeightDecay extends Rule<"WeightDecay"> {
  readonly lambda: number;
}

/**
 * The gradient of λ/2·‖x‖², added: g ↦ g + λ·x. For a chain, before the rule that makes the step. λ = 5e-4 unless said.
 *
 * @example
 * const x = tensor([1, 2]);
 * update(setup(OptimiserChain(WeightDecay(0.5), Descent(1)), x), x, tensor([0, 1])).model.toArray() // [0.5, 0]
 */
export const WeightDecay: RuleConstructor<WeightDecay, "lambda"> = defineRule("WeightDecay", "lambda", { lambda: 5e-4 }, {
  init: () => null,
  apply: ({ lambda }, state, x, dx) => ({ state, dx: add(dx, mul(lambda, x)) }),
});

export interface SignDecay extends Rule<"SignDecay"> {
  readonly lambda: number;
}

/**
 * The gradient of λ·‖x‖₁, added: g ↦ g + λ·sign(x). For a chain. λ = 1e-3 unless said.
 *
 * @example
 * const x = tensor([1, -2]);
 * update(setup(OptimiserChain(SignDecay(0.5), Descent(1)), x), x, tensor([0, 1])).model.toArray() // [0.5, -2.5]
 */
export const SignDecay: RuleConstructor<SignDecay, "lambda"> = defineRule("SignDecay", "lambda", { lambda: 1e-3 }, {
  init: () => null,
  apply: ({ lambda }, state, x, dx) => ({ state, dx: add(dx, mul(lambda, sign(x))) }),
});
