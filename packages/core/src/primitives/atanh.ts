import { unary, type UnaryPrimitive } from "./elementwise.js";
import { add } from "./add.js";
import { div } from "./div.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";

/**
 * The number whose tanh is x, elementwise; ±∞ at ±1, NaN outside [−1, 1].
 *
 * @example
 * atanh(1) // Infinity
 */
export const atanh: UnaryPrimitive = unary({
  name: "atanh",
  f: Math.atanh,
  dtype: "float",
  // d atanh x = dx / (1 − x²); factored, since 1 − x is exact near 1
  singular: true,
  partials: (_out, [x]) => [(v) => div(v, mul(sub(1, x), add(1, x)))],
});
