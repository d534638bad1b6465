import { unary, type UnaryPrimitive } from "./elementwise.js";

/**
 * The smallest integer ≥ x, elementwise; integers stay as they are. The derivative is 0 everywhere.
 *
 * @example
 * ceil(tensor([1.5, -1.2])).toArray() // [2, -1]
 */
export const ceil: UnaryPrimitive = unary({
  name: "ceil",
  f: Math.ceil,
  dtype: "numeric",
});
