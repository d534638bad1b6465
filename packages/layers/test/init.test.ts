import {
  abs, AutodiffError, eye, fans, generator, glorotNormal, glorotUniform, identityInit, kaimingNormal, kaimingUniform, lecunNormal, matmul, max, mean, min, normalInit, onesInit,
  orthogonal, ShapeError, sparseInit, std, sub, transpose, trace, truncatedNormal, uniformInit, zerosInit, type Initialiser, type RandomGenerator, type Shape, type Tensor, type TruncatedNormalOptions,
} from "polyad";
import { describe, expect, it, test } from "vitest";

const all: Readonly<Record<string, Initialiser>> = {
  glorotNormal, glorotUniform, identityInit, kaimingNormal, kaimingUniform, lecunNormal, normalInit, onesInit, orthogonal, truncatedNormal, uniformInit, zerosInit,
  sparseInit: (rng, shape, options) => sparseInit(rng, shape, { sparsity: 0.5, ...options }),
};

const numbers = (x: Tensor): number[] => [...x.dataSync()];
const largest = (x: Tensor): number => max(abs(x)).item();
const spread = (init: Initialiser, shape: Shape): number => std(init(generator(11), shape, { dtype: "float64" })).item();

describe.each(Object.entries(all))("%s", (_name, init) => {
  it("is float32 unless said, of the shape named, and the same from the same seed", () => {
    const drawn = init(generator(3), [4, 5]);
    expect([drawn.dtype, drawn.shape]).toEqual(["float32", [4, 5]]);
    expect(init(generator(3), [4, 5]).toArray()).toEqual(drawn.toArray());
    const wide = init(generator(3), [4, 5], { dtype: "float64" });
    expect(wide.dtype).toBe("float64");
    expect(numbers(wide).map(Math.fround)).toEqual(numbers(drawn));
  });

  it("gives an empty array where an axis is empty", () => {
    for (const shape of [[0, 3], [3, 0], [0, 0]]) expect(init(generator(1), shape).shape).toEqual(shape);
  });
});

test("draws go on along the stream of their generator", () => {
  const rng = generator(3);
  for (const init of [glorotUniform, glorotNormal, kaimingUniform, kaimingNormal, lecunNormal, truncatedNormal, orthogonal]) {
    expect(init(rng, [3, 3]).toArray()).not.toEqual(init(rng, [3, 3]).toArray());
  }
});

test("fans come from the shape", () => {
  expect(fans([])).toEqual([1, 1]);
  expect(fans([7])).toEqual([1, 7]);
  expect(fans([2, 3])).toEqual([3, 2]);
  expect(fans([2, 3, 4])).toEqual([12, 8]);
  expect(fans([2, 3, 4, 5])).toEqual([60, 40]);
});

describe("bounds of the uniform ones, which are reached", () => {
  const bound = (init: Initialiser, shape: Shape): number => {
    const drawn = init(generator(5), shape, { dtype: "float64" });
    expect(Math.abs(min(drawn).item() + max(drawn).item())).toBeLessThan(0.01 * largest(drawn));
    expect(Math.abs(mean(drawn).item())).toBeLessThan(4 * (largest(drawn) / Math.sqrt(3 * drawn.size)));
    return largest(drawn);
  };
  const within = (got: number, limit: number): void => {
    expect(got).toBeLessThanOrEqual(limit);
    expect(got).toBeGreaterThan(0.99 * limit);
  };

  it("glorotUniform: √(6 / (fanIn + fanOut))", () => {
    within(bound(glorotUniform, [100, 100]), 0.17320508075688773);
    within(bound(glorotUniform, [10, 100]), Math.sqrt(6 / 110)); // 0.2335
    within(bound(glorotUniform, [100, 10]), Math.sqrt(6 / 110));
    within(bound(glorotUniform, [8, 4, 5, 5]), Math.sqrt(6 / 300));
    within(bound((rng, shape, o) => glorotUniform(rng, shape, { ...o, gain: 2 }), [100, 100]), 0.34641016151377546);
  });

  it("kaimingUniform: gain √(3 / fanIn), gain √2", () => {
    within(bound(kaimingUniform, [50, 200]), Math.sqrt(6 / 200));
    within(bound(kaimingUniform, [16, 8, 3, 3]), Math.sqrt(6 / 72));
    within(bound((rng, shape, o) => kaimingUniform(rng, shape, { ...o, gain: 1 }), [50, 200]), Math.sqrt(3 / 200));
  });

  it("float32 never exceeds the bound either", () => {
    expect(largest(glorotUniform(generator(2), [300, 300]))).toBeLessThanOrEqual(Math.sqrt(0.01));
  });
});

