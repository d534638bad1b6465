import { describe, expect, it } from "vitest";
import { type FastMap, mapFloat } from "../../src/host/mapFloat.js";

const reference: Record<FastMap, (x: number) => number> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  sqrt: Math.sqrt,
  sechSquared: (x) => 4 / (2 + Math.exp(-2 * x) + Math.exp(2 * x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  abs: Math.abs,
  neg: (x) => -x,
  reciprocal: (x) => 1 / x,
  relu: (x) => (x <= 0 ? 0 : x),
  square: (x) => x * x,
};

function isFastMap(name: string): name is FastMap {
  return name in reference;
}
const names = Object.keys(reference).filter(isFastMap);

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** The distance of neighbouring float32 at `y`. */
function ulp(y: number): number {
  float[0] = y;
  const exponent = (bits[0]! >>> 23) & 255;
  return 2 ** (Math.max(exponent, 1) - 150);
}

/** Float32 numbers spread over all bit patterns: both signs, subnormals, infinities, NaN. */
function everywhere(count: number): Float32Array {
  const stride = Math.floor(2 ** 32 / count) | 1;
  const patterns = Int32Array.from({ length: count }, (_, i) => Math.imul(i, stride));
  return new Float32Array(patterns.buffer);
}

/** Evenly spaced numbers in [low, high]. */
function between(low: number, high: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
}

/** Checks x against Math: specials exactly, the rest within 0.51 ulp; at most 1 in 10 000 rounds otherwise. */
function check(name: FastMap, x: Float32Array): void {
  const out = new Float32Array(x.length);
  expect(mapFloat(name, x, out)).toBe(true);
  const wrong: string[] = [];
  let others = 0;
  for (let i = 0; i < x.length; i++) {
    const exact = reference[name](x[i]!);
    const rounded = Math.fround(exact);
    if (Object.is(out[i], rounded)) continue;
    others++;
    if (rounded === 0 || !(Math.abs(out[i]! - exact) <= 0.51 * ulp(rounded))) {
      wrong.push(`${name}(${x[i]}) = ${exact}, got ${out[i]}`);
    }
  }
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(others).toBeLessThanOrEqual(x.length / 10_000);
}

describe.each(names)("mapFloat %s", (name) => {
  it("is right over all of float32", () => check(name, everywhere(200_003)));

  it("is right where arguments usually lie", () => {
    check(name, between(-10, 10, 100_001));
    check(name, between(-110, 110, 100_001));
    check(name, between(-1e-3, 1e-3, 20_001));
    check(name, between(0.5, 2, 20_001));
  });

  it("treats special values and thresholds as Math does", () => {
    const max = 3.4028234663852886e38;
    const special = [0, 1, 1e-45, 1.1754943508222875e-38, 88.72283, 88.72284, 87.33654, 103.97207, 103.97208, max];
    const both = special.concat(special.map((x) => -x), Infinity, -Infinity, NaN);
    check(name, Float32Array.from({ length: 100 }, (_, i) => both[i % both.length]!));
  });

  it("works in place, in chunks of any length", () => {
    for (const length of [64, 65, 8191, 8192, 8193, 20_000]) {
      const x = between(0.1, 5, length);
      const expected = x.map((v) => reference[name](v));
      expect(mapFloat(name, x, x)).toBe(true);
      expect(x.every((v, i) => Math.abs(v - expected[i]!) <= ulp(v))).toBe(true);
    }
  });

  it("leaves other types to the caller", () => {
    expect(mapFloat(name, new Int32Array(200), new Float32Array(200))).toBe(false);
    expect(mapFloat(name, new Float32Array(200), new Float64Array(200))).toBe(false);
  });
});

describe("mapFloat in float64", () => {
  it.each(["abs", "neg", "reciprocal", "relu", "sqrt", "square"] as const)("%s is exact", (name) => {
    const x = new Float64Array(everywhere(20_006).buffer).map((v, i) => (i % 3 === 0 ? v : (i - 5000) / 7));
    const out = new Float64Array(x.length);
    expect(mapFloat(name, x, out)).toBe(true);
    expect(out.every((v, i) => Object.is(v, reference[name](x[i]!)))).toBe(true);
  });

  it("has no elementary functions", () => {
    expect(mapFloat("exp", new Float64Array(200), new Float64Array(200))).toBe(false);
  });
});

describe("mapFloat of large arguments", () => {
  it.each(["sin", "cos"] as const)("%s mends a chunk that is partly beyond 2^20", (name) => {
    check(name, between(1e6, 1.1e6, 50_001));
    check(name, between(-3e6, 1e5, 50_001));
    const multiples = Float32Array.from({ length: 100_000 }, (_, k) => (k - 50_000) * (Math.PI / 2)); // the worst cancellation
    check(name, multiples);
  });
});
