import { unary, type UnaryPrimitive } from "./elementwise.js";

/**
 * −x elementwise.
 *
 * @example
 * neg(tensor([1, -2])).toArray() // [-1, 2]
 */
export const neg: UnaryPrimitive = unary({
  name: "neg",
  f: (x) => -x,
  fast: "neg",
  dtype: "numeric",
  partials: () => [(v) => neg(v)], // d(−x) = −dx
});
