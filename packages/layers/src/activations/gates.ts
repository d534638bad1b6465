import { add, clamp, div, erfc, mul, sigmoid, softplus, square, tanh } from "@polyad/core";
import { activation, type ActivationOp } from "./activation.js";

/**
 * x·σ(x), also known as SiLU (Ramachandran et al. 2017).
 *
 * @example
 * swish(tensor([-1000, 0, 1000])).toArray() // [0, 0, 1000]
 */
export const swish: ActivationOp = activation("swish", (x) => mul(x, sigmoid(x)));

/**
 * ½x(1 + tanh(√(2/π)(x + 0.044715x³))): the usual approximation of x·Φ(x), within 0.0005 of `geluErf` (Hendrycks and
 * Gimpel 2016). Computed as x·σ(2·…), which keeps its digits where 1 + tanh would lose them.
 *
 * @example
 * gelu(tensor([-1000, 0, 1])).toArray() // [0, 0, 0.8411919906082768]
 */
export const gelu: ActivationOp = activation("gelu", (x) => {
  const near = clamp(x, -25, 25); // beyond, σ is 0 or 1 to the last digit, and x³ may overflow
  return mul(x, sigmoid(mul(mul(twiceRootTwoOverPi, near), add(1, mul(0.044715, square(near))))));
});

/** 2√(2/π) */
const twiceRootTwoOverPi = 1.5957691216057308;

/**
 * x·Φ(x), Φ the standard normal distribution function: what `gelu` approximates.
 *
 * @example
 * geluErf(tensor([-1000, 0, 1])).toArray() // [0, 0, 0.8413447460685429]
 */
export const geluErf: ActivationOp = activation("geluErf", (x) => mul(x, mul(0.5, erfc(mul(-Math.SQRT1_2, x)))));

/**
 * x·tanh(ln(1 + eˣ)) (Misra 2019).
 *
 * @example
 * mish(tensor([-1000, 0, 1000])).toArray() // [0, 0, 1000]
 */
export const mish: ActivationOp = activation("mish", (x) => mul(x, tanh(softplus(x))));

/**
 * x·min(max((x + 3)/6, 0), 1), a piecewise swish (Howard et al. 2019). The derivative at ±3 is that from inside: −½ and 3/2.
 *
 * @example
 * hardSwish(tensor([-4, 0, 3, 4])).toArray() // [0, 0, 3, 4]
 */
export const hardSwish: ActivationOp = activation("hardSwish", (x) => mul(x, div(add(clamp(x, -3, 3), 3), 6)));

/**
 * x·tanh x (Roy et al. 2019).
 *
 * @example
 * lisht(tensor([-1000, 0, 1000])).toArray() // [1000, 0, 1000]
 */
export const lisht: ActivationOp = activation("lisht", (x) => mul(x, tanh(x)));