describe("standard deviations of the normal ones, within 4 of their own", () => {
  const near = (got: number, expected: number, count: number): void => expect(Math.abs(got / expected - 1)).toBeLessThan(4 / Math.sqrt(2 * count));

  test("glorotNormal, kaimingNormal, lecunNormal, normalInit", () => {
    near(spread(glorotNormal, [200, 100]), Math.sqrt(2 / 300), 20000);
    near(spread(kaimingNormal, [200, 100]), Math.sqrt(2 / 100), 20000);
    near(spread(kaimingNormal, [20, 10, 10, 10]), Math.sqrt(2 / 1000), 20000);
    near(spread(lecunNormal, [200, 100]), Math.sqrt(1 / 100), 20000);
    near(spread(normalInit, [200, 100]), 1, 20000);
    near(spread((rng, shape, o) => glorotNormal(rng, shape, { ...o, gain: 3 }), [200, 100]), 3 * Math.sqrt(2 / 300), 20000);
  });

  test("lecunNormal stops at two standard deviations of what it is cut from", () => {
    const limit = (2 * Math.sqrt(1 / 100)) / 0.8796256610342398;
    const got = largest(lecunNormal(generator(1), [200, 100], { dtype: "float64" }));
    expect(got).toBeLessThanOrEqual(limit);
    expect(got).toBeGreaterThan(0.99 * limit);
  });
});

