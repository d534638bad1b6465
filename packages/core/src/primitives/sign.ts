import { unary, type UnaryPrimitive } from "./elementwise.js";

/**
 * −1, 0 or 1, as x is negative, zero or positive, elementwise; the derivative is 0 everywhere.
 *
 * @example
 * sign(tensor([-2, 0, 3])).toArray() // [-1, 0, 1]
 */
export const sign: UnaryPrimitive = unary({
  name: "sign",
  f: Math.sign,
  dtype: "numeric",
});
