import { unary, type UnaryPrimitive } from "./elementwise.js";

/**
 * Whether x is 0, elementwise; bool of tensors, 0 or 1 of a number.
 *
 * @example
 * logicalNot(tensor([0, 2])).toArray() // [1, 0]
 */
export const logicalNot: UnaryPrimitive = unary({
  name: "logicalNot",
  f: (x) => (x === 0 ? 1 : 0),
  dtype: "bool",
});
