import { binary, type BinaryPrimitive } from "./elementwise.js";

/** x·y elementwise; shapes broadcast. */
export const mul: BinaryPrimitive = binary({
  name: "mul",
  f: (x, y) => x * y,
  dtype: "numeric",
  partials: (_out, [x, y]) => [(v) => mul(v, y), (v) => mul(v, x)], // d(xy) = dx·y + x·dy
});
