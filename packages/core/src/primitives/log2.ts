import { unary, type UnaryPrimitive } from "./elementwise.js";
import { div } from "./div.js";
import { mul } from "./mul.js";

/**
 * log₂ x elementwise; −∞ at 0, NaN below.
 *
 * @example
 * log2(tensor([1, 8])).toArray() // [0, 3]
 */
export const log2: UnaryPrimitive = unary({
  name: "log2",
  f: Math.log2,
  dtype: "float",
  singular: true,
  partials: (_out, [x]) => [(v) => div(v, mul(Math.LN2, x))], // d log₂ x = dx / (x ln 2)
});
