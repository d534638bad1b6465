import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";
import { sign } from "./sign.js";

/**
 * |x| elementwise; the derivative at 0 is 0.
 *
 * @example
 * abs(tensor([-2, 0, 3])).toArray() // [2, 0, 3]
 */
export const abs: UnaryPrimitive = unary({
  name: "abs",
  f: Math.abs,
  fast: "abs",
  dtype: "numeric",
  partials: (_out, [x]) => [(v) => mul(v, sign(x))], // d|x| = sign x dx
});
