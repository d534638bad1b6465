import type { HostTensor } from "../tensor.js";
import { factor } from "./linalg.js";
import { transposed } from "./matrices.js";
import { svdOf } from "./svd.js";

/** det A by LU factors; 0 where there is no pivot. */
export function detKernel(out: HostTensor, a: HostTensor): void {
  eachFactored(a, (lu, n, sign, index) => {
    let p = sign;
    for (let i = 0; i < n; i++) p *= lu[i * n + i]!;
    out.elements[index] = p;
  });
}

/** The sign of det A and ln |det A|. */
export function slogdetKernel(signs: HostTensor, logs: HostTensor, a: HostTensor): void {
  eachFactored(a, (lu, n, sign, index) => {
    let s = sign;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      s *= Math.sign(lu[i * n + i]!);
      sum += Math.log(Math.abs(lu[i * n + i]!));
    }
    signs.elements[index] = s;
    logs.elements[index] = s === 0 ? -Infinity : sum;
  });
}

/**
 * The cofactors ∂ det A / ∂A = det U det V · U diag(Π of the other singular values) Vᵀ, without a division by any: they
 * are right for singular matrices too.
 */
export function cofactorKernel(out: HostTensor, a: HostTensor): void {
  const n = a.shape.at(-1)!;
  for (let index = 0; index * n * n < a.size; index++) {
    const x = Float64Array.from(a.elements.subarray(index * n * n, (index + 1) * n * n));
    const { ut, s, vt } = svdOf(transposed(x, n, n), n, n);
    const sign = orientation(ut, n) * orientation(vt, n);
    const others = Array.from(s, (_, i) => s.reduce((p, v, j) => (j === i ? p : p * v), sign));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += ut[k * n + i]! * others[k]! * vt[k * n + j]!;
        out.elements[(index * n + i) * n + j] = sum;
      }
    }
  }
}

/** The determinant, 1 or −1, of an orthogonal matrix. */
function orientation(x: Float64Array, n: number): number {
  const lu = x.slice();
  let sign = parity(lu, n);
  for (let i = 0; i < n; i++) sign *= Math.sign(lu[i * n + i]!);
  return sign;
}

/** Factors each matrix; of a singular one the first missing pivot is 0. */
function eachFactored(a: HostTensor, visit: (lu: Float64Array, n: number, sign: number, index: number) => void): void {
  const n = a.shape.at(-1)!;
  const count = n === 0 ? a.shape.slice(0, -2).reduce((p, m) => p * m, 1) : a.size / (n * n);
  for (let index = 0; index < count; index++) {
    const lu = Float64Array.from(a.elements.subarray(index * n * n, (index + 1) * n * n));
    visit(lu, n, parity(lu, n), index);
  }
}

/** LU in place; the sign of the permutation of rows. */
function parity(lu: Float64Array, n: number): number {
  const rows = new Int32Array(n);
  factor(lu, n, rows);
  let sign = 1;
  const seen = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    if (seen[i] === 1) continue;
    let length = 0;
    for (let j = i; seen[j] === 0; j = rows[j]!) {
      seen[j] = 1;
      length++;
    }
    if (length % 2 === 0) sign = -sign;
  }
  return sign;
}
