import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";
import { sigmoid } from "./sigmoid.js";

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
  // d tanh x = (1 − tanh² x) dx = 4 σ(2x) σ(−2x) dx, which keeps its digits where tanh x is near ±1
  partials: (_out, [x]) => [(v) => mul(v, mul(4, mul(sigmoid(mul(2, x)), sigmoid(mul(-2, x)))))],
});
