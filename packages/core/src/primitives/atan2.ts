import { binary, type BinaryPrimitive } from "./elementwise.js";
import { div } from "./div.js";
import { hypot } from "./hypot.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";

/**
 * The angle in [−π, π] of the point (x, y), seen from the positive x axis: atan2(y, x), elementwise; shapes broadcast. The
 * derivative at the origin is NaN.
 *
 * @example
 * atan2(1, 0) // 1.5707963267948966
 */
export const atan2: BinaryPrimitive = binary({
  name: "atan2",
  f: Math.atan2,
  dtype: "float",
  // d atan2(y, x) = (x dy − y dx) / r²; divided by r twice, since r² over- and underflows
  singular: true,
  partials: (_out, [y, x]) => {
    const r = hypot(x, y);
    return [(v) => mul(v, div(div(x, r), r)), (v) => neg(mul(v, div(div(y, r), r)))];
  },
});
