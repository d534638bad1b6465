import type { HostTensor } from "../tensor.js";
import { factor, substitute } from "./linalg.js";
import { scaleDown, transposed } from "./matrices.js";
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

/** The cofactors ∂ det A / ∂A. */
export function cofactorKernel(out: HostTensor, a: HostTensor): void {
  const n = a.shape.at(-1)!;
  const lu = new Float64Array(n * n);
  for (let from = 0; from < a.size; from += n * n) {
    const x = Float64Array.from(a.elements.subarray(from, from + n * n));
    lu.set(x);
    out.elements.set(byInverse(x, lu, n) ?? bySingularValues(x, n), from);
  }
}

/** det A · A⁻ᵀ; null of a matrix that is nearly singular. */
function byInverse(x: Float64Array, lu: Float64Array, n: number): Float64Array | null {
  const rows = new Int32Array(n);
  if (factor(lu, n, rows) >= 0) return null;
  let det = signOf(rows);
  for (let i = 0; i < n; i++) det *= lu[i * n + i]!;
  if (!(Math.abs(det) > 1e-290 && Math.abs(det) < 1e290)) return null;
  const y = new Float64Array(n * n);
  for (let i = 0; i < n; i++) y[i * n + i] = 1;
  // P·A = L·U, so A⁻ᵀ = Pᵀ·L⁻ᵀ·U⁻ᵀ.
  substitute(lu, n, { lower: false, transposeA: true, unitDiagonal: false }, y, n);
  substitute(lu, n, { lower: true, transposeA: true, unitDiagonal: true }, y, n);
  if (!(norm(x) * norm(y) < 1e8)) return null; // the condition
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[rows[i]! * n + j] = det * y[i * n + j]!;
  return out;
}

/** det U det V · U diag(Π of the other singular values) Vᵀ: divided by none, it is right for singular matrices too. */
function bySingularValues(x: Float64Array, n: number): Float64Array {
  const scale = scaleDown(x);
  const { ut, s, vt } = svdOf(transposed(x, n, n), n, n);
  const sign = orientation(ut, n) * orientation(vt, n);
  const others = Array.from(s, (_, i) => s.reduce((p, v, j) => (j === i ? p : p * v * scale), sign));
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) out[i * n + j]! += ut[k * n + i]! * others[k]! * vt[k * n + j]!;
    }
  }
  return out;
}

function norm(x: Float64Array): number {
  return Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
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
  return signOf(rows);
}

/** The sign of a permutation: each cycle of even length turns it. */
function signOf(rows: Int32Array): number {
  let sign = 1;
  const seen = new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    let length = 0;
    for (let j = i; seen[j] === 0; j = rows[j]!) {
      seen[j] = 1;
      length++;
    }
    if (length > 0 && length % 2 === 0) sign = -sign;
  }
  return sign;
}
