import { describe, expect, test } from "vitest";
import { capture } from "../src/graph/capture.js";
import { standardNormalQuantile } from "../src/host/normalQuantile.js";
import { generator, permutation, rand, randint, randn, type RandomGenerator } from "../src/random.js";
import { add } from "../src/primitives/add.js";
import type { Value } from "../src/tensor.js";

const n = 100_000;

/** Largest distance between the empirical and a given distribution function, times √n: below 1.95 with p = 0.999. */
function kolmogorov(draws: Iterable<number>, cdf: (x: number) => number): number {
  const sorted = Float64Array.from(draws).sort();
  let worst = 0;
  sorted.forEach((x, i) => {
    const p = cdf(x);
    worst = Math.max(worst, p - i / sorted.length, (i + 1) / sorted.length - p);
  });
  return worst * Math.sqrt(sorted.length);
}

/** Φ(x) by Simpson's rule: independent of the quantile under test. */
function normalCdf(x: number): number {
  const steps = 200;
  const h = x / steps;
  const density = (t: number): number => Math.exp(-t * t / 2) / Math.sqrt(2 * Math.PI);
  let sum = 0;
  for (let i = 0; i <= steps; i++) sum += (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2) * density(i * h);
  return 0.5 + (sum * h) / 3;
}

const mean = (xs: ArrayLike<number>): number => Array.from(xs).reduce((a, b) => a + b, 0) / xs.length;
const moment = (xs: ArrayLike<number>, k: number): number => mean(Array.from(xs, (x) => x ** k));
const correlation = (xs: ArrayLike<number>, ys: ArrayLike<number>): number => {
  const [mx, my] = [mean(xs), mean(ys)];
  const cov = (as: ArrayLike<number>, a: number, bs: ArrayLike<number>, b: number): number => mean(Array.from(as, (x, i) => (x - a) * (bs[i]! - b)));
  return cov(xs, mx, ys, my) / Math.sqrt(cov(xs, mx, xs, mx) * cov(ys, my, ys, my));
};

describe("generators", () => {
  test("a seed gives these numbers, always", () => {
    const g = generator(42);
    expect([g.uniform(), g.uniform(), g.normal(), g.normal(), g.below(1000)]).toMatchInlineSnapshot(`
      [
        0.6448510281138,
        0.023095457246043227,
        1.3190359865673595,
        0.3106332336805315,
        275,
      ]
    `);
    expect(rand(generator(42), [2, 2]).toArray()).toMatchInlineSnapshot(`
      [
        [
          0.6448510281138,
          0.023095457246043227,
        ],
        [
          0.9064214633540012,
          0.6219602763175984,
        ],
      ]
    `);
    expect(randn(generator(42), [3]).toArray()).toMatchInlineSnapshot(`
      [
        0.37145596892482863,
        -1.9936445649372552,
        1.3190359865673595,
      ]
    `);
    expect(randint(generator(42), [6], { max: 10 }).toArray()).toMatchInlineSnapshot(`
      [
        0,
        6,
        9,
        3,
        4,
        7,
      ]
    `);
    expect(permutation(generator(42), 8).toArray()).toMatchInlineSnapshot(`
      [
        2,
        6,
        7,
        4,
        5,
        3,
        1,
        0,
      ]
    `);
    expect(generator(42).split()[1]!.state()).toMatchInlineSnapshot(`
      {
        "algorithm": "xoroshiro128plus",
        "words": [
          -756855242,
          1456821621,
          1737331034,
          884409758,
        ],
      }
    `);
  });

  test("advance with every draw", () => {
    const g = generator(1);
    const whole = rand(generator(1), [6]).toArray();
    expect([...rand(g, [2]).dataSync(), ...rand(g, [4]).dataSync()]).toEqual(whole);
  });

  test("go on from a state, which is plain data", () => {
    const g = generator(7);
    randn(g, [10]);
    const saved: unknown = JSON.parse(JSON.stringify(g.state()));
    const rest = randn(g, [5]).toArray();
    expect(randn(generator(saved as ReturnType<RandomGenerator["state"]>), [5]).toArray()).toEqual(rest);
  });

  test("neighbouring seeds share nothing", () => {
    const first = Array.from({ length: 2000 }, (_, seed) => generator(seed).uniform());
    expect(kolmogorov(first, (x) => x)).toBeLessThan(1.95);
    expect(Math.abs(correlation(first.slice(1), first.slice(0, -1)))).toBeLessThan(0.08);
    expect(generator(1).state()).not.toEqual(generator(1 + 2 ** 32).state());
    expect(generator(-1).state()).not.toEqual(generator(2 ** 32 - 1).state());
  });

  test("split into independent streams, however nested", () => {
    const root = generator(5);
    const [a, b] = root.split() as [RandomGenerator, RandomGenerator];
    const [aa, ab] = a.split() as [RandomGenerator, RandomGenerator];
    const streams = [root, a, b, aa, ab].map((g) => rand(g, [20_000]).dataSync());
    streams.forEach((x, i) => {
      expect(kolmogorov(x, (p) => p)).toBeLessThan(1.95);
      streams.slice(0, i).forEach((y) => expect(Math.abs(correlation(x, y))).toBeLessThan(4 / Math.sqrt(20_000)));
    });
    const seen = new Set(streams.flatMap((x) => [...x]));
    expect(seen.size).toBe(100_000);
    expect(generator(5).split(3).map((g) => g.uniform())).toEqual(generator(5).split(3).map((g) => g.uniform()));
  });

  test("refuse seeds and states that are none", () => {
    expect(() => generator(0.5)).toThrow("generator: expected an integer seed, got 0.5.");
    expect(() => generator({ algorithm: "xoroshiro128plus", words: [0, 0, 0, 0] })).toThrow("not a state");
    expect(() => generator(1).split(-1)).toThrow("expected a count of at least 0, got -1");
    // @ts-expect-error a seed is no generator
    expect(() => rand(3, [2])).toThrow("rand: expected a generator first, got the number 3. Make one with generator(seed).");
  });
});

