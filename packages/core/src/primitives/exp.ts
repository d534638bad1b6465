import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";

/**
 * eˣ elementwise.
 *
 * @example
 * exp(tensor([0, 1])).toArray() // [1, 2.718281828459045]
 */
export const exp: UnaryPrimitive = unary({
  name: "exp",
  f: Math.exp,
  fast: "exp",
  dtype: "float",
  singular: true,
  partials: (out) => [(v) => mul(v, out)], // d eˣ = eˣ dx
});
