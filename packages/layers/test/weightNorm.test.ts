import { AutodiffError, BatchNorm, Chain, Conv, Dense, Descent, gradient, mean, mul, norm, parameterCount, relu, setup, square, sub, sum, tensor, train, update, WeightNorm, zeros, type Tensor, type Value } from "polyad";
import { describe, expect, expectTypeOf, test } from "vitest";
import { engines, expectClose, plain } from "../../../test/support.js";

const dense = () => Dense.from({ weight: [[3, 4], [-6, 8]], bias: [1, 2] });
const x = tensor([1, -2]);

describe("WeightNorm", () => {
  test("computes as its layer did, and shows what it is", () => {
    const layer = WeightNorm(dense(), "weight");
    expectTypeOf(layer(x)).toEqualTypeOf<Tensor>();
    expect(plain(layer.scale)).toEqual([[5], [10]]);
    expectClose(layer(x), dense()(x), 1e-15);
    expect(String(layer)).toBe("WeightNorm(Dense(2 => 2), weight)");
    expect(parameterCount(layer)).toBe(8);
    expect(String(WeightNorm(Conv(3, [2, 4], relu), "weight", { axis: 1 }))).toBe("WeightNorm(Conv((3,), 2 => 4, relu), weight, axis=1)");
    expect(WeightNorm(Conv(3, [2, 4]), "weight").scale.shape).toEqual([4, 1, 1]);
  });

  test.each(engines)("has the derivatives of g·v/‖v‖, by %j", (ad) => {
    // L = Σ W·x with W = g·v/‖v‖: dg = (v·x)/‖v‖, dv = (g/‖v‖)·(x − (v·x)·v/‖v‖²).
    const layer = WeightNorm(dense(), "weight");
    const [grad] = gradient((m) => sum(m(x) as Value), ad, layer);
    const rows = [[3, 4, 5], [-6, 8, 10]].map(([a, b, n]) => [a!, b!, n!] as const);
    const within = ad.adtype === "finite-diff" ? 1e-8 : 1e-14;
    expectClose(grad.scale, rows.map(([a, b, n]) => [(a - 2 * b) / n]), within);
    expectClose(grad.layer.weight, rows.map(([a, b, n]) => [1 - ((a - 2 * b) * a) / n ** 2, -2 - ((a - 2 * b) * b) / n ** 2]), within);
    expectClose(grad.layer.bias, [1, 1], within);
    // Each row of dv is at right angles to v, so that steps make v longer.
    expectClose(sum(mul(grad.layer.weight, layer.layer.weight), { axis: 1 }), [0, 0], within * 10);
    const next = update(setup(Descent(0.1), layer), layer, grad).model;
    expect(norm(next.layer.weight).item()).toBeGreaterThan(norm(layer.layer.weight).item());
  });

  test("is trained in a Chain", async () => {
    const model = Chain(WeightNorm(Dense(2, 1), "weight"));
    const xs = tensor([[1, 2], [3, -1], [0, 1]], null, "float32"), ys = tensor([[8], [3], [5]], null, "float32");
    const run = await train((m, x, y) => mean(square(sub(m(x), y))), model, [[xs, ys]], Descent(0.1), { epochs: 500 });
    expect(run.loss).toBeLessThan(1e-3);
    expectClose(run.model(tensor([[1, 1]], null, "float32")), [[6]], 5e-2);
  });

  test("what has no direction is refused", () => {
    const wrong: readonly (readonly [() => unknown, string])[] = [
      [() => WeightNorm(Dense(2, 2), "bias"), "WeightNorm: a slice of bias along axis 0 is zero, and has no direction. Initialise it otherwise."],
      [() => WeightNorm(Dense.from({ weight: [[1, 2], [0, 0]] }), "weight"), "a slice of weight along axis 0 is zero"],
      [() => WeightNorm(Dense(2, 2), "activation"), 'WeightNorm: expected the name of a tensor of the layer, as "weight", got "activation". It has weight, bias, activation.'],
      // @ts-expect-error no such field
      [() => WeightNorm(Dense(2, 2), "kernel"), 'got "kernel"'],
      [() => WeightNorm(BatchNorm(2), "scale", { axis: 1 }), "WeightNorm: expected an axis of scale, which has shape [2], got 1."],
      // @ts-expect-error no layer
      [() => WeightNorm(5, "weight"), "WeightNorm: expected a layer or function as layer, got 5."],
      // @ts-expect-error an option of others
      [() => WeightNorm(Dense(2, 2), "weight", { dims: 1 }), "WeightNorm: there is no option dims. It has axis."],
      [() => WeightNorm(Dense(2, 2), "weight")(zeros([3], "float32")), "layer Dense(2 => 2) expects an input of size 2 in its last axis, got shape [3]."],
    ];
    for (const [make, message] of wrong) {
      expect(make).toThrow(AutodiffError);
      expect(make).toThrow(message);
    }
  });
});
