import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";
import { tanh } from "./tanh.js";

/**
 * 1 / cosh² x elementwise, the derivative of tanh x; it keeps its digits where 1 − tanh² x would lose them.
 *
 * @example
 * sechSquared(tensor([0, Infinity])).toArray() // [1, 0]
 */
export const sechSquared: UnaryPrimitive = unary({
  name: "sechSquared",
  f: (x) => {
    const t = Math.exp(-2 * Math.abs(x)); // never overflows
    return (4 * t) / ((1 + t) * (1 + t));
  },
  fast: "sechSquared",
  dtype: "float",
  partials: (out, [x]) => [(v) => mul(v, mul(-2, mul(out, tanh(x))))], // d sech² x = −2 sech² x tanh x dx
});
