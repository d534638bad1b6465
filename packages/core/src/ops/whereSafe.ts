import { asValue, type Operand } from "../convert.js";
import { checkOptions } from "../options.js";
import { where } from "../primitives/where.js";
import type { Value } from "../tensor.js";

/**
 * f(x) where `cond` holds, else `fallback`, for an elementwise f; shapes broadcast. f never sees an x where `cond` does
 * not hold: it is given 1 there (or `at`, a number at which f is finite), so that no NaN or ∞ of f outside of its domain
 * reaches a derivative. `where(cond, f(x), fallback)` would send 0·∞ = NaN back through f.
 *
 * @example
 * const x = tensor([0, 4]);
 * whereSafe(greater(x, 0), sqrt, x, 0).toArray() // [0, 2]
 */
export function whereSafe(
  cond: Operand,
  f: (x: Value) => Operand,
  x: Operand,
  fallback: Operand,
  options?: { readonly at?: number | undefined },
): Value {
  const { at = 1 } = checkOptions("whereSafe", options, ["at"]);
  const condition = asValue("whereSafe", cond);
  return where(condition, f(where(condition, x, at)), fallback);
}
