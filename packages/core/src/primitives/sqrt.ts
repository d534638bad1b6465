import { unary, type UnaryPrimitive } from "./elementwise.js";
import { div } from "./div.js";
import { mul } from "./mul.js";

/**
 * √x elementwise; NaN below 0, and the derivative at 0 is ∞.
 *
 * @example
 * sqrt(tensor([4, 9])).toArray() // [2, 3]
 */
export const sqrt: UnaryPrimitive = unary({
  name: "sqrt",
  f: Math.sqrt,
  fast: "sqrt",
  dtype: "float",
  singular: true,
  partials: (out) => [(v) => div(mul(0.5, v), out)], // d√x = dx / 2√x
});
