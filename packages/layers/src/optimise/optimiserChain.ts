import { AutodiffError } from "@polyad/core";
import { notARule } from "./describe.js";
import { applyRule, initRule, isRule, register, type Called, type Rule } from "./rule.js";

export interface OptimiserChain<R extends readonly Rule[] = readonly Rule[]> extends Rule<"OptimiserChain"> {
  readonly rules: R;
}

/**
 * Rules one after the other: each gets as its gradient what the one before made of it, and the last result is the step. A
 * rule that makes none, as `AccumGrad` while it gathers, ends it for this time. No rules are `Descent(1)`.
 *
 * @example
 * const x = tensor([1, 2]);
 * const rule = OptimiserChain(ClipGrad(1), WeightDecay(0.5), Descent(0.1));
 * update(setup(rule, x), x, tensor([5, 0])).model.toArray() // [0.85, 1.9]
 */
export function OptimiserChain<const R extends readonly Rule[]>(...rules: R & { [K in keyof R]: Called<R[K]> }): OptimiserChain<R> {
  rules.forEach((rule, i) => {
    if (!isRule(rule)) throw new AutodiffError(`OptimiserChain: expected a rule, as Adam(1e-3), as argument ${i}, ${notARule(rule)}`);
  });
  return { name: "OptimiserChain", rules };
}

register<OptimiserChain, readonly unknown[]>("OptimiserChain", {
  init: ({ rules }, x) => rules.map((rule) => initRule(rule, x)),
  apply: ({ rules }, before, x, gradient) => {
    const state = [...before];
    let dx: typeof gradient | null = gradient;
    for (let i = 0; i < rules.length && dx !== null; i++) ({ state: state[i], dx } = applyRule(rules[i]!, before[i], x, dx));
    return { state, dx };
  },
});
