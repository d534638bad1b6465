import { unary, type UnaryPrimitive } from "./elementwise.js";
import { greater } from "./greater.js";
import { where } from "./where.js";

/**
 * max(x, 0) elementwise; the derivative at 0 is 0.
 *
 * @example
 * relu(tensor([-2, 0, 3])).toArray() // [0, 0, 3]
 */
export const relu: UnaryPrimitive = unary({
  name: "relu",
  f: (x) => (x <= 0 ? 0 : x), // NaN stays
  fast: "relu",
  dtype: "numeric",
  partials: (_out, [x]) => [(v) => where(greater(x, 0), v, 0)],
});
