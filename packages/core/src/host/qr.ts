import type { HostTensor } from "../tensor.js";
import { eachScaled } from "./matrices.js";

/** A = QR by Householder's reflections, with a diagonal of R that is not negative; m ≥ n. */
export function qrKernel(q: HostTensor, r: HostTensor, a: HostTensor): void {
  const m = a.shape.at(-2)!;
  const n = a.shape.at(-1)!;
  eachScaled(a, (w, scale, index) => {
    const diagonal = triangularize(w, m, n);
    const basis = applied(w, m, n);
    for (let k = 0; k < n; k++) {
      const sign = diagonal[k]! < 0 ? -1 : 1;
      const to = index * n * n + k * n;
      r.elements[to + k] = sign * diagonal[k]! * scale;
      for (let j = k + 1; j < n; j++) r.elements[to + j] = sign * w[k * n + j]! * scale;
      for (let i = 0; i < m; i++) q.elements[index * m * n + i * n + k] = sign * basis[i * n + k]!;
    }
  });
}

/**
 * Leaves R above the diagonal, whose elements it gives, and the reflections' vectors v below and on it, with H = I − vvᵀ.
 * What is left of a column that depends on those before it is rounding: the diagonal becomes an exact 0.
 */
function triangularize(w: Float64Array, m: number, n: number): Float64Array {
  const diagonal = new Float64Array(n);
  const whole = Float64Array.from({ length: n }, (_, j) => Math.sqrt(sumOfSquares(w, n, j, 0, m)));
  for (let k = 0; k < n; k++) {
    const norm = Math.sqrt(sumOfSquares(w, n, k, k, m));
    const isRounding = norm <= 2 ** -52 * m * whole[k]!;
    const head = w[k * n + k]!;
    const alpha = isRounding ? 0 : head > 0 ? -norm : norm;
    diagonal[k] = alpha;
    const factor = isRounding ? 0 : 1 / Math.sqrt(norm * (norm + Math.abs(head)));
    w[k * n + k] = head - alpha;
    for (let i = k; i < m; i++) w[i * n + k]! *= factor;
    for (let j = k + 1; j < n; j++) reflect(w, n, k, w, n, j, m);
  }
  return diagonal;
}

/** The first n columns of H₀H₁…Hₙ₋₁. */
function applied(w: Float64Array, m: number, n: number): Float64Array {
  const q = new Float64Array(m * n);
  for (let k = 0; k < n; k++) q[k * n + k] = 1;
  for (let k = n - 1; k >= 0; k--) for (let j = k; j < n; j++) reflect(w, n, k, q, n, j, m);
  return q;
}

/** Column j of x ← (I − vvᵀ)·column j, with v column k of w from row k on. */
function reflect(w: Float64Array, width: number, k: number, x: Float64Array, n: number, j: number, m: number): void {
  let dot = 0;
  for (let i = k; i < m; i++) dot += w[i * width + k]! * x[i * n + j]!;
  for (let i = k; i < m; i++) x[i * n + j]! -= dot * w[i * width + k]!;
}

function sumOfSquares(x: Float64Array, width: number, column: number, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += x[i * width + column]! ** 2;
  return sum;
}
