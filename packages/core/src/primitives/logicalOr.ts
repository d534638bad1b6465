import { binary, type BinaryPrimitive } from "./elementwise.js";

/**
 * Whether x or y is not 0, elementwise; shapes broadcast. bool of tensors, 0 or 1 of numbers.
 *
 * @example
 * logicalOr(tensor([0, 0, 2]), tensor([0, 1, 1])).toArray() // [0, 1, 1]
 */
export const logicalOr: BinaryPrimitive = binary({
  name: "logicalOr",
  f: (x, y) => (x !== 0 || y !== 0 ? 1 : 0),
  dtype: "bool",
});
