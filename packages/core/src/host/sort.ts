import { allocate, type TypedArray } from "../dtype.js";
import type { HostTensor } from "../tensor.js";
import { perType } from "./loops.js";
import { middle } from "./reduce.js";

/** Largest first, NaN before all numbers, the first of equals first: a total order that every engine shares. */
function descending(row: TypedArray): (i: number, j: number) => number {
  return (i, j) => {
    const a = row[i]!;
    const b = row[j]!;
    if (a === b) return i - j;
    if (a !== a || b !== b) return a !== a && b !== b ? i - j : a !== a ? -1 : 1;
    return b - a;
  };
}

/** Up to this k the largest are picked out in one pass; beyond it all are sorted. */
const FEW = 32;

/** The k = values.shape[axis] largest along an axis, with their indices. */
export function topKKernel(values: HostTensor, indices: HostTensor, x: HostTensor, axis: number): void {
  const { elements, outer, length, inner } = middle(x, [axis]);
  const k = values.shape[axis]!;
  const row = allocate(x.dtype, length);
  const order = new Int32Array(length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      for (let j = 0, at = o * length * inner + i; j < length; j++, at += inner) row[j] = elements[at]!;
      if (k <= FEW) pick(row, order, k);
      else {
        for (let j = 0; j < length; j++) order[j] = j;
        order.sort(descending(row));
      }
      for (let j = 0; j < k; j++) {
        const to = (o * k + j) * inner + i;
        indices.elements[to] = order[j]!;
        values.elements[to] = row[order[j]!]!;
      }
    }
  }
}

/** Puts the indices of the k largest in front of `order`, by insertion. */
const pick = perType((row: TypedArray, order: Int32Array, k: number) => {
  let found = 0;
  for (let j = 0; j < row.length && k > 0; j++) {
    const v = row[j]!;
    if (found === k) {
      const worst = row[order[k - 1]!]!;
      if (!(v > worst || (v !== v && worst === worst))) continue;
    } else found++;
    let p = found - 1;
    for (; p > 0; p--) {
      const w = row[order[p - 1]!]!;
      if (!(v > w || (v !== v && w === w))) break;
      order[p] = order[p - 1]!;
    }
    order[p] = j;
  }
});
