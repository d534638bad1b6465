import type { HostTensor } from "../tensor.js";
import { middle } from "./reduce.js";

/** Positions that put each row along an axis in order, equals in their order, NaN last. */
export function argsortKernel(out: HostTensor, x: HostTensor, axis: number, descending: boolean): void {
  const { elements, outer, length, inner } = middle(x, [axis]);
  const sign = descending ? -1 : 1;
  const keys = new Float64Array(length);
  const scratch = new Int32Array(length);
  const order = new Int32Array(length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = o * length * inner + i;
      for (let j = 0; j < length; j++) keys[j] = sign * elements[at + j * inner]!;
      const sorted = mergeSort(keys, order, scratch);
      for (let j = 0; j < length; j++) out.elements[at + j * inner] = sorted[j]!;
    }
  }
}

/** How many positions of sorted `edges` lie before each of `xs`; of equals all if `after`. NaN counts as the largest. */
export function searchKernel(out: HostTensor, edges: HostTensor, xs: HostTensor, after: boolean): void {
  const row = edges.elements;
  for (let i = 0; i < xs.size; i++) {
    const x = xs.elements[i]!;
    let low = 0;
    let high = row.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      const goesRight = after ? !comesBefore(x, row[mid]!) : comesBefore(row[mid]!, x);
      if (goesRight) low = mid + 1;
      else high = mid;
    }
    out.elements[i] = low;
  }
}

function comesBefore(a: number, b: number): boolean {
  return a < b || (b !== b && a === a);
}

/** Stable, bottom up; gives whichever of the two arrays holds the result. */
function mergeSort(keys: Float64Array, order: Int32Array, scratch: Int32Array): Int32Array {
  const n = keys.length;
  const run = 8;
  for (let from = 0; from < n; from += run) insertionSort(keys, order, from, Math.min(from + run, n));
  let source = order;
  let target = scratch;
  for (let width = run; width < n; width *= 2) {
    for (let from = 0; from < n; from += 2 * width) {
      merge(keys, source, target, from, Math.min(from + width, n), Math.min(from + 2 * width, n));
    }
    [source, target] = [target, source];
  }
  return source;
}

function insertionSort(keys: Float64Array, order: Int32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    let j = i;
    while (j > from && comesBefore(keys[i]!, keys[order[j - 1]!]!)) {
      order[j] = order[j - 1]!;
      j--;
    }
    order[j] = i;
  }
}

function merge(keys: Float64Array, source: Int32Array, target: Int32Array, from: number, middle: number, to: number): void {
  for (let k = from, i = from, j = middle; k < to; k++) {
    const right = i >= middle || (j < to && comesBefore(keys[source[j]!]!, keys[source[i]!]!));
    target[k] = source[right ? j++ : i++]!;
  }
}
