import { AutodiffError, cast, sub, type Tensor } from "@polyad/core";
import { notARule } from "./describe.js";
import { applyRule, initRule, isRule, register, type Called, type Rule } from "./rule.js";

export interface MixedPrecision<R extends Rule = Rule> extends Rule<"MixedPrecision"> {
  readonly rule: R;
}

/**
 * A rule in float64 for float32 arrays: it keeps a float64 copy of x, which it trains, and x is that copy, rounded. So
 * steps too small for float32 add up.
 *
 * @example
 * let model = ones([1], "float32");
 * let state = setup(MixedPrecision(Descent(1)), model);
 * for (let i = 0; i < 8; i++) ({ state, model } = update(state, model, full([1], 2 ** -26, "float32")));
 * model.item() // 1 - 2 ** -23
 */
export function MixedPrecision<R extends Rule>(rule: R & Called<R>): MixedPrecision<R> {
  if (!isRule(rule)) throw new AutodiffError(`MixedPrecision: expected a rule, as Adam(1e-3), ${notARule(rule)}`);
  return { name: "MixedPrecision", rule };
}

interface Wide {
  readonly x: Tensor;
  readonly inner: unknown;
}

register<MixedPrecision, Wide>("MixedPrecision", {
  init: ({ rule }, x) => {
    const wide = cast(x, "float64");
    return { x: wide, inner: initRule(rule, wide) };
  },
  apply: ({ rule }, before, x, gradient) => {
    const { state: inner, dx } = applyRule(rule, before.inner, before.x, cast(gradient, "float64"));
    if (dx === null) return { state: { ...before, inner }, dx };
    const next = sub(before.x, dx);
    return { state: { x: next, inner }, dx: sub(x, next) };
  },
});