describe("truncatedNormal", () => {
  const draw = (options: TruncatedNormalOptions, n = 20000): number[] => numbers(truncatedNormal(generator(9), [n], { dtype: "float64", ...options }));

  it("has the moments of a normal distribution cut at ±2", () => {
    const drawn = draw({ mean: 3, std: 0.5 });
    expect(Math.max(...drawn)).toBeLessThanOrEqual(4);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(2);
    const average = drawn.reduce((a, b) => a + b) / drawn.length;
    const variance = drawn.reduce((a, b) => a + (b - average) ** 2, 0) / drawn.length;
    expect(Math.abs(average - 3)).toBeLessThan((4 * 0.44) / Math.sqrt(drawn.length));
    expect(Math.sqrt(variance) / (0.5 * 0.8796256610342398)).toBeCloseTo(1, 1.7);
  });

  it("follows the distribution function (Kolmogorov and Smirnov)", () => {
    const steps = 400;
    const cdf = (x: number): number => {
      const h = (x + 1) / steps; // Simpson's rule from −1
      let total = 0;
      for (let i = 0; i <= steps; i++) total += (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp(-((i * h - 1) ** 2) / 2);
      return (total * h) / 3;
    };
    const drawn = Float64Array.from(draw({ lower: -1, upper: 3 }, 5000)).sort();
    const whole = cdf(3);
    const worst = Math.max(...Array.from(drawn, (x, i) => Math.max(cdf(x) / whole - i / drawn.length, (i + 1) / drawn.length - cdf(x) / whole)));
    expect(worst * Math.sqrt(drawn.length)).toBeLessThan(1.95);
  });

  it("stays within far, narrow and huge bounds", () => {
    for (const [lower, upper] of [[8, 9], [-9, -8], [30, 31], [1, 1 + 1e-9], [-1e300, 1e300], [-40, 50]] as const) {
      for (const x of draw({ lower, upper }, 300)) {
        expect(x).toBeGreaterThanOrEqual(lower);
        expect(x).toBeLessThanOrEqual(upper);
      }
    }
    const tail = draw({ lower: 8, upper: 20 }, 5000); // its mean is φ(8)/(1 − Φ(8))
    expect(tail.reduce((a, b) => a + b) / tail.length).toBeCloseTo(8.1212, 2);
  });

  it("refuses what is no interval and no deviation", () => {
    expect(() => draw({ lower: 2, upper: 2 })).toThrow(new AutodiffError("truncatedNormal: expected finite lower < upper, got 2 and 2."));
    expect(() => draw({ lower: NaN })).toThrow("truncatedNormal: expected finite lower < upper, got NaN and 2.");
    expect(() => draw({ upper: Infinity })).toThrow("truncatedNormal: expected finite lower < upper, got -2 and Infinity.");
    expect(() => draw({ std: -1 })).toThrow("truncatedNormal: expected a finite mean and a std of at least 0, got 0 and -1.");
  });
});

describe("orthogonal", () => {
  const off = (q: Tensor, gain = 1): number => {
    const product = q.shape[0]! < q.shape[1]! ? matmul(q, transpose(q)) : matmul(transpose(q), q);
    return largest(sub(product, eye(product.shape[0]!).mul(gain * gain)));
  };

  it("has orthonormal rows or columns, whichever are fewer", () => {
    for (const shape of [[5, 5], [20, 7], [7, 20], [1, 4], [4, 1], [1, 1]] as const) {
      expect(off(orthogonal(generator(4), shape, { dtype: "float64" }))).toBeLessThan(1e-12);
      expect(off(orthogonal(generator(4), shape))).toBeLessThan(1e-6);
    }
    expect(off(orthogonal(generator(4), [6, 3], { gain: 2, dtype: "float64" }), 2)).toBeLessThan(1e-12);
  });

  it("takes a kernel as the matrix [out, in ∏ k]", () => {
    const kernel = orthogonal(generator(4), [6, 2, 3, 3], { dtype: "float64" });
    expect(kernel.shape).toEqual([6, 2, 3, 3]);
    expect(off(kernel.reshape([6, 18]))).toBeLessThan(1e-12);
  });

  it("takes both signs on the diagonal equally often: no direction is preferred", () => {
    const rng = generator(8);
    const positive = Array.from({ length: 400 }, () => orthogonal(rng, [2, 2]).dataSync()[0]! > 0).filter(Boolean).length;
    expect(Math.abs(positive - 200)).toBeLessThan(40); // four standard deviations
  });

  it("refuses a vector", () => {
    expect(() => orthogonal(generator(1), [3])).toThrow(new ShapeError("orthogonal: expected a shape of at least two axes, [out, in, ...], got [3]."));
  });
});

describe("identityInit", () => {
  const init = (shape: Shape, gain = 1): unknown => identityInit(generator(1), shape, { gain }).toArray();

  it("is the identity, cut or padded, and 0 for a vector", () => {
    expect(init([2, 2])).toEqual([[1, 0], [0, 1]]);
    expect(init([3, 2], 2)).toEqual([[2, 0], [0, 2], [0, 0]]);
    expect(init([3])).toEqual([0, 0, 0]);
    expect(init([])).toBe(0);
  });

  it("is one tap in the middle of each diagonal kernel", () => {
    expect(init([2, 1, 3])).toEqual([[[0, 1, 0]], [[0, 0, 0]]]);
    expect(init([1, 1, 3, 2])).toEqual([[[[0, 0], [0, 1], [0, 0]]]]);
  });
});

describe("sparseInit", () => {
  it("zeroes a fraction of each column", () => {
    const drawn = sparseInit(generator(1), [10, 6], { sparsity: 0.35, std: 2, dtype: "float64" }).toArray() as number[][];
    for (let j = 0; j < 6; j++) expect(drawn.filter((row) => row[j] === 0)).toHaveLength(4);
    const places = drawn.map((row) => row.map((x) => x === 0));
    expect(new Set(Array.from({ length: 6 }, (_, j) => places.map((row) => row[j]).join())).size).toBeGreaterThan(1);
    expect(numbers(sparseInit(generator(1), [3, 2], { sparsity: 1 }))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(std(sparseInit(generator(1), [300, 100], { sparsity: 0, dtype: "float64" })).item()).toBeCloseTo(0.01, 3);
  });

  it("refuses other ranks and fractions", () => {
    expect(() => sparseInit(generator(1), [3], { sparsity: 0.5 })).toThrow(new ShapeError("sparseInit: expected a shape of two axes, [out, in], got [3]."));
    expect(() => sparseInit(generator(1), [3, 3], { sparsity: 1.5 })).toThrow(new AutodiffError("sparseInit: expected a sparsity between 0 and 1, got 1.5."));
  });
});

test("constant ones, and uniform ones with bounds", () => {
  expect(zerosInit(generator(1), [2]).toArray()).toEqual([0, 0]);
  expect(onesInit(generator(1), [2]).toArray()).toEqual([1, 1]);
  const drawn = numbers(uniformInit(generator(1), [1000], { min: 2, max: 3 }));
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(2);
  expect(Math.max(...drawn)).toBeLessThan(3);
  expect(Math.abs(mean(normalInit(generator(1), [1000], { mean: 5, std: 0.1 })).item() - 5)).toBeLessThan(0.02);
});

test("misuse: no generator, a dtype that does not draw, a graph being captured", () => {
  const untyped = (...args: unknown[]): unknown => Reflect.apply(glorotUniform, undefined, args);
  expect(() => untyped([2, 3], [2, 3])).toThrow("rand: expected a generator first, got an array of length 2. Make one with generator(seed).");
  expect(() => untyped(generator(1) satisfies RandomGenerator, [2, 3], { dtype: "int32" })).toThrow("rand: draws float64 or float32, not int32.");
  expect(() => trace((x: Tensor) => truncatedNormal(generator(1), [2]).mul(x), onesInit(generator(1), [2]))).toThrow("the numbers would be baked in");
});
