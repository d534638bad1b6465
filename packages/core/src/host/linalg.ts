import { AutodiffError } from "../errors.js";
import { broadcastStrides, showShape, type Shape } from "../shape.js";
import type { HostTensor } from "../tensor.js";

/** How a triangular matrix is stored and used. */
export interface Triangle {
  readonly lower: boolean;
  /** Solve with the transpose of what is stored. */
  readonly transposeA: boolean;
  /** The diagonal counts as ones and is not read. */
  readonly unitDiagonal: boolean;
}

/** out = op(A)⁻¹·B for each matrix of the batch, by LU factors with partial pivoting, in float64. */
export function solveKernel(out: HostTensor, a: HostTensor, transposeA: boolean, b: HostTensor): void {
  const n = a.shape.at(-1)!;
  const k = b.shape.at(-1)!;
  const lu = new Float64Array(n * n);
  const x = new Float64Array(n * k);
  const rows = new Int32Array(n);
  let factored = -1;
  eachMatrix(out, a, b, (to, from, rhs) => {
    if (factored !== from) {
      load(lu, a, from);
      const column = factor(lu, n, rows);
      if (column >= 0) throw singular("solve", a, from, `column ${column} has no pivot`);
      factored = from;
    }
    const { elements } = b;
    if (transposeA) {
      // PA = LU, so Aᵀx = b is UᵀLᵀPx = b.
      for (let i = 0; i < x.length; i++) x[i] = elements[rhs + i]!;
      substitute(lu, n, { lower: false, transposeA: true, unitDiagonal: false }, x, k);
      substitute(lu, n, { lower: true, transposeA: true, unitDiagonal: true }, x, k);
      for (let i = 0; i < n; i++) for (let j = 0; j < k; j++) out.elements[to + rows[i]! * k + j] = x[i * k + j]!;
    } else {
      for (let i = 0; i < n; i++) for (let j = 0; j < k; j++) x[i * k + j] = elements[rhs + rows[i]! * k + j]!;
      substitute(lu, n, { lower: true, transposeA: false, unitDiagonal: true }, x, k);
      substitute(lu, n, { lower: false, transposeA: false, unitDiagonal: false }, x, k);
      out.elements.set(x, to);
    }
  });
}

/** out = op(T)⁻¹·B for each matrix of the batch; only the triangle of T is read. */
export function triangularSolveKernel(out: HostTensor, a: HostTensor, b: HostTensor, triangle: Triangle): void {
  const n = a.shape.at(-1)!;
  const k = b.shape.at(-1)!;
  const t = new Float64Array(n * n);
  const x = new Float64Array(n * k);
  let loaded = -1;
  eachMatrix(out, a, b, (to, from, rhs) => {
    if (loaded !== from) {
      load(t, a, from);
      for (let i = 0; i < n && !triangle.unitDiagonal; i++) {
        if (t[i * n + i] === 0) throw singular("triangularSolve", a, from, `diagonal element ${i} is 0`);
      }
      loaded = from;
    }
    for (let i = 0; i < x.length; i++) x[i] = b.elements[rhs + i]!;
    substitute(t, n, triangle, x, k);
    out.elements.set(x, to);
  });
}

/** The lower factor of the symmetric part of each matrix. */
export function choleskyKernel(out: HostTensor, a: HostTensor): void {
  const n = a.shape.at(-1)!;
  const l = new Float64Array(n * n);
  const x = a.elements;
  for (let from = 0; from < a.size; from += n * n) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let s = 0.5 * x[from + i * n + j]! + 0.5 * x[from + j * n + i]!;
        for (let p = 0; p < j; p++) s -= l[i * n + p]! * l[j * n + p]!;
        if (i !== j) l[i * n + j] = s / l[j * n + j]!;
        else if (s > 0) l[i * n + i] = Math.sqrt(s);
        else {
          throw new AutodiffError(
            `cholesky: ${which(a, from)} is not positive definite: the pivot of column ${i} is ${s}. Adding a small multiple of eye(${n}) may help.`,
          );
        }
      }
    }
    out.elements.set(l, from);
  }
}

