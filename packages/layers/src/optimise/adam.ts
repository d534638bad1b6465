import { abs, add, div, maximum, mul, sqrt, square, sub, type Tensor } from "@polyad/core";
import { average, fullLike, zerosLike } from "./like.js";
import { defineRule, type Rule, type RuleConstructor } from "./rule.js";

/** Adam and the rules made from it: x ← x − η·m̂ / (√v̂ + ε), with averages of the gradient g and of its square. */

/** β₁ and β₂: what the averages keep of themselves at each step. */
export type Betas = readonly [number, number];

/** Averages m of g and v of g², which start at 0, and β₁ᵗ and β₂ᵗ, the weight that their start still has. */
interface Moments {
  readonly m: Tensor;
  readonly v: Tensor;
  readonly powers: Betas;
}

function noMoments(x: Tensor): Moments {
  return { m: zerosLike(x), v: zerosLike(x), powers: [1, 1] };
}

/** m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g². */
function moments([b1, b2]: Betas, { m, v, powers: [p1, p2] }: Moments, g: Tensor): Moments {
  return { m: average(b1, m, g), v: average(b2, v, square(g)), powers: [p1 * b1, p2 * b2] };
}

/**
 * η·m̂ / (√v̂ + ε), where m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) are free of the start. With c = √(1 − β₂ᵗ) that is
 * η·c / (1 − β₁ᵗ) · m / (√v + ε·c), an operation less on arrays.
 */
function adaptive(eta: number, { m, v, powers: [p1, p2] }: Moments, epsilon: number): Tensor {
  const c = Math.sqrt(1 - p2);
  return div(mul((eta * c) / (1 - p1), m), add(sqrt(v), epsilon * c));
}

interface Adaptive<N extends string> extends Rule<N> {
  readonly eta: number;
  readonly beta: Betas;
  readonly epsilon: number;
}

export interface Adam extends Adaptive<"Adam"> {}

/**
 * Adaptive moments: x ← x − η·m̂ / (√v̂ + ε). η = 0.001, β = [0.9, 0.999], ε = 1e-8 unless said.
 *
 * @see Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(Adam(0.5), x), x, tensor([3, -4])).model.toArray() // [0.50000000167, 2.49999999875]
 */
export const Adam: RuleConstructor<Adam, "eta"> = defineRule("Adam", "eta", { eta: 0.001, beta: [0.9, 0.999], epsilon: 1e-8 }, {
  init: (_rule, x) => noMoments(x),
  apply: ({ eta, beta, epsilon }, before, _x, g) => {
    const state = moments(beta, before, g);
    return { state, dx: adaptive(eta, state, epsilon) };
  },
});

export interface AdamW extends Adaptive<"AdamW"> {
  readonly lambda: number;
  readonly couple: boolean;
}

/**
 * Adam with decay of the weights apart from the gradient: x ← x − η·(m̂ / (√v̂ + ε) + λ·x); with `couple: false` the decay
 * is λ·x, whatever the learning rate. η = 0.001, β = [0.9, 0.999], ε = 1e-8, λ = 0 unless said.
 *
 * @see Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(AdamW(0.5, { lambda: 0.1 }), x), x, tensor([0, 0])).model.toArray() // [0.95, 1.9]
 */
export const AdamW: RuleConstructor<AdamW, "eta"> = defineRule(
  "AdamW",
  "eta",
  { eta: 0.001, beta: [0.9, 0.999], lambda: 0, epsilon: 1e-8, couple: true },
  {
    init: (_rule, x) => noMoments(x),
    apply: ({ eta, beta, lambda, epsilon, couple }, before, x, g) => {
      const state = moments(beta, before, g);
      return { state, dx: add(adaptive(eta, state, epsilon), mul(couple ? eta * lambda : lambda, x)) };
    },
  },
);

export interface RAdam extends Adaptive<"RAdam"> {}

/**
 * Adam that waits until v̂ is known well enough: with ρ∞ = 2/(1 − β₂) − 1 and ρ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ), the step is
 * Adam's times √((ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ)) where ρ > 4, and η·m̂ before. Defaults as Adam's.
 *
 * @see Liu et al., "On the variance of the adaptive learning rate and beyond", 2020.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(RAdam(0.5), x), x, tensor([3, -4])).model.toArray() // [-0.5, 4]
 */
export const RAdam: RuleConstructor<RAdam, "eta"> = defineRule("RAdam", "eta", { eta: 0.001, beta: [0.9, 0.999], epsilon: 1e-8 }, {
  init: (_rule, x) => ({ ...noMoments(x), t: 0 }),
  apply: ({ eta, beta, epsilon }, before, _x, g) => {
    const state = { ...moments(beta, before, g), t: before.t + 1 };
    const [p1, p2] = state.powers;
    const longest = 2 / (1 - beta[1]) - 1;
    const length = longest - (2 * state.t * p2) / (1 - p2);
    if (!(length > 4)) return { state, dx: mul(eta / (1 - p1), state.m) };
    const rectified = Math.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length));
    return { state, dx: adaptive(eta * rectified, state, epsilon) };
  },
});

export interface NAdam extends Adaptive<"NAdam"> {}

