import { unary, type UnaryPrimitive } from "./elementwise.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";
import { sin } from "./sin.js";

/**
 * cos x elementwise, x in radians.
 *
 * @example
 * cos(tensor([0, Math.PI])).toArray() // [1, -1]
 */
export const cos: UnaryPrimitive = unary({
  name: "cos",
  f: Math.cos,
  fast: "cos",
  dtype: "float",
  partials: (_out, [x]) => [(v) => mul(neg(v), sin(x))], // d cos x = −sin x dx
});
