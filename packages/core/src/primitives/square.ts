import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";

/**
 * x² elementwise.
 *
 * @example
 * square(tensor([-3, 2])).toArray() // [9, 4]
 */
export const square: UnaryPrimitive = unary({
  name: "square",
  f: (x) => x * x,
  whole: (x) => Math.imul(x, x),
  fast: "square",
  dtype: "numeric",
  partials: (_out, [x]) => [(v) => mul(v, mul(2, x))], // d x² = 2x dx
});
