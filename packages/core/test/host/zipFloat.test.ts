import { describe, expect, it } from "vitest";
import { zipFloat } from "../../src/host/zipFloat.js";

const definitions = {
  add: (x: number, y: number) => x + y,
  sub: (x: number, y: number) => x - y,
  mul: (x: number, y: number) => x * y,
  div: (x: number, y: number) => x / y,
  maximum: (x: number, y: number) => Math.max(x, y),
  minimum: (x: number, y: number) => Math.min(x, y),
};

type FloatArray = Float32Array | Float64Array;
type ArrayType = Float32ArrayConstructor | Float64ArrayConstructor;
const types: readonly (readonly [string, ArrayType])[] = [["float32", Float32Array], ["float64", Float64Array]];
const names = Object.keys(definitions) as (keyof typeof definitions)[];
const cases = names.flatMap((name) => types.map(([type, Type]) => [name, type, Type] as const));

const special = [0, -0, 1, -1, 0.1, 3, 1e-45, -1e-45, 5e-324, -5e-324, 1e-60, -1e-60, 1.1754943508222875e-38, 3.4028234663852886e38, 1e300, Infinity, -Infinity, NaN];

/** Special values against each other, then numbers of any bit pattern. */
function operands(Type: ArrayType, n: number): readonly [FloatArray, FloatArray] {
  let state = 1;
  const patterns = (): FloatArray => {
    const words = new Uint32Array((n * Type.BYTES_PER_ELEMENT) / 4).map(() => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) ^ (state >>> 13));
    return new Type(words.buffer);
  };
  const x = patterns();
  const y = patterns();
  const k = special.length;
  for (let i = 0; i < k * k; i++) {
    x[i] = special[i % k]!;
    y[i] = special[Math.floor(i / k)]!;
  }
  for (let i = k * k; i < n / 2; i++) y[i] = x[i]! * (1 + (i % 64) / 8); // of a size, where sums and quotients round
  return [x, y];
}

/** Every element as the definition has it, zeros' signs included, and nothing outside of [o, o + n). */
function check(out: FloatArray, o: number, n: number, expected: (i: number) => number): void {
  const once = out.slice(0, 1);
  let wrong = 0;
  for (let i = 0; i < n; i++) {
    once[0] = expected(i);
    if (!Object.is(out[o + i], once[0])) wrong++;
  }
  expect(wrong).toBe(0);
  expect([...out.subarray(0, o), ...out.subarray(o + n)].every((v) => v === 99)).toBe(true);
}

describe.each(cases)("zipFloat %s in %s", (name, _type, Type) => {
  const f = definitions[name];
  const simd = zipFloat(name);

  it("is the definition, to the bit", () => {
    for (const n of [50_001, 8192, 4096, 400]) {
      const [x, y] = operands(Type, 50_004);
      const out = new Type(n + 7).fill(99);
      expect(simd(out, 3, x, 1, 1, y, 2, 1, n)).toBe(true);
      check(out, 3, n, (i) => f(x[1 + i]!, y[2 + i]!));
    }
  });

  it("takes any number as an operand", () => {
    const n = 9001;
    const [x] = operands(Type, n);
    for (const number of special) {
      const out = new Type(n).fill(99);
      expect(simd(out, 0, x, 0, 1, Float64Array.of(number), 0, 0, n)).toBe(true);
      check(out, 0, n, (i) => f(x[i]!, number));
      expect(simd(out, 0, Float64Array.of(7, number), 1, 0, x, 0, 1, n)).toBe(true);
      check(out, 0, n, (i) => f(number, x[i]!));
    }
  });

  it("leaves other types to the caller", () => {
    const n = 500;
    const out = new Type(n);
    expect(simd(out, 0, new Type(n), 0, 1, new Int32Array(n), 0, 1, n)).toBe(false);
    expect(simd(new Int32Array(n), 0, new Int32Array(n), 0, 1, new Int32Array(n), 0, 1, n)).toBe(false);
    expect(simd(new Float64Array(n), 0, new Float32Array(n), 0, 1, new Float64Array(n), 0, 1, n)).toBe(false);
    expect(simd(out, 0, new Type(1), 0, 0, new Type(1), 0, 0, n)).toBe(false);
  });
});
