import { abs, add, clamp, div, less, log1p, mul, sinh, softplus, square, sub, tanh, where } from "@polyad/core";
import { activation, type ActivationOp } from "./activation.js";

/**
 * min(max((x + 3)/6, 0), 1), a piecewise σ. The derivative is 1/6 on the closed interval from −3 to 3.
 *
 * @example
 * hardSigmoid(tensor([-4, 0, 4])).toArray() // [0, 0.5, 1]
 */
export const hardSigmoid: ActivationOp = activation("hardSigmoid", (x) => div(add(clamp(x, -3, 3), 3), 6));

/**
 * min(max(x, −1), 1), a piecewise tanh. The derivative is 1 on the closed interval from −1 to 1.
 *
 * @example
 * hardTanh(tensor([-4, 0.5, 4])).toArray() // [-1, 0.5, 1]
 */
export const hardTanh: ActivationOp = activation("hardTanh", (x) => clamp(x, -1, 1));

/**
 * x/(1 + |x|): as tanh, but approaching ±1 slowly.
 *
 * @example
 * softSign(tensor([-3, 0, 1])).toArray() // [-0.75, 0, 0.5]
 */
export const softSign: ActivationOp = activation("softSign", (x) => div(x, add(1, abs(x))));

/**
 * x − tanh x.
 *
 * @example
 * tanhShrink(tensor([-1000, 0, 1000])).toArray() // [-999, 0, 999]
 */
export const tanhShrink: ActivationOp = activation("tanhShrink", (x) => sub(x, tanh(x)));

/**
 * ln cosh x: nearly x²/2 near 0, and |x| − ln 2 far from it.
 *
 * @example
 * logCosh(tensor([0, 1000])).toArray() // [0, 999.3068528194401]
 */
export const logCosh: ActivationOp = activation("logCosh", (x) => {
  const size = abs(x);
  const small = less(size, 1);
  const near = mul(0.5, log1p(square(sinh(where(small, x, 0))))); // cosh² = 1 + sinh²; the other form would cancel here
  const far = sub(add(size, softplus(mul(-2, size))), Math.LN2);
  return where(small, near, far);
});
