import { ternary, type TernaryPrimitive } from "./elementwise.js";
import { greater } from "./greater.js";
import { less } from "./less.js";
import { lessEqual } from "./lessEqual.js";
import { logicalAnd } from "./logicalAnd.js";
import { maximum } from "./maximum.js";
import { where } from "./where.js";

/**
 * min(max(x, lo), hi) elementwise; shapes broadcast, NaN stays, and hi wins where lo > hi. The derivative in x is 1 on the
 * closed interval; those in lo and hi are 1 where they replace x, and 0 where they equal it.
 *
 * @example
 * clamp(tensor([-2, 0.5, 3]), 0, 1).toArray() // [0, 0.5, 1]
 */
export const clamp: TernaryPrimitive = ternary({
  name: "clamp",
  f: (x, lo, hi) => Math.min(Math.max(x, lo), hi),
  partials: (_out, [x, lo, hi]) => [
    (v) => where(logicalAnd(lessEqual(lo, x), lessEqual(x, hi)), v, 0),
    (v) => where(logicalAnd(less(x, lo), lessEqual(lo, hi)), v, 0),
    (v) => where(greater(maximum(x, lo), hi), v, 0),
  ],
});
