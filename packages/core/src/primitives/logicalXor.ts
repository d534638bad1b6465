import { binary, type BinaryPrimitive } from "./elementwise.js";

/**
 * Whether exactly one of x and y is not 0, elementwise; shapes broadcast. bool of tensors, 0 or 1 of numbers.
 *
 * @example
 * logicalXor(tensor([0, 0, 2]), tensor([0, 1, 1])).toArray() // [0, 1, 0]
 */
export const logicalXor: BinaryPrimitive = binary({
  name: "logicalXor",
  f: (x, y) => ((x !== 0) !== (y !== 0) ? 1 : 0),
  dtype: "bool",
});
