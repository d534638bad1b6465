import { describe, expect, it } from "vitest";
import { compareFloat, whereFloat } from "../../src/host/compareFloat.js";

const definitions = {
  equal: (x: number, y: number) => x === y,
  notEqual: (x: number, y: number) => x !== y,
  greater: (x: number, y: number) => x > y,
  greaterEqual: (x: number, y: number) => x >= y,
  less: (x: number, y: number) => x < y,
  lessEqual: (x: number, y: number) => x <= y,
};

type FloatArray = Float32Array | Float64Array;
type ArrayType = Float32ArrayConstructor | Float64ArrayConstructor;
const types: readonly (readonly [string, ArrayType])[] = [["float32", Float32Array], ["float64", Float64Array]];
const names = Object.keys(definitions) as (keyof typeof definitions)[];
const cases = names.flatMap((name) => types.map(([type, Type]) => [name, type, Type] as const));
const special = [0, -0, 1, -1, 0.5, 1e-45, -1e-45, 3.4028234663852886e38, Infinity, -Infinity, NaN];
const lengths = [400, 4096, 4097, 20_011];

/** Every special value against every other, over and over. */
function operands(Type: ArrayType, n: number): readonly [FloatArray, FloatArray] {
  const k = special.length;
  const x = new Type(n);
  const y = new Type(n);
  for (let i = 0; i < n; i++) {
    x[i] = special[i % k]!;
    y[i] = special[Math.floor(i / k) % k]!;
  }
  return [x, y];
}

describe.each(cases)("compareFloat %s in %s", (name, _type, Type) => {
  const f = definitions[name];
  const simd = compareFloat(name);

  /** All of the result, and nothing outside of it. */
  function check(out: Uint8Array, o: number, n: number, expected: (i: number) => boolean): void {
    expect(out.every((v, i) => v === (i < o || i >= o + n ? 9 : Number(expected(i - o))))).toBe(true);
  }

  it("is the definition", () => {
    for (const n of lengths) {
      const [x, y] = operands(Type, n + 2);
      const out = new Uint8Array(n + 7).fill(9);
      expect(simd(out, 3, x, 1, 1, y, 2, 1, n)).toBe(true);
      check(out, 3, n, (i) => f(x[1 + i]!, y[2 + i]!));
    }
  });

  it("takes numbers on either side", () => {
    for (const number of special.map(Math.fround)) {
      const [x] = operands(Type, 5000);
      const out = new Uint8Array(5000).fill(9);
      expect(simd(out, 0, x, 0, 1, Float64Array.of(number), 0, 0, 5000)).toBe(true);
      check(out, 0, 5000, (i) => f(x[i]!, number));
      expect(simd(out, 0, Float64Array.of(7, number), 1, 0, x, 0, 1, 5000)).toBe(true);
      check(out, 0, 5000, (i) => f(number, x[i]!));
    }
  });

  it("leaves other operands to the caller", () => {
    const out = new Uint8Array(500);
    const x = new Type(500);
    expect(simd(out, 0, x, 0, 1, new Int32Array(500), 0, 1, 500)).toBe(false);
    expect(simd(out, 0, new Int32Array(500), 0, 1, x, 0, 1, 500)).toBe(false);
    expect(simd(out, 0, x, 0, 1, Float64Array.of(0.1), 0, 0, 500)).toBe(Type === Float64Array);
    expect(simd(out, 0, new Float32Array(500), 0, 1, new Float64Array(500), 0, 1, 500)).toBe(false);
  });
});

describe.each(types)("whereFloat in %s", (_type, Type) => {
  it("is the definition", () => {
    for (const n of lengths) {
      const [x, y] = operands(Type, n + 2);
      const cond = Uint8Array.from({ length: n + 5 }, (_, i) => Number(i % 7 < 3));
      const number = Float64Array.of(0.1, -0);
      for (const [xo, xs] of [[1, 1], [0, 0]] as const) {
        for (const [yo, ys] of [[2, 1], [1, 0]] as const) {
          const a = xs === 0 ? number : x;
          const b = ys === 0 ? number : y;
          const out = new Type(n + 7).fill(9);
          expect(whereFloat(out, 3, cond, 5, 1, a, xo, xs, b, yo, ys, n)).toBe(true);
          const expected = new Type(n + 7).fill(9);
          for (let i = 0; i < n; i++) expected[3 + i] = cond[5 + i] !== 0 ? a[xo + i * xs]! : b[yo + i * ys]!;
          expect(out.every((v, i) => Object.is(v, expected[i]))).toBe(true);
        }
      }
    }
  });

  it("leaves other operands to the caller", () => {
    const out = new Type(500);
    const flags = new Uint8Array(500);
    expect(whereFloat(out, 0, out, 0, 1, out, 0, 1, out, 0, 1, 500)).toBe(false);
    expect(whereFloat(out, 0, flags, 0, 0, out, 0, 1, out, 0, 1, 500)).toBe(false);
    expect(whereFloat(out, 0, flags, 0, 1, new Int32Array(500), 0, 1, out, 0, 1, 500)).toBe(false);
  });
});
