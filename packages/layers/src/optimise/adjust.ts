import { AutodiffError, type LeafTypes } from "@polyad/core";
import { changeStates } from "./changeStates.js";
import { describe } from "./describe.js";
import type { MixedPrecision } from "./mixedPrecision.js";
import type { OptimiserChain } from "./optimiserChain.js";
import { ParameterState } from "./parameterState.js";
import { isRule, withHyperparameters, type Rule } from "./rule.js";

/** The rules in a state tree. */
export type RuleIn<S> = S extends ParameterState<infer R>
  ? R
  : S extends LeafTypes[keyof LeafTypes][0] | null
    ? never
    : S extends ReadonlyMap<unknown, infer V>
      ? RuleIn<V>
      : S extends readonly (infer V)[]
        ? RuleIn<V>
        : S extends object
          ? { [K in keyof S]: RuleIn<S[K]> }[keyof S]
          : never;

/** A rule, or those that it is made of. */
type Simple<R> = R extends OptimiserChain<infer Rules> ? Simple<Rules[number]> : R extends MixedPrecision<infer Inner> ? Simple<Inner> : R;

type KeysOf<R> = R extends unknown ? Exclude<keyof R, "name"> : never;
type ValueOf<R, K extends PropertyKey> = R extends { readonly [k in K]: infer V } ? V : never;

/** New values for hyperparameters of a rule, and of those in a chain. */
export type Adjustment<R extends Rule> = { readonly [K in KeysOf<Simple<R>>]?: ValueOf<Simple<R>, K> };

/**
 * The state tree with other hyperparameters in its rules, at a path or below it, or everywhere; what the rules keep stays.
 * A number is a learning rate, η. In a chain each rule takes the hyperparameters that it has.
 *
 * @throws AutodiffError for a hyperparameter that none of the rules has, or a value out of range; TreeError if it is
 * applied to a model, or if there is nothing at the path.
 * @example
 * const state = setup(OptimiserChain(WeightDecay(0.1), Momentum(0.5)), { w: tensor([1, 2]) });
 * adjust(adjust(state, 0.25), { lambda: 0, rho: 0.8 }).w.rule.rules // [{ name: "WeightDecay", lambda: 0 }, { name: "Momentum", eta: 0.25, rho: 0.8 }]
 */
export function adjust<S>(state: S, change: number | Adjustment<RuleIn<S>>, path: readonly unknown[] = []): S {
  if (typeof change !== "number" && (typeof change !== "object" || change === null)) {
    throw new AutodiffError(`adjust: expected a learning rate or { name: value }, got ${describe(change)}. Of a schedule, its value: schedule(step).`);
  }
  const changes: object = typeof change === "number" ? { eta: change } : change;
  const used = new Set<string>();
  const names = new Set<string>();
  const adjusted = changeStates("adjust", state, path, (node) => {
    names.add(node.rule.name);
    return new ParameterState(adjustRule(node.rule, changes, used), node.state, node.frozen, node.array);
  });
  const unused = Object.keys(changes).find((key) => !used.has(key));
  if (unused !== undefined && names.size > 0) {
    throw new AutodiffError(`adjust: no rule here has a hyperparameter ${unused}: ${[...names].join(", ")}.`);
  }
  return adjusted;
}

/** A rule, and those inside it, with the hyperparameters that it has; `used` gathers their names. */
function adjustRule<R extends Rule>(rule: R, changes: object, used: Set<string>): R {
  const inside: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rule)) {
    if (isRule(value)) inside[key] = adjustRule(value, changes, used);
    else if (Array.isArray(value) && value.some(isRule)) inside[key] = value.map((part) => adjustRule(part as Rule, changes, used));
  }
  const own = Object.entries(changes).filter(([key]) => key !== "name" && Object.hasOwn(rule, key) && !(key in inside));
  for (const [key] of own) used.add(key);
  return withHyperparameters({ ...rule, ...inside }, Object.fromEntries(own));
}
