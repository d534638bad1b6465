import type { Value } from "../tensor.js";
import { binary, type BinaryPrimitive } from "./elementwise.js";
import { equal } from "./equal.js";
import { greater } from "./greater.js";
import { mul } from "./mul.js";
import { where } from "./where.js";

/**
 * The larger of x and y elementwise; shapes broadcast, NaN wins. At a tie each has derivative ½.
 *
 * @example
 * maximum(tensor([1, 5]), 3).toArray() // [3, 5]
 */
export const maximum: BinaryPrimitive = binary({
  name: "maximum",
  f: (x, y) => Math.max(x, y),
  fast: "maximum",
  partials: (_out, [x, y]) => [(v) => ofChosen(v, x, y), (v) => ofChosen(v, y, x)],
});

/** v where x is the larger, half of it at a tie, an exact 0 elsewhere. */
function ofChosen(v: Value, x: Value, y: Value): Value {
  return where(greater(x, y), v, where(equal(x, y), mul(v, 0.5), 0));
}
