import { unary, type UnaryPrimitive } from "./elementwise.js";
import { div } from "./div.js";
import { hypot } from "./hypot.js";

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
  // d atan x = dx / (1 + x²); divided by the root twice, since x² over- and its inverse underflows
  partials: (_out, [x]) => {
    const r = hypot(x, 1);
    return [(v) => div(div(v, r), r)];
  },
});