describe("uniform numbers", () => {
  test("fill the interval evenly", () => {
    const x = rand(generator(11), [n], { min: -2, max: 3 }).dataSync();
    expect(kolmogorov(x, (v) => (v + 2) / 5)).toBeLessThan(1.95);
    expect(Math.abs(mean(x) - 0.5)).toBeLessThan((4 * 5) / Math.sqrt(12 * n));
    expect(Math.abs(correlation(x.subarray(1), x.subarray(0, -1)))).toBeLessThan(4 / Math.sqrt(n));
  });

  test("carry 53 bits", () => {
    const units = Array.from(rand(generator(12), [1000]).dataSync(), (x) => x * 2 ** 53);
    expect(units.every(Number.isInteger)).toBe(true);
    for (const bit of [0, 1, 13, 26, 27, 40, 52]) {
      const set = mean(units.map((u) => Math.floor(u / 2 ** bit) % 2));
      expect(Math.abs(set - 0.5)).toBeLessThan(0.07);
    }
  });

  test("stay below max, and at least min, in their own dtype", () => {
    const x = rand(generator(13), [2 ** 20], { dtype: "float32", min: 0, max: 1 }).dataSync();
    expect(x).toBeInstanceOf(Float32Array);
    expect(x.every((v) => v >= 0 && v < 1)).toBe(true);
    // Three float32 numbers lie in this interval, whose own ends are not among them.
    const narrow = rand(generator(14), [1000], { dtype: "float32", min: 0.1, max: 0.10000003 }).dataSync();
    expect(narrow.every((v) => v >= 0.1 && v < 0.10000003)).toBe(true);
    const below = rand(generator(15), [1000], { min: 1, max: 1 + 2 ** -52 }).dataSync();
    expect(below.every((v) => v === 1)).toBe(true);
    expect(rand(generator(16), [100], { min: -1, max: 0, dtype: "float32" }).dataSync().every((v) => v < 0)).toBe(true);
  });

  test("refuse empty intervals and other dtypes", () => {
    expect(() => rand(generator(1), [2], { min: 1, max: 1 })).toThrow("rand: expected finite min < max, got 1 and 1.");
    expect(() => rand(generator(1), [2], { min: 0.1, max: 0.1000000001, dtype: "float32" })).toThrow("no float32 number lies in");
    // @ts-expect-error only floats
    expect(() => rand(generator(1), [2], { dtype: "int32" })).toThrow("rand: draws float64 or float32, not int32. Use randint() for whole numbers.");
    expect(() => rand(generator(1), [-1])).toThrow("rand: a shape holds integers of at least 0");
  });
});

