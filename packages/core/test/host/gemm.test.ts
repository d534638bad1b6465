import { describe, expect, it } from "vitest";
import { type FloatArray, gemm } from "../../src/host/gemm.js";

type ArrayType = Float32ArrayConstructor | Float64ArrayConstructor;
const types: readonly (readonly [string, ArrayType, number])[] = [
  ["float32", Float32Array, 2 ** -24],
  ["float64", Float64Array, 2 ** -53],
];
const flags = [false, true];

/** Reproducible numbers in [-1, 1). */
function random(Type: ArrayType, size: number, seed: number): FloatArray {
  let state = seed;
  const out = new Type(size);
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    out[i] = state / 2 ** 31;
  }
  return out;
}

/** The definition in float64: the product and, for the error bound, the product of absolute values. */
function reference(
  m: number, n: number, k: number,
  a: FloatArray, transA: boolean,
  b: FloatArray, transB: boolean,
): { readonly exact: Float64Array; readonly size: Float64Array } {
  const exact = new Float64Array(m * n);
  const size = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let p = 0; p < k; p++) {
        const term = a[transA ? p * m + i : i * k + p]! * b[transB ? j * k + p : p * n + j]!;
        exact[i * n + j]! += term;
        size[i * n + j]! += Math.abs(term);
      }
    }
  }
  return { exact, size };
}

/** Runs gemm with offsets and guards around C; checks |C - exact| ≤ (k + 2)·u·|A|·|B| and the guards. */
function check(Type: ArrayType, unit: number, m: number, n: number, k: number, transA: boolean, transB: boolean): void {
  const [aOffset, bOffset, cOffset] = [3, 5, 7];
  const a = random(Type, aOffset + m * k, 1);
  const b = random(Type, bOffset + k * n, 2);
  const c = new Type(cOffset + m * n + 4).fill(99);
  gemm(m, n, k, a, aOffset, transA, b, bOffset, transB, c, cOffset);
  const { exact, size } = reference(m, n, k, a.subarray(aOffset), transA, b.subarray(bOffset), transB);
  let worst = 0;
  for (let i = 0; i < m * n; i++) {
    const error = Math.abs(c[cOffset + i]! - exact[i]!) - (k + 2) * unit * 2 * size[i]!;
    if (!(error <= 0)) worst = Math.max(worst, Number.isNaN(error) ? Infinity : error);
  }
  expect(worst, `${m}×${k}·${k}×${n}`).toBe(0);
  expect([...c.subarray(0, cOffset), ...c.subarray(cOffset + m * n)].every((v) => v === 99)).toBe(true);
}

describe.each(types)("gemm in %s", (_name, Type, unit) => {
  const shapes = [
    [1, 1, 1], [2, 3, 4], [3, 1, 700], [1, 5, 900], [1, 701, 301], [303, 1, 999], [20, 1, 33_000], [7, 9, 1], [64, 1, 64], [1, 64, 64], [17, 53, 31],
    [5, 600, 9], [131, 11, 259], [300, 7, 5], [40, 1030, 300], [260, 33, 520], [128, 10, 128], [255, 257, 256],
  ] as const;
  for (const transA of flags) {
    for (const transB of flags) {
      it(`agrees with the definition, ${transA ? "t" : "n"}${transB ? "t" : "n"}`, () => {
        for (const [m, n, k] of shapes) check(Type, unit, m, n, k, transA, transB);
      });
    }
  }

  it("gives zeros for an empty sum and touches nothing for an empty result", () => {
    const c = new Type(6).fill(99);
    gemm(2, 3, 0, new Type(0), 0, false, new Type(0), 0, false, c, 0);
    expect([...c]).toEqual([0, 0, 0, 0, 0, 0]);
    c.fill(99);
    gemm(0, 3, 2, new Type(0), 0, false, new Type(6), 0, false, c, 0);
    gemm(2, 0, 3, new Type(6), 0, true, new Type(0), 0, true, c, 0);
    expect([...c]).toEqual([99, 99, 99, 99, 99, 99]);
  });

  it.each([4, 37, 300])("propagates NaN and infinities, n = %i", (n) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const a = new Type(n * n).fill(1);
      const zero = new Type(n * n);
      const c = new Type(n * n);
      a[1 * n + 2] = bad;
      gemm(n, n, n, a, 0, false, zero, 0, false, c, 0); // bad·0 = NaN, in row 1 only
      expect(c.every((v, at) => (Math.floor(at / n) === 1 ? Number.isNaN(v) : v === 0))).toBe(true);
      gemm(n, n, n, zero, 0, false, a, 0, false, c, 0); // in column 2 only
      expect(c.every((v, at) => (at % n === 2 ? Number.isNaN(v) : v === 0))).toBe(true);
    }
    const a = new Type(n * n).fill(1);
    const c = new Type(n * n);
    a[1 * n + 2] = Number.NEGATIVE_INFINITY;
    gemm(n, n, n, a, 0, false, new Type(n * n).fill(1), 0, false, c, 0);
    expect(c.every((v, at) => v === (Math.floor(at / n) === 1 ? Number.NEGATIVE_INFINITY : n))).toBe(true);
  });

  it("leaves no trace of an earlier call", () => {
    const n = 61;
    const c = new Type(n * n);
    const nan = new Type(n * n).fill(Number.NaN);
    gemm(n, n, n, nan, 0, false, nan, 0, false, c, 0);
    check(Type, unit, n - 2, n - 4, n - 6, false, true);
  });
});
