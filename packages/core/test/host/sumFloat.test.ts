import { describe, expect, it } from "vitest";
import { sumFloat32, sumFloat64 } from "../../src/host/sumFloat.js";

describe("sumFloat32 and sumFloat64", () => {
  it.each([0, 1, 7, 255, 256, 261, 4096, 4097, 50_003])("add up %i numbers between start and end", (count) => {
    const numbers = Array.from({ length: count + 5 }, (_, i) => i % 1021); // integers: every order is exact
    const exact = numbers.slice(3, 3 + count).reduce((sum, v) => sum + v, 0);
    expect(sumFloat32(Float32Array.from(numbers), 3, 3 + count)).toBe(exact);
    expect(sumFloat64(Float64Array.from(numbers), 3, 3 + count)).toBe(exact);
  });

  it("sum float32 in float64", () => {
    expect(sumFloat32(new Float32Array(1000).fill(2 ** -30).fill(1, 0, 1), 0, 1000)).toBe(1 + 999 * 2 ** -30);
  });

  it("propagate NaN and infinities", () => {
    for (const at of [0, 777, 999]) {
      expect(sumFloat64(new Float64Array(1000).fill(NaN, at, at + 1), 0, 1000)).toBeNaN();
      expect(sumFloat32(new Float32Array(1000).fill(Infinity, at, at + 1), 0, 1000)).toBe(Infinity);
    }
  });
});
