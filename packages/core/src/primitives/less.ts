import { binary, type BinaryPrimitive } from "./elementwise.js";

/**
 * Whether x < y, elementwise; shapes broadcast. bool of tensors, 0 or 1 of numbers; false for NaN.
 *
 * @example
 * less(tensor([1, 2, 3]), 2).toArray() // [1, 0, 0]
 */
export const less: BinaryPrimitive = binary({
  name: "less",
  f: (x, y) => (x < y ? 1 : 0),
  fast: "less",
  dtype: "bool",
});
