import { unary, type UnaryPrimitive } from "./elementwise.js";
import { add } from "./add.js";
import { div } from "./div.js";

/**
 * ln(1 + x) elementwise, accurate near 0.
 *
 * @example
 * log1p(1e-20) // 1e-20
 */
export const log1p: UnaryPrimitive = unary({
  name: "log1p",
  f: Math.log1p,
  fast: "log1p",
  dtype: "float",
  singular: true,
  partials: (_out, [x]) => [(v) => div(v, add(1, x))], // d ln(1 + x) = dx / (1 + x)
});
