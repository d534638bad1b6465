import { binary, type BinaryPrimitive } from "./elementwise.js";
import { neg } from "./neg.js";

/**
 * x − y elementwise; shapes broadcast.
 *
 * @example
 * sub(tensor([1, 2]), 10).toArray() // [-9, -8]
 */
export const sub: BinaryPrimitive = binary({
  name: "sub",
  f: (x, y) => x - y,
  fast: "sub",
  dtype: "numeric",
  partials: () => [(v) => v, (v) => neg(v)], // d(x − y) = dx − dy
});
