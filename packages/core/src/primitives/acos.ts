import { unary, type UnaryPrimitive } from "./elementwise.js";
import { add } from "./add.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";
import { rsqrt } from "./rsqrt.js";
import { sub } from "./sub.js";

/**
 * The angle in [0, π] whose cosine is x, elementwise; NaN outside [−1, 1], and the derivative at ±1 is −∞.
 *
 * @example
 * acos(-1) // 3.141592653589793
 */
export const acos: UnaryPrimitive = unary({
  name: "acos",
  f: Math.acos,
  dtype: "float",
  // d acos x = −dx / √(1 − x²); factored, since 1 − x is exact near 1
  singular: true,
  partials: (_out, [x]) => [(v) => neg(mul(v, rsqrt(mul(sub(1, x), add(1, x)))))],
});
