import { unary, type UnaryPrimitive } from "./elementwise.js";
import { cos } from "./cos.js";
import { mul } from "./mul.js";

/**
 * sin x elementwise, x in radians.
 *
 * @example
 * sin(tensor([0, Math.PI / 2])).toArray() // [0, 1]
 */
export const sin: UnaryPrimitive = unary({
  name: "sin",
  f: Math.sin,
  fast: "sin",
  dtype: "float",
  partials: (_out, [x]) => [(v) => mul(v, cos(x))], // d sin x = cos x dx
});
