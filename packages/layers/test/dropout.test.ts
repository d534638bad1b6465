import { AlphaDropout, AutoTape, AutoForward, Dropout, generator, gradient, mean, mul, ones, rand, randn, sum, tensor, Tensor, testMode, trace, trainMode, variance, zeros } from "polyad";
import { describe, expect, it } from "vitest";
import { plain } from "../../../test/support.js";

const numbers = (x: Tensor): number[] => [...x.dataSync()];

describe("Dropout", () => {
  it("drops with probability p and scales what it keeps", () => {
    const y = numbers(trainMode(Dropout(0.2, generator(1)))(ones([100, 100])));
    expect(new Set(y)).toEqual(new Set([0, 1.25]));
    const dropped = y.filter((v) => v === 0).length;
    expect(Math.abs(dropped - 2000)).toBeLessThan(5 * Math.sqrt(10000 * 0.2 * 0.8));
  });

  it("draws what the generator gives, anew in each call, the same again from the same seed", () => {
    const x = randn(generator(3), [7, 5]);
    const drop = trainMode(Dropout(0.3, generator(1)));
    const uniform = generator(1);
    for (let call = 0; call < 2; call++) {
      const keep = numbers(rand(uniform, [7, 5]));
      expect(numbers(drop(x))).toEqual(numbers(x).map((v, i) => v * (keep[i]! >= 0.3 ? 1 / 0.7 : 0)));
    }
    expect(numbers(trainMode(Dropout(0.3, generator(9)))(x))).toEqual(numbers(trainMode(Dropout(0.3, generator(9)))(x)));
  });

  it("is the identity in use, and for p = 0 in any mode", () => {
    const x = tensor([1, NaN, -Infinity]);
    expect(testMode(Dropout(0.5, generator(1)))(x)).toBe(x);
    expect(Dropout(0, generator(1))(x)).toBe(x);
    const rng = generator(1);
    trainMode(Dropout(0, rng))(x);
    expect(rng.state()).toEqual(generator(1).state());
  });

  it("drops along axes together", () => {
    const maps = trainMode(Dropout(0.5, generator(2), { axis: [0, 1] }))(ones([4, 8, 3, 3]));
    const kept = numbers(sum(maps, { axis: [2, 3] }));
    expect(new Set(kept)).toEqual(new Set([0, 18]));
    const last = trainMode(Dropout(0.5, generator(2), { axis: -1 }))(ones([5, 20]));
    expect(numbers(sum(last, { axis: 0 })).every((v) => v === 0 || v === 10)).toBe(true);
    expect(String(Dropout(0.5, generator(2), { axis: [0, 1] }))).toBe("Dropout(0.5, axis=[0, 1])");
    expect(() => trainMode(Dropout(0.5, generator(2), { axis: 2 }))(ones([5, 20]))).toThrow("layer Dropout(0.5): axes [2] are not all axes of its input, which has shape [5, 20].");
  });

  it("has its mask for a derivative", () => {
    for (const ad of [AutoTape(), AutoForward()]) {
      const x = randn(generator(3), [4, 3]);
      const [dModel, dx] = gradient((m: Dropout, v: Tensor) => sum(m(v)), ad, trainMode(Dropout(0.5, generator(1))), x);
      const mask = trainMode(Dropout(0.5, generator(1)))(ones([4, 3]));
      expect(plain(dx)).toEqual(plain(mask));
      expect(dModel).toEqual({ p: null, axis: null, rng: null, training: null });
    }
  });

  it("keeps dtypes, and shapes without elements", () => {
    const drop = trainMode(Dropout(0.5, generator(1)));
    expect(drop(ones([3], "float32")).dtype).toBe("float32");
    expect(drop(ones([3])).dtype).toBe("float64");
    expect(drop(ones([3], "int32")).dtype).toBe("float64");
    expect(drop(zeros([0, 3])).shape).toEqual([0, 3]);
    expect(drop(tensor(3)).shape).toEqual([]);
    const [halves] = [numbers(trainMode(Dropout(0.3, generator(4)))(ones([50], "float32")))];
    expect(new Set(halves)).toEqual(new Set([0, Math.fround(Math.fround(1 / 0.7))]));
  });

  it("says what is wrong", () => {
    expect(() => Dropout(1, generator(1))).toThrow("Dropout: expected a probability of dropping p with 0 <= p < 1, got 1.");
    expect(() => Dropout(-0.1, generator(1))).toThrow("got -0.1.");
    expect(() => Dropout(NaN, generator(1))).toThrow("got NaN.");
    expect(() => Dropout(0.5, undefined as never)).toThrow("Dropout: expected a generator after the probability. Write Dropout(0.5, generator(1)), or Dropout(0.5, defaultGenerator()).");
    expect(() => trace((v: Tensor) => trainMode(Dropout(0.5, generator(1)))(v), ones([3]))).toThrow("rand: drawn while a graph is being captured, the numbers would be baked in");
    expect(trace((v: Tensor) => testMode(Dropout(0.5, generator(1)))(mul(v, 2)), ones([3])).size).toBe(1);
  });
});

describe("AlphaDropout", () => {
  it("keeps mean and variance of a standard normal input", () => {
    const x = randn(generator(1), [200, 200]);
    const y = trainMode(AlphaDropout(0.2, generator(2)))(x);
    expect(Math.abs(mean(y).item())).toBeLessThan(0.02);
    expect(Math.abs(variance(y).item() - 1)).toBeLessThan(0.03);
    const [p, limit] = [0.2, -1.0507009873554805 * 1.6732632423543772];
    const a = 1 / Math.sqrt((1 - p) * (1 + p * limit * limit));
    expect(Math.min(...numbers(trainMode(AlphaDropout(p, generator(2)))(zeros([50]))))).toBeCloseTo(a * limit - a * limit * p, 12);
    expect(testMode(AlphaDropout(0.2, generator(2)))(x)).toBe(x);
    expect(String(AlphaDropout(0.2, generator(2)))).toBe("AlphaDropout(0.2)");
    expect(() => AlphaDropout(2, generator(1))).toThrow("AlphaDropout: expected a probability");
    expect(() => AlphaDropout(0.2, generator(2))(x)).toThrow("layer AlphaDropout(0.2) has not been told");
  });
});
