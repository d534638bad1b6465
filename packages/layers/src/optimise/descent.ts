import { add, mul, sub, type Tensor } from "@polyad/core";
import { zerosLike } from "./like.js";
import { defineRule, type Rule, type RuleConstructor } from "./rule.js";

export interface Descent extends Rule<"Descent"> {
  readonly eta: number;
}

/**
 * Gradient descent: x ← x − η·g. η = 0.1 unless said.
 *
 * @example
 * const x = tensor([1, 2]);
 * update(setup(Descent(0.5), x), x, tensor([2, 2])).model.toArray() // [0, 1]
 */
export const Descent: RuleConstructor<Descent, "eta"> = defineRule("Descent", "eta", { eta: 0.1 }, {
  init: () => null,
  apply: ({ eta }, state, _x, dx) => ({ state, dx: mul(eta, dx) }),
});

export interface Momentum extends Rule<"Momentum"> {
  readonly eta: number;
  readonly rho: number;
}

/**
 * Gradient descent with momentum: v ← ρ·v + η·g, x ← x − v. η = 0.01 and ρ = 0.9 unless said.
 *
 * @example
 * let [model, g] = [tensor([1]), tensor([1])];
 * let state = setup(Momentum(0.5, { rho: 0.5 }), model);
 * for (let i = 0; i < 2; i++) ({ state, model } = update(state, model, g));
 * model.toArray() // [-0.25]
 */
export const Momentum: RuleConstructor<Momentum, "eta"> = defineRule("Momentum", "eta", { eta: 0.01, rho: 0.9 }, {
  init: (_rule, x) => zerosLike(x),
  apply: ({ eta, rho }, before, _x, dx) => {
    const v = add(mul(rho, before), mul(eta, dx));
    return { state: v, dx: v };
  },
});

export interface Nesterov extends Rule<"Nesterov"> {
  readonly eta: number;
  readonly rho: number;
}

/**
 * Momentum whose gradient is taken ahead of x: x ← x + ρ²·v − (1 + ρ)·η·g, v ← ρ·v − η·g. η = 0.001 and ρ = 0.9 unless
 * said.
 *
 * @example
 * const x = tensor([1, 2]);
 * update(setup(Nesterov(0.5, { rho: 0.5 }), x), x, tensor([2, 0])).model.toArray() // [-0.5, 2]
 */
export const Nesterov: RuleConstructor<Nesterov, "eta"> = defineRule("Nesterov", "eta", { eta: 0.001, rho: 0.9 }, {
  init: (_rule, x) => zerosLike(x),
  apply: ({ eta, rho }, v: Tensor, _x, dx) => ({
    state: sub(mul(rho, v), mul(eta, dx)),
    dx: sub(mul((1 + rho) * eta, dx), mul(rho ** 2, v)),
  }),
});
