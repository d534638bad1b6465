import { unary, type UnaryPrimitive } from "./elementwise.js";
import { div } from "./div.js";
import { mul } from "./mul.js";

/**
 * 1/√x elementwise; ∞ at 0, NaN below.
 *
 * @example
 * rsqrt(tensor([4, 16])).toArray() // [0.5, 0.25]
 */
export const rsqrt: UnaryPrimitive = unary({
  name: "rsqrt",
  f: (x) => 1 / Math.sqrt(x),
  dtype: "float",
  singular: true,
  partials: (out, [x]) => [(v) => mul(mul(-0.5, v), div(out, x))], // d x^−½ = −½ x^−½ / x dx
});
