import type { HostTensor } from "../tensor.js";
import { eachScaled, jacobiRotation, maxSweeps, ordered, pointsDown, rotateRows, transposed } from "./matrices.js";

/** Uᵀ and Vᵀ as rows, and the singular values, largest first. */
interface Svd {
  readonly ut: Float64Array;
  readonly s: Float64Array;
  readonly vt: Float64Array;
}

/** A = U·diag(s)·Vᵀ with k = min(m, n) columns of U and rows of Vᵀ. */
export function svdKernel(u: HostTensor, s: HostTensor, vt: HostTensor, a: HostTensor): void {
  const m = a.shape.at(-2)!;
  const n = a.shape.at(-1)!;
  const k = Math.min(m, n);
  eachScaled(a, (x, scale, index) => {
    const tall = m >= n;
    const found = tall ? svdOf(transposed(x, m, n), n, m) : svdOf(x, m, n);
    const [ut, rows] = tall ? [found.ut, found.vt] : [found.vt, found.ut];
    for (let i = 0; i < k; i++) {
      const sign = pointsDown(rows, i * n, n) ? -1 : 1;
      s.elements[index * k + i] = found.s[i]! * scale;
      for (let j = 0; j < n; j++) vt.elements[(index * k + i) * n + j] = sign * rows[i * n + j]!;
      for (let j = 0; j < m; j++) u.elements[(index * m + j) * k + i] = sign * ut[i * m + j]!;
    }
  });
}

/**
 * Of a matrix given by its `count` columns as rows of a given length, at least as long as there are columns: the columns
 * are rotated until each pair is orthogonal (Hestenes), which finds small singular values as accurately as large ones.
 */
export function svdOf(columns: Float64Array, count: number, length: number): Svd {
  const turned = new Float64Array(count * count);
  for (let i = 0; i < count; i++) turned[i * count + i] = 1;
  for (let sweep = 0, rotated = true; rotated && sweep < maxSweeps; sweep++) {
    rotated = false;
    for (let p = 0; p < count; p++) {
      for (let q = p + 1; q < count; q++) {
        const a = dot(columns, length, p, p);
        const b = dot(columns, length, q, q);
        const g = dot(columns, length, p, q);
        if (Math.abs(g) <= 2 ** -52 * Math.sqrt(a * b) || Math.abs(g) <= 2 ** -200) continue;
        rotated = true;
        const [c, s] = jacobiRotation(a, b, g);
        rotateRows(columns, length, p, q, c, s);
        rotateRows(turned, count, p, q, c, s);
      }
    }
  }
  const norms = Float64Array.from({ length: count }, (_, i) => Math.sqrt(dot(columns, length, i, i)));
  const order = ordered(norms, true);
  const ut = new Float64Array(count * length);
  const vt = new Float64Array(count * count);
  const s = new Float64Array(count);
  order.forEach((from, to) => {
    vt.set(turned.subarray(from * count, (from + 1) * count), to * count);
    s[to] = norms[from]!;
    if (s[to]! < 2 ** -99) complete(ut, length, to); // too small for the test above, or 0
    else for (let i = 0; i < length; i++) ut[to * length + i] = columns[from * length + i]! / norms[from]!;
  });
  return { ut, s, vt };
}

/** Makes row k a unit vector orthogonal to the rows before it: what is left of the coordinate axis that is farthest from them. */
function complete(rows: Float64Array, length: number, k: number): void {
  let best = 0;
  let least = Infinity;
  for (let i = 0; i < length; i++) {
    let covered = 0;
    for (let j = 0; j < k; j++) covered += rows[j * length + i]! ** 2;
    if (covered < least) [best, least] = [i, covered];
  }
  rows[k * length + best] = 1;
  for (let pass = 0; pass < 2; pass++) {
    for (let j = 0; j < k; j++) {
      const along = dot(rows, length, j, k);
      for (let i = 0; i < length; i++) rows[k * length + i]! -= along * rows[j * length + i]!;
    }
    const norm = Math.sqrt(dot(rows, length, k, k));
    for (let i = 0; i < length; i++) rows[k * length + i]! /= norm;
  }
}

function dot(x: Float64Array, width: number, p: number, q: number): number {
  let sum = 0;
  for (let k = 0, i = p * width, j = q * width; k < width; k++, i++, j++) sum += x[i]! * x[j]!;
  return sum;
}
