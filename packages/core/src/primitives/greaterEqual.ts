import { binary, type BinaryPrimitive } from "./elementwise.js";

/**
 * Whether x ≥ y, elementwise; shapes broadcast. bool of tensors, 0 or 1 of numbers; false for NaN.
 *
 * @example
 * greaterEqual(tensor([1, 2, 3]), 2).toArray() // [0, 1, 1]
 */
export const greaterEqual: BinaryPrimitive = binary({
  name: "greaterEqual",
  f: (x, y) => (x >= y ? 1 : 0),
  fast: "greaterEqual",
  dtype: "bool",
});
