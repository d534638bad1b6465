import { binary, type BinaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";

/**
 * x / y elementwise; shapes broadcast. Integers give float64; division by 0 gives ±∞ or NaN.
 *
 * @example
 * div(tensor([1, 2]), 4).toArray() // [0.25, 0.5]
 */
export const div: BinaryPrimitive = binary({
  name: "div",
  f: (x, y) => x / y,
  fast: "div",
  dtype: "float",
  singular: true,
  partials: (out, [, y]) => [(v) => div(v, y), (v) => neg(mul(div(v, y), out))], // d(x/y) = (dx − (x/y) dy) / y
});
