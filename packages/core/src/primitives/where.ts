import { ternary, type TernaryPrimitive } from "./elementwise.js";

/**
 * x where `cond` holds (is not 0), else y, elementwise; shapes broadcast. The branch not chosen receives an exact zero;
 * an infinite derivative inside it still gives NaN in reverse (0·∞): see `whereSafe`.
 *
 * @example
 * where(tensor([true, false]), tensor([1, 2]), 0).toArray() // [1, 0]
 */
export const where: TernaryPrimitive = ternary({
  name: "where",
  f: (cond, x, y) => (cond !== 0 ? x : y),
  fast: "where",
  decides: 0,
  partials: (_out, [cond]) => [null, (v) => where(cond, v, 0), (v) => where(cond, 0, v)],
});
