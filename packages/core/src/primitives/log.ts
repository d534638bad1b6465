import { unary, type UnaryPrimitive } from "./elementwise.js";
import { div } from "./div.js";

/**
 * ln x elementwise; −∞ at 0, NaN below.
 *
 * @example
 * log(tensor([1, Math.E])).toArray() // [0, 1]
 */
export const log: UnaryPrimitive = unary({
  name: "log",
  f: Math.log,
  fast: "log",
  dtype: "float",
  singular: true,
  partials: (_out, [x]) => [(v) => div(v, x)], // d ln x = dx / x
});
