import { binary, type BinaryPrimitive } from "./elementwise.js";
import { div } from "./div.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";
import { round } from "./round.js";
import { sub } from "./sub.js";

/**
 * x − y ⌊x/y⌋ elementwise, the remainder with the sign of the divisor y, as in Python; shapes broadcast.
 *
 * @example
 * mod(tensor([-7, 7]), tensor([3, -3])).toArray() // [2, -2]
 */
export const mod: BinaryPrimitive = binary({
  name: "mod",
  f: (x, y) => {
    const r = x % y; // with the sign of x
    if (r === 0) return y < 0 ? -0 : 0;
    return (r < 0) === (y < 0) ? r : r + y;
  },
  dtype: "numeric",
  // d mod(x, y) = dx − ⌊x/y⌋ dy; the quotient from the result, since x/y may round up to the next integer
  singular: true,
  partials: (out, [x, y]) => [(v) => v, (v) => neg(mul(v, round(div(sub(x, out), y))))],
});
