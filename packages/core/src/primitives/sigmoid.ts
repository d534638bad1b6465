import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";

/**
 * The logistic function σ(x) = 1 / (1 + e⁻ˣ), elementwise.
 *
 * @example
 * sigmoid(tensor([0, Infinity])).toArray() // [0.5, 1]
 */
export const sigmoid: UnaryPrimitive = unary({
  name: "sigmoid",
  f: (x) => {
    const t = Math.exp(-Math.abs(x)); // never overflows
    return x < 0 ? t / (1 + t) : 1 / (1 + t);
  },
  fast: "sigmoid",
  dtype: "float",
  // d σ(x) = σ(x) σ(−x) dx; 1 − σ(x) would lose its digits where σ(x) is near 1
  partials: (out, [x]) => [(v) => mul(v, mul(out, sigmoid(neg(x))))],
});
