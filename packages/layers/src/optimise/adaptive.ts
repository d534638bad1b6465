import { add, div, greater, less, maximum, minimum, mul, sign, sqrt, square, sub, where, type Tensor } from "@polyad/core";
import { average, fullLike, zerosLike } from "./like.js";
import { defineRule, type Rule, type RuleConstructor } from "./rule.js";

/** Rules that fit the learning rate of each element to the gradients that it has seen. */

export interface RMSProp extends Rule<"RMSProp"> {
  readonly eta: number;
  readonly rho: number;
  readonly epsilon: number;
  readonly centred: boolean;
}

/**
 * By the root of the average square: q ← ρq + (1 − ρ)g², x ← x − η·g / (√q + ε). With `centred: true` by the standard
 * deviation: √(q − l²), l being the average of g. η = 0.001, ρ = 0.9, ε = 1e-8 unless said.
 *
 * @see Hinton, "Neural networks for machine learning", lecture 6a, 2012; centred: Graves, 2013.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(RMSProp(0.1, { rho: 0.75 }), x), x, tensor([3, -4])).model.toArray() // [0.80000000133, 2.199999999]
 */
export const RMSProp: RuleConstructor<RMSProp, "eta"> = defineRule("RMSProp", "eta", { eta: 0.001, rho: 0.9, epsilon: 1e-8, centred: false }, {
  init: ({ centred }, x): { q: Tensor; l: Tensor | null } => ({ q: zerosLike(x), l: centred ? zerosLike(x) : null }),
  apply: ({ eta, rho, epsilon, centred }, before, x, g) => {
    const q = average(rho, before.q, square(g));
    const l = centred ? average(rho, before.l ?? zerosLike(x), g) : null;
    const spread = l === null ? q : maximum(sub(q, square(l)), 0); // rounding can take it below 0
    return { state: { q, l }, dx: div(mul(eta, g), add(sqrt(spread), epsilon)) };
  },
});

export interface AdaGrad extends Rule<"AdaGrad"> {
  readonly eta: number;
  readonly epsilon: number;
}

/**
 * By the root of the sum of squares: q ← q + g², which starts at ε, x ← x − η·g / (√q + ε). η = 0.1, ε = 1e-8 unless said.
 *
 * @see Duchi, Hazan and Singer, "Adaptive subgradient methods", 2011.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(AdaGrad(0.5, { epsilon: 0 }), x), x, tensor([3, -4])).model.toArray() // [0.5, 2.5]
 */
export const AdaGrad: RuleConstructor<AdaGrad, "eta"> = defineRule("AdaGrad", "eta", { eta: 0.1, epsilon: 1e-8 }, {
  init: ({ epsilon }, x) => fullLike(x, epsilon),
  apply: ({ eta, epsilon }, before, _x, g) => {
    const q = add(before, square(g));
    return { state: q, dx: div(mul(eta, g), add(sqrt(q), epsilon)) };
  },
});

export interface AdaDelta extends Rule<"AdaDelta"> {
  readonly rho: number;
  readonly epsilon: number;
}

/**
 * Without a learning rate: q ← ρq + (1 − ρ)g², δ = g·√(d + ε) / √(q + ε), d ← ρd + (1 − ρ)δ², x ← x − δ. ρ = 0.9,
 * ε = 1e-8 unless said.
 *
 * @see Zeiler, "Adadelta: an adaptive learning rate method", 2012.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(AdaDelta(0, { epsilon: 1 }), x), x, tensor([0, 0])).model.toArray() // [1, 2]
 */
export const AdaDelta: RuleConstructor<AdaDelta, "rho"> = defineRule("AdaDelta", "rho", { rho: 0.9, epsilon: 1e-8 }, {
  init: (_rule, x) => ({ q: zerosLike(x), d: zerosLike(x) }),
  apply: ({ rho, epsilon }, before, _x, g) => {
    const q = average(rho, before.q, square(g));
    const dx = mul(g, div(sqrt(add(before.d, epsilon)), sqrt(add(q, epsilon))));
    return { state: { q, d: average(rho, before.d, square(dx)) }, dx };
  },
});

export interface Rprop extends Rule<"Rprop"> {
  readonly eta: number;
  readonly ell: readonly [number, number];
  readonly gamma: readonly [number, number];
}

/**
 * By signs alone, for full batches: a rate for each element, which grows by ℓ₂ where the gradient keeps its sign and
 * shrinks by ℓ₁ where it changes, between γ₁ and γ₂; after a change there is no step. x ← x − rate·sign(g). The rates
 * start at η, which matters only then. η = 0.001, ℓ = [0.5, 1.2], γ = [1e-6, 50] unless said.
 *
 * @see Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning", 1993.
 * @example
 * const x = tensor([1, 2]);
 * update(setup(Rprop(0.5), x), x, tensor([3, -4])).model.toArray() // [0.5, 2.5]
 */
export const Rprop: RuleConstructor<Rprop, "eta"> = defineRule("Rprop", "eta", { eta: 1e-3, ell: [0.5, 1.2], gamma: [1e-6, 50] }, {
  init: ({ eta }, x) => ({ g: zerosLike(x), rate: fullLike(x, eta) }),
  apply: ({ ell, gamma }, before, _x, dx) => {
    const agreement = mul(sign(before.g), dx);
    const kept = greater(agreement, 0);
    const changed = less(agreement, 0);
    const grown = minimum(mul(ell[1], before.rate), gamma[1]);
    const shrunk = maximum(mul(ell[0], before.rate), gamma[0]);
    const rate = where(kept, grown, where(changed, shrunk, before.rate));
    const g = where(changed, 0, dx);
    return { state: { g, rate }, dx: mul(rate, sign(g)) };
  },
});