/** LU in place, PA = LU with `rows` as P. Gives the first column that has no pivot, or −1. */
export function factor(a: Float64Array, n: number, rows: Int32Array): number {
  for (let i = 0; i < n; i++) rows[i] = i;
  for (let c = 0; c < n; c++) {
    let best = c;
    for (let i = c + 1; i < n; i++) if (Math.abs(a[i * n + c]!) > Math.abs(a[best * n + c]!)) best = i;
    const pivot = a[best * n + c]!;
    if (pivot === 0) return c;
    if (best !== c) {
      const row = rows[c]!;
      rows[c] = rows[best]!;
      rows[best] = row;
      for (let j = 0; j < n; j++) {
        const v = a[c * n + j]!;
        a[c * n + j] = a[best * n + j]!;
        a[best * n + j] = v;
      }
    }
    for (let i = c + 1; i < n; i++) {
      const f = (a[i * n + c]! /= pivot);
      if (f !== 0) for (let j = c + 1; j < n; j++) a[i * n + j]! -= f * a[c * n + j]!;
    }
  }
  return -1;
}

/** x ← op(T)⁻¹·x for the n×k matrix x. */
export function substitute(t: Float64Array, n: number, { lower, transposeA, unitDiagonal }: Triangle, x: Float64Array, k: number): void {
  const down = lower !== transposeA;
  const rowStep = transposeA ? 1 : n;
  const columnStep = transposeA ? n : 1;
  for (let r = 0; r < n; r++) {
    const i = down ? r : n - 1 - r;
    const to = i * k;
    for (let s = 0; s < r; s++) {
      const j = down ? s : n - 1 - s;
      const f = t[i * rowStep + j * columnStep]!;
      const from = j * k;
      for (let c = 0; c < k; c++) x[to + c]! -= f * x[from + c]!;
    }
    if (unitDiagonal) continue;
    const pivot = t[i * n + i]!;
    for (let c = 0; c < k; c++) x[to + c]! /= pivot;
  }
}

function load(to: Float64Array, a: HostTensor, from: number): void {
  for (let i = 0; i < to.length; i++) to[i] = a.elements[from + i]!;
}

/** Visits the matrices of a result with those of its operands, whose batch axes broadcast. */
function eachMatrix({ shape, size }: HostTensor, a: HostTensor, b: HostTensor, visit: (to: number, a: number, b: number) => void): void {
  if (size === 0) return;
  const batch = shape.slice(0, -2);
  const stepOf = ({ shape }: HostTensor): number => shape.at(-1)! * shape.at(-2)!;
  const as = broadcastStrides(a.shape.slice(0, -2), batch.length);
  const bs = broadcastStrides(b.shape.slice(0, -2), batch.length);
  const step = shape.at(-1)! * shape.at(-2)!;
  for (let i = 0; i * step < size; i++) {
    let ai = 0;
    let bi = 0;
    for (let axis = batch.length - 1, rest = i; axis >= 0; axis--) {
      const at = rest % batch[axis]!;
      rest = (rest - at) / batch[axis]!;
      ai += at * as[axis]!;
      bi += at * bs[axis]!;
    }
    visit(i * step, ai * stepOf(a), bi * stepOf(b));
  }
}

function singular(who: string, a: HostTensor, from: number, why: string): AutodiffError {
  return new AutodiffError(`${who}: ${which(a, from)} is singular: ${why}.`);
}

/** A matrix of a batch, for messages. */
function which({ shape }: HostTensor, from: number): string {
  const batch: Shape = shape.slice(0, -2);
  if (batch.length === 0) return "the matrix";
  const at: number[] = [];
  let rest = from / (shape.at(-1)! * shape.at(-2)!);
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    at.unshift(rest % batch[axis]!);
    rest = Math.floor(rest / batch[axis]!);
  }
  return `matrix ${showShape(at)} of the batch`;
}
