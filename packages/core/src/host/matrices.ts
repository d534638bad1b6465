import type { HostTensor } from "../tensor.js";

/**
 * The matrices of a batch in float64, each divided by a power of two near its largest element, so that
 * squares neither overflow nor vanish; one with an element that is not finite is NaN.
 */
export function eachScaled(a: HostTensor, visit: (matrix: Float64Array, scale: number, index: number) => void): void {
  const size = a.shape.at(-1)! * a.shape.at(-2)!;
  for (let index = 0; index * size < a.size; index++) {
    const matrix = Float64Array.from(a.elements.subarray(index * size, (index + 1) * size));
    visit(matrix, scaleDown(matrix), index);
  }
}

/** Divides in place, and gives by what. */
export function scaleDown(x: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]!)); // NaN stays
  if (!(largest < Infinity)) x.fill(NaN);
  const scale = largest > 0 && largest < Infinity ? 2 ** Math.floor(Math.log2(largest)) : 1;
  for (let i = 0; i < x.length; i++) x[i]! /= scale;
  return scale;
}

/** A new array with the n × m transpose of an m × n matrix. */
export function transposed(x: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(x.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = x[i * columns + j]!;
  return out;
}

/**
 * Whether a vector is to be turned around, for the sign that engines share: the first of its elements that are largest in
 * magnitude, to a millionth, is positive.
 */
export function pointsDown(x: Float64Array, from: number, length: number): boolean {
  let largest = 0;
  for (let i = 0; i < length; i++) largest = Math.max(largest, Math.abs(x[from + i]!));
  for (let i = 0; i < length; i++) if (Math.abs(x[from + i]!) >= largest * 0.999999) return x[from + i]! < 0;
  return false;
}

/** Positions that put numbers in order, smallest or largest first. */
export function ordered(x: Float64Array, largestFirst: boolean): number[] {
  return Array.from(x.keys()).sort((i, j) => (largestFirst ? x[j]! - x[i]! : x[i]! - x[j]!));
}

/** Rotates rows p and q of a matrix: (p, q) ← (c·p − s·q, s·p + c·q). */
export function rotateRows(x: Float64Array, width: number, p: number, q: number, c: number, s: number): void {
  for (let k = 0, i = p * width, j = q * width; k < width; k++, i++, j++) {
    const a = x[i]!;
    const b = x[j]!;
    x[i] = c * a - s * b;
    x[j] = s * a + c * b;
  }
}

/** The rotation that makes the symmetric [[a, g], [g, b]] diagonal, by the smaller of the two angles. */
export function jacobiRotation(a: number, b: number, g: number): readonly [c: number, s: number, t: number] {
  const z = (b - a) / (2 * g);
  const t = (z < 0 ? -1 : 1) / (Math.abs(z) + Math.sqrt(z * z + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  return [c, t * c, t];
}

/** Sweeps after which Jacobi's methods have converged for all but non-finite matrices. */
export const maxSweeps = 40;
