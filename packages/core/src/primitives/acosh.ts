import { unary, type UnaryPrimitive } from "./elementwise.js";
import { add } from "./add.js";
import { mul } from "./mul.js";
import { rsqrt } from "./rsqrt.js";
import { sub } from "./sub.js";

/**
 * The number ≥ 0 whose cosh is x, elementwise; NaN below 1, and the derivative at 1 is ∞.
 *
 * @example
 * acosh(1) // 0
 */
export const acosh: UnaryPrimitive = unary({
  name: "acosh",
  f: Math.acosh,
  dtype: "float",
  // d acosh x = dx / √(x² − 1); two roots, since x² overflows and loses digits near 1
  singular: true,
  partials: (_out, [x]) => [(v) => mul(v, mul(rsqrt(sub(x, 1)), rsqrt(add(x, 1))))],
});
