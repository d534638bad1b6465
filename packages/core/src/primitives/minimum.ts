import type { Value } from "../tensor.js";
import { binary, type BinaryPrimitive } from "./elementwise.js";
import { equal } from "./equal.js";
import { less } from "./less.js";
import { mul } from "./mul.js";
import { where } from "./where.js";

/**
 * The smaller of x and y elementwise; shapes broadcast, NaN wins. At a tie each has derivative ½.
 *
 * @example
 * minimum(tensor([1, 5]), 3).toArray() // [1, 3]
 */
export const minimum: BinaryPrimitive = binary({
  name: "minimum",
  f: (x, y) => Math.min(x, y),
  fast: "minimum",
  partials: (_out, [x, y]) => [(v) => ofChosen(v, x, y), (v) => ofChosen(v, y, x)],
});

/** v where x is the smaller, half of it at a tie, an exact 0 elsewhere. */
function ofChosen(v: Value, x: Value, y: Value): Value {
  return where(less(x, y), v, where(equal(x, y), mul(v, 0.5), 0));
}
