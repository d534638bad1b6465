import type { TypedArray } from "../dtype.js";
import { ShapeError } from "../errors.js";
import type { HostTensor } from "../tensor.js";
import { perType } from "./loops.js";

/** Indices along an axis of length n, negative ones counted from the end. */
export function positions(who: string, { elements }: HostTensor, n: number): Int32Array {
  const at = new Int32Array(elements.length);
  for (let k = 0; k < at.length; k++) {
    const i = elements[k]!;
    if (i < -n || i >= n) throw new ShapeError(`${who}: index ${i} is out of range for an axis of length ${n}.`);
    at[k] = i < 0 ? i + n : i;
  }
  return at;
}

/** How often the commonest of positions 0 to n − 1 occurs. */
export function mostOften(at: Int32Array, n: number): number {
  const counts = new Int32Array(n);
  let most = 0;
  for (let k = 0; k < at.length; k++) most = Math.max(most, ++counts[at[k]!]!);
  return most;
}

/** out[o, k, :] = x[o, at[k], :], x being [outer, n, inner]. */
export function gatherRows(out: TypedArray, x: TypedArray, at: Int32Array, outer: number, n: number, inner: number): void {
  gathers(x, out, at, outer, n, inner);
}

/** out[o, at[k], :] += x[o, k, :], out being [outer, n, inner]. */
export function scatterAddRows(out: TypedArray, x: TypedArray, at: Int32Array, outer: number, n: number, inner: number): void {
  scatters(x, out, at, outer, n, inner);
}

const gathers = perType((x: TypedArray, out: TypedArray, at: Int32Array, outer: number, n: number, inner: number) => {
  const count = at.length;
  for (let o = 0, to = 0; o < outer; o++) {
    if (inner === 1) {
      const base = o * n;
      for (let k = 0; k < count; k++) out[to++] = x[base + at[k]!]!;
    } else {
      for (let k = 0; k < count; k++, to += inner) {
        const from = (o * n + at[k]!) * inner;
        if (inner > 64) out.set(x.subarray(from, from + inner), to);
        else for (let i = 0; i < inner; i++) out[to + i] = x[from + i]!;
      }
    }
  }
});

const scatters = perType((x: TypedArray, out: TypedArray, at: Int32Array, outer: number, n: number, inner: number) => {
  const count = at.length;
  for (let o = 0, from = 0; o < outer; o++) {
    for (let k = 0; k < count; k++) {
      const to = (o * n + at[k]!) * inner;
      for (let i = 0; i < inner; i++) out[to + i]! += x[from++]!;
    }
  }
});
