import { jacobian, pullback, sqrt, sum, tensor, type Tensor } from "@polyad/core/extend";
import * as p from "@polyad/core/extend";
import type { Check } from "../check.js";
import { expectNumbers, read } from "../compare.js";

/**
 * Ops that choose among elements, under a square root that is infinitely steep at one of them: what was not chosen has no
 * part in that, and its derivative is 0 exactly, not 0·∞.
 */
const rows: readonly (readonly [op: string, f: (x: Tensor) => Tensor, x: readonly number[], gradient: readonly number[]])[] = [
  ["slice", (x) => p.slice(x, [0, 2]), [0, 1, 4], [Infinity, 0.5, 0]],
  ["gather", (x) => p.gather(x, [2, 0]), [0, 1, 4], [Infinity, 0, 0.25]],
  ["takeAlongAxis", (x) => p.takeAlongAxis(x, [1, 2], 0), [1, 0, 4], [0, Infinity, 0.25]],
  ["split", (x) => p.split(x, [1, 2])[0]!, [0, 1, 4], [Infinity, 0, 0]],
  ["concat", (x) => p.concat([x, tensor([9])]), [0, 4], [Infinity, 0.25]],
  ["stack", (x) => p.stack([x, tensor([9, 9])]), [0, 4], [Infinity, 0.25]],
  ["pad", (x) => p.pad(x, [[1, 1]]), [1, 4], [0.5, 0.25]],
  ["tril", (x) => p.tril(p.reshape(x, [2, 2])), [1, 4, 1, 4], [0.5, 0, 0.5, 0.25]],
  ["diag", (x) => p.diag(x), [1, 4], [0.5, 0.25]],
  ["where", (x) => p.where(tensor([1, 0, 1]), x, 0), [1, 4, 4], [0.5, 0, 0.25]],
  ["maximum", (x) => p.maximum(x, 0), [-1, 4, -2], [0, 0.25, 0]],
  ["minimum", (x) => p.neg(p.minimum(p.neg(x), 0)), [-1, 4, -2], [0, 0.25, 0]],
  ["relu", (x) => p.relu(x), [-1, 4, -2], [0, 0.25, 0]],
  ["clamp", (x) => p.clamp(x, 0, 9), [-1, 4, 10], [0, 0.25, 0]],
  ["max", (x) => p.max(x), [-1, 0, -2], [0, Infinity, 0]],
  ["min", (x) => p.min(x), [1, 0, 2], [0, Infinity, 0]],
  ["sort", (x) => p.slice(p.sort(x), [0, 2]), [4, 0, 9], [0.25, Infinity, 0]],
  ["topK", (x) => p.neg(p.topK(p.neg(x), 2)[0]), [4, 0, 9], [0.25, Infinity, 0]],
  ["maxPool", (x) => p.reshape(p.maxPool(p.reshape(x, [1, 1, 4]), 2), [-1]), [0, -1, 1, 4], [Infinity, 0, 0, 0.25]],
];

/** What was not chosen has no part in an infinite slope. */
export const infiniteSlopes: readonly Check[] = rows.map(([op, f, x, gradient]) => ({
  group: "scenarios",
  subject: "infinite slopes",
  name: `infinite slopes: ${op}`,
  ops: [op],
  needs: { order: 1, single: true, dtypes: ["float64"], rules: true },
  run: async ({ ad, tolerance }) => {
    const loss = (x: Tensor): Tensor => sum(sqrt(f(x))) as Tensor;
    const at = tensor([...x]);
    expectNumbers(await read(await pullback(loss, ad, at, tensor(1))), gradient, tolerance("float64", 1), "in reverse");
    expectNumbers(await read(await jacobian(loss, ad, at)), gradient, tolerance("float64", 1), "Jacobian");
  },
}));
