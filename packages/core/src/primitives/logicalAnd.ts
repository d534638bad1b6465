import { binary, type BinaryPrimitive } from "./elementwise.js";

/**
 * Whether both x and y are not 0, elementwise; shapes broadcast. bool of tensors, 0 or 1 of numbers.
 *
 * @example
 * logicalAnd(tensor([0, 0, 2]), tensor([0, 1, 1])).toArray() // [0, 0, 1]
 */
export const logicalAnd: BinaryPrimitive = binary({
  name: "logicalAnd",
  f: (x, y) => (x !== 0 && y !== 0 ? 1 : 0),
  dtype: "bool",
});
