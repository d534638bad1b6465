import { describe, expect, it } from "vitest";
import { sumRange, sumRows } from "../../src/host/sumFloat.js";

type ArrayType = Float32ArrayConstructor | Float64ArrayConstructor | Int32ArrayConstructor;
const types: readonly (readonly [string, ArrayType])[] = [["float32", Float32Array], ["float64", Float64Array], ["int32", Int32Array]];

describe.each(types)("sums of %s", (_name, Type) => {
  it.each([0, 1, 7, 129, 511, 512, 1000, 4096, 4097, 8192, 50_003])("add up %i numbers between start and end", (count) => {
    const numbers = Array.from({ length: count + 5 }, (_, i) => i % 1021); // integers: every order is exact
    const exact = numbers.slice(3, 3 + count).reduce((sum, v) => sum + v, 0);
    expect(sumRange(Type.from(numbers), 3, 3 + count)).toBe(exact);
  });

  it.each([[3, 5], [7, 300], [128, 256], [129, 255], [1030, 9], [1000, 2], [2, 40_000], [5, 20_001], [3, 70_000]])("add up %i rows of %i", (length, inner) => {
    const x = new Type(4 + length * inner);
    for (let i = 0; i < x.length; i++) x[i] = i % 1021;
    const out = new Float64Array(inner + 2).fill(1000);
    sumRows(out, 1, x, 4, length, inner);
    const exact = new Float64Array(inner + 2).fill(1000);
    for (let r = 0; r < length; r++) for (let i = 0; i < inner; i++) exact[1 + i]! += x[4 + r * inner + i]!;
    expect(out).toEqual(exact);
  });
});

describe("sums", () => {
  it("of float32 are in float64", () => {
    expect(sumRange(new Float32Array(1000).fill(2 ** -30).fill(1, 0, 1), 0, 1000)).toBe(1 + 999 * 2 ** -30);
  });

  it("propagate NaN and infinities", () => {
    for (const at of [0, 777, 999]) {
      expect(sumRange(new Float64Array(1000).fill(NaN, at, at + 1), 0, 1000)).toBeNaN();
      expect(sumRange(new Float32Array(1000).fill(Infinity, at, at + 1), 0, 1000)).toBe(Infinity);
    }
  });

  it("round as little as pairwise addition does", () => {
    const n = 2 ** 20;
    const x = new Float64Array(n).fill(0.1); // whose plain sum is off by 5e-12 of it
    expect(Math.abs(sumRange(x, 0, n) - 0.1 * n)).toBeLessThanOrEqual(0.1 * n * 2 ** -52);
    const rows = new Float64Array(3);
    sumRows(rows, 0, x.subarray(0, n - 1), 0, (n - 1) / 3, 3);
    for (const s of rows) expect(Math.abs(s - (0.1 * (n - 1)) / 3) / s).toBeLessThanOrEqual(64 * 2 ** -53);
  });
});
