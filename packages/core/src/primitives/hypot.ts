import type { Value } from "../tensor.js";
import { binary, type BinaryPrimitive } from "./elementwise.js";
import { div } from "./div.js";
import { equal } from "./equal.js";
import { mul } from "./mul.js";
import { where } from "./where.js";

/**
 * √(x² + y²) elementwise, without overflow; shapes broadcast. The derivative at the origin is 0.
 *
 * @example
 * hypot(tensor([3, 5]), tensor([4, 12])).toArray() // [5, 13]
 */
export const hypot: BinaryPrimitive = binary({
  name: "hypot",
  f: Math.hypot,
  dtype: "float",
  singular: true,
  partials: (out, [x, y]) => [(v) => mul(v, ratio(x, out)), (v) => mul(v, ratio(y, out))], // dr = (x dx + y dy) / r
});

/** x / r, 0 where r is. */
function ratio(x: Value, r: Value): Value {
  const origin = equal(r, 0);
  return div(where(origin, 0, x), where(origin, 1, r));
}
