import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";
import { sinh } from "./sinh.js";

/**
 * cosh x = (eˣ + e⁻ˣ) / 2 elementwise.
 *
 * @example
 * cosh(tensor([0, 1])).toArray() // [1, 1.5430806348152437]
 */
export const cosh: UnaryPrimitive = unary({
  name: "cosh",
  f: Math.cosh,
  dtype: "float",
  singular: true,
  partials: (_out, [x]) => [(v) => mul(v, sinh(x))], // d cosh x = sinh x dx
});
