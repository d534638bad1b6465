import { clamp, expm1, greater, lessEqual, mul, relu, sub, where, type Value } from "@polyad/core";
import { activation, type ActivationOp } from "./activation.js";

/**
 * x for x > 0, else αx: relu with a slope on the left, 0.01 unless said. The derivative at 0 is α.
 *
 * @example
 * leakyRelu(tensor([-2, 0, 3])).toArray() // [-0.02, 0, 3]
 * leakyRelu(-2, 0.5) // -1
 */
export const leakyRelu: ActivationOp<[alpha?: number]> = activation("leakyRelu", (x, alpha = 0.01) => where(greater(x, 0), x, mul(alpha, x)));

/**
 * x for x > 0, else α(eˣ − 1), α = 1 unless said (Clevert et al. 2016). The derivative at 0 is α.
 *
 * @example
 * elu(tensor([-1000, 0, 3])).toArray() // [-1, 0, 3]
 */
export const elu: ActivationOp<[alpha?: number]> = activation("elu", (x, alpha = 1) => eluOf(x, alpha, 1));

/**
 * x for x > 0, else α(e^(x/α) − 1), α = 1 unless said: elu with a derivative that is continuous for every α > 0 (Barron 2017).
 *
 * @example
 * celu(tensor([-1000, 0, 3]), 2).toArray() // [-2, 0, 3]
 */
export const celu: ActivationOp<[alpha?: number]> = activation("celu", (x, alpha = 1) => eluOf(x, alpha, 1 / alpha));

/**
 * λx for x > 0, else λα(eˣ − 1), λ ≈ 1.0507, α ≈ 1.6733: keeps mean 0 and variance 1 from layer to layer with `lecunNormal`
 * (Klambauer et al. 2017). The derivative at 0 is λα.
 *
 * @example
 * selu(tensor([-1000, 0, 1])).toArray() // [-1.7580993408473766, 0, 1.0507009873554805]
 */
export const selu: ActivationOp = activation("selu", (x) => mul(1.0507009873554805, eluOf(x, 1.6732632423543772, 1)));

/** x for x > 0, else α(e^(βx) − 1). The exponential never sees an x > 0: its overflow would turn the unused derivative into NaN. */
function eluOf(x: Value, alpha: number, beta: number): Value {
  const positive = greater(x, 0);
  const left = where(positive, 0, x);
  return where(positive, x, mul(alpha, expm1(beta === 1 ? left : mul(beta, left))));
}

/**
 * min(max(x, 0), 6). The derivative is that of relu at 0, which is 0, and that of clamp at 6, which is 1.
 *
 * @example
 * relu6(tensor([-1, 3, 9])).toArray() // [0, 3, 6]
 */
export const relu6: ActivationOp = activation("relu6", (x) => clamp(relu(x), -Infinity, 6));

/**
 * x for x > θ, else 0; θ = 1 unless said (Konda et al. 2015). The derivative at θ is 0.
 *
 * @example
 * trelu(tensor([-2, 1, 3])).toArray() // [0, 0, 3]
 */
export const trelu: ActivationOp<[theta?: number]> = activation("trelu", (x, theta = 1) => where(lessEqual(x, theta), 0, x));

/**
 * x moved by λ towards 0, and 0 within ±λ; λ = 0.5 unless said. The derivative at ±λ is 0.
 *
 * @example
 * softShrink(tensor([-2, 0.25, 3])).toArray() // [-1.5, 0, 2.5]
 */
export const softShrink: ActivationOp<[lambda?: number]> = activation("softShrink", (x, lambda = 0.5) => sub(x, clamp(x, -lambda, lambda)));
