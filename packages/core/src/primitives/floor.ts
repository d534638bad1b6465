import { unary, type UnaryPrimitive } from "./elementwise.js";

/**
 * The largest integer ≤ x, elementwise; integers stay as they are. The derivative is 0 everywhere.
 *
 * @example
 * floor(tensor([1.5, -1.5])).toArray() // [1, -2]
 */
export const floor: UnaryPrimitive = unary({
  name: "floor",
  f: Math.floor,
  dtype: "numeric",
});