describe("normal numbers", () => {
  test("have the moments and the distribution", () => {
    const x = randn(generator(21), [n]).dataSync();
    expect(kolmogorov(x.subarray(0, 20_000), normalCdf)).toBeLessThan(1.95);
    expect(Math.abs(mean(x))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(moment(x, 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moment(x, 3))).toBeLessThan(4 * Math.sqrt(15 / n));
    expect(Math.abs(moment(x, 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
    expect(Math.abs(correlation(x.subarray(1), x.subarray(0, -1)))).toBeLessThan(4 / Math.sqrt(n));
  });

  test("are scaled, shifted and rounded", () => {
    const [x, y] = [randn(generator(22), [100]), randn(generator(22), [100], { mean: 3, std: 0.5, dtype: "float32" })];
    expect(y.dtype).toBe("float32");
    expect([...y.dataSync()]).toEqual(Array.from(x.dataSync(), (v) => Math.fround(3 + 0.5 * v)));
    expect(() => randn(generator(1), [1], { std: -1 })).toThrow("a std of at least 0");
  });

  test("the quantile inverts the distribution function, and agrees with known values", () => {
    for (const p of [0.001, 0.01, 0.0749, 0.0751, 0.3, 0.5, 0.77, 0.999]) expect(normalCdf(standardNormalQuantile(p))).toBeCloseTo(p, 9);
    expect(standardNormalQuantile(0.975)).toBeCloseTo(1.959963984540054, 14);
    expect(standardNormalQuantile(1e-300) / -37.0470962993612).toBeCloseTo(1, 14);
    expect(standardNormalQuantile(0.25)).toBe(-standardNormalQuantile(0.75));
  });
});

describe("whole numbers", () => {
  test("are equally likely, also where the range is no power of two", () => {
    for (const max of [2, 3, 7, 64]) {
      const x = randint(generator(31), [n], { max }).dataSync();
      const counts = new Array<number>(max).fill(0);
      x.forEach((v) => counts[v]!++);
      const chi2 = counts.reduce((s, c) => s + (c - n / max) ** 2 / (n / max), 0);
      expect(chi2).toBeLessThan(max - 1 + 4 * Math.sqrt(2 * (max - 1)) + 4);
    }
  });

  test("span int32", () => {
    const x = randint(generator(32), [n], { min: -(2 ** 31), max: 2 ** 31 });
    expect(x.dtype).toBe("int32");
    expect(kolmogorov(x.dataSync(), (v) => (v + 2 ** 31) / 2 ** 32)).toBeLessThan(1.95);
    expect(randint(generator(1), [3], { min: 4, max: 5 }).toArray()).toEqual([4, 4, 4]);
    expect(() => randint(generator(1), [3], { min: 4, max: 4 })).toThrow("randint: expected 32-bit integers min < max, got 4 and 4.");
    expect(() => randint(generator(1), [3], { max: 0.5 })).toThrow("randint: expected 32-bit integers");
  });

  test("permutations are permutations, each as likely", () => {
    expect([...permutation(generator(33), 100).dataSync()].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(permutation(generator(1), 0).toArray()).toEqual([]);
    const g = generator(34);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = String(permutation(g, 3).toArray());
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const c of counts.values()) expect(Math.abs(c - 1000)).toBeLessThan(4 * Math.sqrt(1000));
  });
});

test("draws are refused while a graph is captured, where they would be baked in", () => {
  const noisy = ([x]: readonly Value[]): Value[] => [add(x!, rand(generator(1), [2]))];
  expect(() => capture(noisy, [{ shape: [2], dtype: "float64", weak: false }])).toThrow(
    "rand: drawn while a graph is being captured, the numbers would be baked in and the same in every run. Draw them outside",
  );
  for (const draw of ["uniform", "normal", "split"] as const) {
    expect(() => capture(([x]) => [add(x!, Number(generator(1)[draw]()))], [{ shape: [], dtype: "float64", weak: true }])).toThrow(`${draw}: drawn while a graph`);
  }
  expect(() => capture(([x]) => [add(x!, generator(1).below(2))], [{ shape: [], dtype: "float64", weak: true }])).toThrow("below: drawn while a graph");
});
