import { binary, type BinaryPrimitive } from "./elementwise.js";

/**
 * Whether x ≠ y, elementwise; shapes broadcast. bool of tensors, 0 or 1 of numbers; true for NaN.
 *
 * @example
 * notEqual(tensor([1, 2, 3]), 2).toArray() // [1, 0, 1]
 */
export const notEqual: BinaryPrimitive = binary({
  name: "notEqual",
  f: (x, y) => (x !== y ? 1 : 0),
  fast: "notEqual",
  dtype: "bool",
});
