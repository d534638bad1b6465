import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";
import { sechSquared } from "./sechSquared.js";

/**
 * tanh x elementwise.
 *
 * @example
 * tanh(tensor([0, Infinity])).toArray() // [0, 1]
 */
export const tanh: UnaryPrimitive = unary({
  name: "tanh",
  f: Math.tanh,
  fast: "tanh",
  dtype: "float",
  partials: (_out, [x]) => [(v) => mul(v, sechSquared(x))], // d tanh x = sech² x dx
});
