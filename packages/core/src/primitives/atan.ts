import { unary, type UnaryPrimitive } from "./elementwise.js";
import { add } from "./add.js";
import { div } from "./div.js";
import { square } from "./square.js";

/**
 * The angle in (−π/2, π/2) whose tangent is x, elementwise.
 *
 * @example
 * atan(Infinity) // 1.5707963267948966
 */
export const atan: UnaryPrimitive = unary({
  name: "atan",
  f: Math.atan,
  dtype: "float",
  partials: (_out, [x]) => [(v) => div(v, add(1, square(x)))], // d atan x = dx / (1 + x²)
});
