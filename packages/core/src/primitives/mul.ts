import { binary, type BinaryPrimitive } from "./elementwise.js";

/**
 * x·y elementwise; shapes broadcast.
 *
 * @example
 * mul(tensor([[1], [2]]), tensor([3, 4])).toArray() // [[3, 4], [6, 8]]
 */
export const mul: BinaryPrimitive = binary({
  name: "mul",
  f: (x, y) => x * y,
  whole: Math.imul,
  fast: "mul",
  dtype: "numeric",
  partials: (_out, [x, y]) => [(v) => mul(v, y), (v) => mul(v, x)], // d(xy) = dx·y + x·dy
});
