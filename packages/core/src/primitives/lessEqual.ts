import { binary, type BinaryPrimitive } from "./elementwise.js";

/**
 * Whether x ≤ y, elementwise; shapes broadcast. bool of tensors, 0 or 1 of numbers; false for NaN.
 *
 * @example
 * lessEqual(tensor([1, 2, 3]), 2).toArray() // [1, 1, 0]
 */
export const lessEqual: BinaryPrimitive = binary({
  name: "lessEqual",
  f: (x, y) => (x <= y ? 1 : 0),
  fast: "lessEqual",
  dtype: "bool",
});
