import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";
import { square } from "./square.js";

/**
 * 1/x elementwise; ±∞ at ±0.
 *
 * @example
 * reciprocal(tensor([2, -4])).toArray() // [0.5, -0.25]
 */
export const reciprocal: UnaryPrimitive = unary({
  name: "reciprocal",
  f: (x) => 1 / x,
  fast: "reciprocal",
  dtype: "float",
  singular: true,
  partials: (out) => [(v) => mul(neg(v), square(out))], // d x⁻¹ = −x⁻² dx
});
