import { unary, type UnaryPrimitive } from "./elementwise.js";
import { add } from "./add.js";
import { mul } from "./mul.js";
import { square } from "./square.js";

/**
 * tan x elementwise, x in radians.
 *
 * @example
 * tan(0) // 0
 */
export const tan: UnaryPrimitive = unary({
  name: "tan",
  f: Math.tan,
  dtype: "float",
  partials: (out) => [(v) => mul(v, add(1, square(out)))], // d tan x = (1 + tan² x) dx
});
