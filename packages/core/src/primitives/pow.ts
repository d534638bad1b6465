import type { Value } from "../tensor.js";
import { binary, type BinaryPrimitive } from "./elementwise.js";
import { equal } from "./equal.js";
import { greaterEqual } from "./greaterEqual.js";
import { log } from "./log.js";
import { logicalAnd } from "./logicalAnd.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";
import { where } from "./where.js";

/**
 * xʸ elementwise; shapes broadcast. Integers give float64; NaN for a negative x unless y is whole; 0⁰ = 1. At x = 0 the
 * derivatives are exact: that in x of x⁰ is 0, and that in y is 0 for y ≥ 0. In y it is NaN for a negative x.
 *
 * @example
 * pow(tensor([2, -3]), 2).toArray() // [4, 9]
 */
export const pow: BinaryPrimitive = binary({
  name: "pow",
  f: Math.pow,
  dtype: "float",
  singular: true,
  partials: (out, [x, y]) => [(v) => mul(v, inBase(x, y)), (v) => mul(v, mul(out, inExponent(x, y)))],
});

/** ∂xʸ/∂x = y xʸ⁻¹, and 0 where that reads 0·0⁻¹. */
function inBase(x: Value, y: Value): Value {
  if (typeof y === "number") return y === 0 ? 0 : mul(y, pow(x, y - 1));
  const undecided = logicalAnd(equal(x, 0), equal(y, 0));
  return mul(where(undecided, 0, y), pow(x, sub(where(undecided, 1, y), 1)));
}

/** (∂xʸ/∂y) / xʸ = ln x, and 0 where 0ʸ stays 0. */
function inExponent(x: Value, y: Value): Value {
  return log(where(logicalAnd(equal(x, 0), greaterEqual(y, 0)), 1, x));
}