/**
 * Adam with Nesterov's look ahead: x ← x − η·(β₁m / (1 − β₁ᵗ⁺¹) + (1 − β₁)g / (1 − β₁ᵗ)) / (√(β₂v / (1 − β₂ᵗ)) + ε).
 * Defaults as Adam's.
 *
 * @see Dozat, "Incorporating Nesterov momentum into Adam", 2016.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(NAdam(0.5), x), x, tensor([3, -4])).model.toArray() // [0.2627891996, 2.737210801]
 */
export const NAdam: RuleConstructor<NAdam, "eta"> = defineRule("NAdam", "eta", { eta: 0.001, beta: [0.9, 0.999], epsilon: 1e-8 }, {
  init: (_rule, x) => noMoments(x),
  apply: ({ eta, beta, epsilon }, before, _x, g) => {
    const state = moments(beta, before, g);
    const { m, v, powers: [p1, p2] } = state;
    const [b1, b2] = beta;
    const ahead = add(mul(b1 / (1 - b1 * p1), m), mul((1 - b1) / (1 - p1), g));
    return { state, dx: div(mul(eta, ahead), add(sqrt(mul(b2 / (1 - p2), v)), epsilon)) };
  },
});

export interface OAdam extends Adaptive<"OAdam"> {}

/**
 * Optimistic Adam, for games: twice Adam's step, less that of the time before. η = 0.001, β = [0.5, 0.9], ε = 1e-8 unless
 * said.
 *
 * @see Daskalakis et al., "Training GANs with optimism", 2018.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(OAdam(0.5), x), x, tensor([3, -4])).model.toArray() // [3.3333332761e-9, 2.9999999975]
 */
export const OAdam: RuleConstructor<OAdam, "eta"> = defineRule("OAdam", "eta", { eta: 0.001, beta: [0.5, 0.9], epsilon: 1e-8 }, {
  init: (_rule, x) => ({ ...noMoments(x), last: zerosLike(x) }),
  apply: ({ eta, beta, epsilon }, before, _x, g) => {
    const state = moments(beta, before, g);
    const last = adaptive(eta, state, epsilon);
    return { state: { ...state, last }, dx: sub(mul(2, last), before.last) };
  },
});

export interface AMSGrad extends Adaptive<"AMSGrad"> {}

/**
 * Adam whose step never grows again: x ← x − η·m / (√v̂ + ε), where v̂ is the largest v so far, and m, v and v̂ start at ε.
 * Defaults as Adam's.
 *
 * @see Reddi, Kale and Kumar, "On the convergence of Adam and beyond", 2018.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(AMSGrad(0.5), x), x, tensor([3, -4])).model.toArray() // [-0.58113783332, 3.5811381759]
 */
export const AMSGrad: RuleConstructor<AMSGrad, "eta"> = defineRule("AMSGrad", "eta", { eta: 0.001, beta: [0.9, 0.999], epsilon: 1e-8 }, {
  init: ({ epsilon }, x) => ({ m: fullLike(x, epsilon), v: fullLike(x, epsilon), largest: fullLike(x, epsilon) }),
  apply: ({ eta, beta, epsilon }, before, _x, g) => {
    const m = average(beta[0], before.m, g);
    const v = average(beta[1], before.v, square(g));
    const largest = maximum(before.largest, v);
    return { state: { m, v, largest }, dx: div(mul(eta, m), add(sqrt(largest), epsilon)) };
  },
});

export interface AdaBelief extends Adaptive<"AdaBelief"> {}

/**
 * Adam that trusts the gradient where it is as expected: v is the average of (g − m)², plus ε. η = 0.001,
 * β = [0.9, 0.999], ε = 1e-16 unless said.
 *
 * @see Zhuang et al., "AdaBelief optimizer", 2020.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(AdaBelief(0.5), x), x, tensor([3, -4])).model.toArray() // [0.44444444444, 2.5555555556]
 */
export const AdaBelief: RuleConstructor<AdaBelief, "eta"> = defineRule("AdaBelief", "eta", { eta: 0.001, beta: [0.9, 0.999], epsilon: 1e-16 }, {
  init: (_rule, x) => noMoments(x),
  apply: ({ eta, beta: [b1, b2], epsilon }, { m: m0, v: v0, powers: [p1, p2] }, _x, g) => {
    const m = average(b1, m0, g);
    const v = add(average(b2, v0, square(sub(g, m))), epsilon);
    const state: Moments = { m, v, powers: [p1 * b1, p2 * b2] };
    return { state, dx: adaptive(eta, state, epsilon) };
  },
});

export interface AdaMax extends Adaptive<"AdaMax"> {}

/**
 * Adam by the largest gradient instead of the average square: u ← max(β₂u, |g|), x ← x − η·m̂ / (u + ε). Defaults as Adam's.
 *
 * @see Kingma and Ba, 2015, algorithm 2.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(AdaMax(0.5), x), x, tensor([3, -4])).model.toArray() // [0.50000000167, 2.4999999987]
 */
export const AdaMax: RuleConstructor<AdaMax, "eta"> = defineRule("AdaMax", "eta", { eta: 0.001, beta: [0.9, 0.999], epsilon: 1e-8 }, {
  init: (_rule, x) => ({ m: zerosLike(x), u: zerosLike(x), power: 1 }),
  apply: ({ eta, beta: [b1, b2], epsilon }, before, _x, g) => {
    const m = average(b1, before.m, g);
    const u = maximum(mul(b2, before.u), abs(g));
    const power = before.power * b1;
    return { state: { m, u, power }, dx: div(mul(eta / (1 - power), m), add(u, epsilon)) };
  },
});
