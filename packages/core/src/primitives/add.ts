import { binary, type BinaryPrimitive } from "./elementwise.js";

/**
 * x + y elementwise; shapes broadcast.
 *
 * @example
 * add(tensor([1, 2]), 10).toArray() // [11, 12]
 */
export const add: BinaryPrimitive = binary({
  name: "add",
  f: (x, y) => x + y,
  fast: "add",
  dtype: "numeric",
  partials: () => [(v) => v, (v) => v], // d(x + y) = dx + dy
});
