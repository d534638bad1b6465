import { unary, type UnaryPrimitive } from "./elementwise.js";
import { cosh } from "./cosh.js";
import { mul } from "./mul.js";

/**
 * sinh x = (eˣ − e⁻ˣ) / 2 elementwise.
 *
 * @example
 * sinh(tensor([0, 1])).toArray() // [0, 1.1752011936438014]
 */
export const sinh: UnaryPrimitive = unary({
  name: "sinh",
  f: Math.sinh,
  dtype: "float",
  singular: true,
  partials: (_out, [x]) => [(v) => mul(v, cosh(x))], // d sinh x = cosh x dx
});
