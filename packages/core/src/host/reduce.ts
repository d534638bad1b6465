import type { TypedArray } from "../dtype.js";
import type { Shape } from "../shape.js";
import type { HostTensor } from "../tensor.js";
import { perType } from "./loops.js";
import { permute } from "./permute.js";
import { sumRange, sumRows } from "./sumFloat.js";

/** A tensor seen as [outer, length, inner], to be reduced along the middle. */
export interface Middle {
  readonly elements: TypedArray;
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** Brings the reduced axes together: free if they are neighbours, else by one copy. */
export function middle(x: HostTensor, axes: readonly number[]): Middle {
  const { shape } = x;
  const neighbours = axes.every((a, i) => i === 0 || a === axes[i - 1]! + 1);
  if (neighbours) {
    const first = axes[0] ?? shape.length;
    const past = first + axes.length;
    return { elements: x.elements, outer: product(shape, 0, first), length: product(shape, first, past), inner: product(shape, past, shape.length) };
  }
  const kept = shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const order = [...kept, ...axes];
  const elements = permute(x, order);
  const length = axes.reduce((n, a) => n * shape[a]!, 1);
  return { elements, outer: length === 0 ? product(kept.map((a) => shape[a]!), 0, kept.length) : elements.length / length, length, inner: 1 };
}

function product(shape: Shape, from: number, to: number): number {
  let n = 1;
  for (let i = from; i < to; i++) n *= shape[i]!;
  return n;
}

/** Sums along the middle, in float64: pairwise, so that the error grows with log n. */
export function sumMiddle(out: TypedArray, { elements, outer, length, inner }: Middle): void {
  if (inner === 1 && length <= SHORT) return shortSums(elements, out, outer, length);
  if (inner === 1) {
    for (let o = 0; o < outer; o++) out[o] = sumRange(elements, o * length, (o + 1) * length);
    return;
  }
  const wide = out instanceof Float64Array ? out : new Float64Array(out.length);
  for (let o = 0; o < outer; o++) sumRows(wide, o * inner, elements, o * length * inner, length, inner);
  if (wide !== out) out.set(wide);
}

/** Rows up to this length are summed one element after the other. */
const SHORT = 16;

const shortSums = perType((x: TypedArray, out: TypedArray, outer: number, length: number) => {
  for (let o = 0, at = 0; o < outer; o++) {
    let s = 0;
    for (let k = 0; k < length; k++) s += x[at++]!;
    out[o] = s;
  }
});

/** The product along the middle, in float64; of int32 modulo 2³². */
export function prodMiddle(out: TypedArray, { elements, outer, length, inner }: Middle): void {
  (out instanceof Int32Array ? wholeProducts : products)(elements, out, outer, length, inner);
}

const products = perType((x: TypedArray, out: TypedArray, outer: number, length: number, inner: number) => {
  if (inner === 1) {
    for (let o = 0, at = 0; o < outer; o++) {
      let p = 1;
      for (let k = 0; k < length; k++) p *= x[at++]!;
      out[o] = p;
    }
    return;
  }
  const row = new Float64Array(inner);
  for (let o = 0, at = 0; o < outer; o++) {
    row.fill(1);
    for (let k = 0; k < length; k++) for (let i = 0; i < inner; i++) row[i]! *= x[at++]!;
    out.set(row, o * inner);
  }
});

const wholeProducts = perType((x: TypedArray, out: TypedArray, outer: number, length: number, inner: number) => {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let p = 1;
      for (let k = 0, at = o * length * inner + i; k < length; k++, at += inner) p = Math.imul(p, x[at]!);
      out[o * inner + i] = p;
    }
  }
});

/** Whether all along the middle are not 0 (`verdict` 0 is reached at the first that is), or any (1, at the first that is not). */
export function truthMiddle(out: TypedArray, { elements, outer, length, inner }: Middle, verdict: 0 | 1): void {
  truths(elements, out, outer, length, inner, verdict);
}

const truths = perType((x: TypedArray, out: TypedArray, outer: number, length: number, inner: number, verdict: number) => {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let found = 1 - verdict;
      for (let k = 0, at = o * length * inner + i; k < length && found !== verdict; k++, at += inner) {
        if ((x[at] !== 0 ? 1 : 0) === verdict) found = verdict;
      }
      out[o * inner + i] = found;
    }
  }
});

/** Running sums along the middle, in float64, from the first on or from the last. */
export function cumsumMiddle(out: TypedArray, { elements, outer, length, inner }: Middle, reverse: boolean): void {
  cumsums(elements, out, outer, length, inner, reverse ? 1 : 0);
}

const cumsums = perType((x: TypedArray, out: TypedArray, outer: number, length: number, inner: number, reverse: number) => {
  const step = reverse === 1 ? -inner : inner;
  if (inner === 1) {
    for (let o = 0; o < outer; o++) {
      let s = 0;
      for (let k = 0, at = o * length + reverse * (length - 1); k < length; k++, at += step) out[at] = s += x[at]!;
    }
    return;
  }
  const sums = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    sums.fill(0);
    for (let k = 0, row = (o * length + reverse * (length - 1)) * inner; k < length; k++, row += step) {
      for (let i = 0; i < inner; i++) out[row + i] = sums[i]! += x[row + i]!;
    }
  }
});
