import { add, div } from "@polyad/core";
import { zerosLike } from "./like.js";
import { defineRule, type Rule, type RuleConstructor } from "./rule.js";

export interface AccumGrad extends Rule<"AccumGrad"> {
  readonly n: number;
}

/**
 * Gathers n gradients and hands on their mean; no step in between. First in a chain, it makes one large batch of n small
 * ones. n = 1 unless said.
 *
 * @example
 * const x = tensor([1, 2]);
 * const first = update(setup(OptimiserChain(AccumGrad(2), Descent(1)), x), x, tensor([1, 1]));
 * first.model.toArray() // [1, 2]
 * update(first.state, first.model, tensor([3, 1])).model.toArray() // [-1, 1]
 */
export const AccumGrad: RuleConstructor<AccumGrad, "n"> = defineRule("AccumGrad", "n", { n: 1 }, {
  init: (_rule, x) => ({ sum: zerosLike(x), count: 0 }),
  apply: ({ n }, before, x, dx) => {
    const [sum, count] = [add(before.sum, dx), before.count + 1];
    return count < n ? { state: { sum, count }, dx: null } : { state: { sum: zerosLike(x), count: 0 }, dx: div(sum, count) };
  },
});
