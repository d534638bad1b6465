import { unary, type UnaryPrimitive } from "./elementwise.js";
import { exp } from "./exp.js";
import { mul } from "./mul.js";

/**
 * eˣ − 1 elementwise, accurate near 0.
 *
 * @example
 * expm1(1e-20) // 1e-20
 */
export const expm1: UnaryPrimitive = unary({
  name: "expm1",
  f: Math.expm1,
  fast: "expm1",
  dtype: "float",
  singular: true,
  partials: (_out, [x]) => [(v) => mul(v, exp(x))], // not out + 1, which is 0 for x < −37
});
