import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";
import { sigmoid } from "./sigmoid.js";

/**
 * ln(1 + eˣ) elementwise.
 *
 * @example
 * softplus(tensor([0, 800])).toArray() // [0.6931471805599453, 800]
 */
export const softplus: UnaryPrimitive = unary({
  name: "softplus",
  f: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), // never overflows
  fast: "softplus",
  dtype: "float",
  partials: (_out, [x]) => [(v) => mul(v, sigmoid(x))], // d ln(1 + eˣ) = σ(x) dx
});
