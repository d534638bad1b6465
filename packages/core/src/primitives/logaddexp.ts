import type { Value } from "../tensor.js";
import { binary, type BinaryPrimitive } from "./elementwise.js";
import { equal } from "./equal.js";
import { logicalAnd } from "./logicalAnd.js";
import { mul } from "./mul.js";
import { notEqual } from "./notEqual.js";
import { sigmoid } from "./sigmoid.js";
import { sub } from "./sub.js";
import { where } from "./where.js";

/**
 * ln(eˣ + eʸ) elementwise, without overflow; shapes broadcast.
 *
 * @example
 * logaddexp(1000, 1000) // 1000.6931471805599
 */
export const logaddexp: BinaryPrimitive = binary({
  name: "logaddexp",
  f: (x, y) => (x === y ? x + Math.LN2 : Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y)))),
  dtype: "float",
  partials: (_out, [x, y]) => [(v) => mul(v, sigmoid(gap(x, y))), (v) => mul(v, sigmoid(gap(y, x)))], // eˣ / (eˣ + eʸ) = σ(x − y)
});

/** x − y, 0 for equal infinities. */
function gap(x: Value, y: Value): Value {
  const d = sub(x, y);
  return where(logicalAnd(equal(x, y), notEqual(d, d)), 0, d);
}
