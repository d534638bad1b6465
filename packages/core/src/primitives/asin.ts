import { unary, type UnaryPrimitive } from "./elementwise.js";
import { add } from "./add.js";
import { mul } from "./mul.js";
import { rsqrt } from "./rsqrt.js";
import { sub } from "./sub.js";

/**
 * The angle in [−π/2, π/2] whose sine is x, elementwise; NaN outside [−1, 1], and the derivative at ±1 is ∞.
 *
 * @example
 * asin(1) // 1.5707963267948966
 */
export const asin: UnaryPrimitive = unary({
  name: "asin",
  f: Math.asin,
  dtype: "float",
  // d asin x = dx / √(1 − x²); factored, since 1 − x is exact near 1
  singular: true,
  partials: (_out, [x]) => [(v) => mul(v, rsqrt(mul(sub(1, x), add(1, x))))],
});
