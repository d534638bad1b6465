import { unary, type UnaryPrimitive } from "./elementwise.js";

/** −x elementwise. */
export const neg: UnaryPrimitive = unary({
  name: "neg",
  f: (x) => -x,
  dtype: "numeric",
  partials: () => [(v) => neg(v)], // d(−x) = −dx
});
