import type { HostTensor } from "../tensor.js";
import { eachScaled, jacobiRotation, maxSweeps, ordered, pointsDown, rotateRows } from "./matrices.js";

/** Eigenvalues, ascending, and eigenvectors, as columns, of the symmetric part of each matrix, by Jacobi's method. */
export function eighKernel(values: HostTensor, vectors: HostTensor, a: HostTensor): void {
  const n = a.shape.at(-1)!;
  eachScaled(a, (x, scale, index) => {
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) x[i * n + j] = x[j * n + i] = 0.5 * (x[i * n + j]! + x[j * n + i]!);
    const rows = new Float64Array(n * n); // the transpose of the eigenvectors
    for (let i = 0; i < n; i++) rows[i * n + i] = 1;
    diagonalize(x, rows, n);
    const found = Float64Array.from({ length: n }, (_, i) => x[i * n + i]!);
    ordered(found, false).forEach((from, to) => {
      values.elements[index * n + to] = found[from]! * scale;
      const sign = pointsDown(rows, from * n, n) ? -1 : 1;
      for (let i = 0; i < n; i++) vectors.elements[(index * n + i) * n + to] = sign * rows[from * n + i]!;
    });
  });
}

function diagonalize(x: Float64Array, rows: Float64Array, n: number): void {
  for (let sweep = 0, rotated = true; rotated && sweep < maxSweeps; sweep++) {
    rotated = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const g = x[p * n + q]!;
        const a = x[p * n + p]!;
        const b = x[q * n + q]!;
        if (Math.abs(g) <= Math.max(2 ** -54 * Math.sqrt(Math.abs(a * b)), 2 ** -80)) continue;
        rotated = true;
        const [c, s, t] = jacobiRotation(a, b, g);
        rotateRows(x, n, p, q, c, s);
        for (let i = 0; i < n; i++) {
          x[i * n + p] = x[p * n + i]!;
          x[i * n + q] = x[q * n + i]!;
        }
        x[p * n + p] = a - t * g;
        x[q * n + q] = b + t * g;
        x[p * n + q] = x[q * n + p] = 0;
        rotateRows(rows, n, p, q, c, s);
      }
    }
  }
}
