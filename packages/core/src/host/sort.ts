import { allocate, type TypedArray } from "../dtype.js";
import type { HostTensor } from "../tensor.js";
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

/** The k = values.shape[axis] largest along an axis, with their indices. */
export function topKKernel(values: HostTensor, indices: HostTensor, x: HostTensor, axis: number): void {
  const { elements, outer, length, inner } = middle(x, [axis]);
  const k = values.shape[axis]!;
  const row = allocate(x.dtype, length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      for (let j = 0; j < length; j++) row[j] = elements[(o * length + j) * inner + i]!;
      const order = Int32Array.from({ length }, (_, j) => j).sort(descending(row));
      for (let j = 0; j < k; j++) {
        const to = (o * k + j) * inner + i;
        indices.elements[to] = order[j]!;
        values.elements[to] = row[order[j]!]!;
      }
    }
  }
}
