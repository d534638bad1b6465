import { unary, type UnaryPrimitive } from "./elementwise.js";
import { div } from "./div.js";
import { hypot } from "./hypot.js";

/**
 * The number whose sinh is x, elementwise.
 *
 * @example
 * asinh(0) // 0
 */
export const asinh: UnaryPrimitive = unary({
  name: "asinh",
  f: Math.asinh,
  dtype: "float",
  partials: (_out, [x]) => [(v) => div(v, hypot(x, 1))], // d asinh x = dx / √(x² + 1)
});
