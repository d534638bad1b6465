import {
  abs, add, AutodiffError, AutoFiniteDiff, AutoForward, AutoTape, cast, Chain, checkGradient, Const, cos, customRule, Dense, Duplicated, fmap, gelu, generator, identity, log, logitCrossEntropy, mse, mul,
  param, params, randint, randn, relu, sin, square, sum, tensor, Tensor, type Value,
} from "polyad";
import { describe, expect, it, test } from "vitest";
import { exact } from "../../../test/support.js";

/** sin, and a derivative of it that is one percent too large. */
const wrongSine = customRule((t: Value) => sin(t), {
  vjp: (_out, [t]) => [(ct) => mul(ct, mul(1.01, cos(t)))],
  jvp: (_out, [t]) => [(dt) => mul(dt, mul(1.01, cos(t)))],
});

const model = Chain(Dense(4, 40, relu, { rng: generator(1) }), Dense(40, 10, gelu, { rng: generator(2) }), Dense(10, 3, identity, { rng: generator(3) }));
const x = randn(generator(4), [16, 4], { dtype: "float32" });
const y = randint(generator(5), [16], { max: 3 });
const wide = fmap((leaf) => (leaf instanceof Tensor ? cast(leaf, "float64") : leaf), model) as typeof model;

describe.each(exact)("a right gradient passes, $adtype $chunkSize", (ad) => {
  it("of a model in float32, with relu's kinks, each leaf by its path", () => {
    const checks = checkGradient((m, a) => logitCrossEntropy(m(a), y), ad, model, x);
    expect(checks.map(({ path, ok, tolerance }) => [path, ok, tolerance])).toEqual(
      ["[0].layers[0].weight", "[0].layers[0].bias", "[0].layers[1].weight", "[0].layers[1].bias", "[0].layers[2].weight", "[0].layers[2].bias", "[1]"].map((path) => [path, true, 1e-3]),
    );
  });

  it("of a model in float64, and the numbers show it", () => {
    const checks = checkGradient((m, a) => logitCrossEntropy(m(a), y), ad, wide, Const(x));
    expect(checks).toHaveLength(6);
    for (const { error, got, expected } of checks) {
      expect(error).toBeLessThan(1e-6);
      expect(Math.abs(got - expected)).toBeLessThan(1e-6);
    }
  });

  it("of numbers, arrays, typed arrays and trees with leaves of other kinds", () => {
    const tree = { w: new Float32Array([1, 2]), n: 3, list: [4, 5], fixed: Const(tensor(new Float32Array([2, 2]))), ints: tensor([1, 2], null, "int32"), name: "x", f: sin };
    const checks = checkGradient((t, d, c) => sum(mul(add(mul(t.w, mul(t.n, t.list[1]!)), t.fixed as never), mul(t.ints, mul(d.v, c)))), ad, tree, Duplicated({ v: tensor([1, 2]) }), Const(7));
    expect(checks.map(({ path, ok }) => [path, ok])).toEqual([["[0].w", true], ["[0].n", true], ["[0].list[0]", true], ["[0].list[1]", true], ["[1].v", true]]);
  });

  it("where a leaf has no say, and where nothing has", () => {
    expect(checkGradient((a, _b) => sum(square(a)), ad, tensor([1, 2]), 3).map(({ ok }) => ok)).toEqual([true, true]);
    expect(checkGradient((a) => sum(mul(a, 0)), ad, tensor([1, 2]))[0]!.ok).toBe(true);
    const shifted = checkGradient((a, b) => sum(square(mul(a.add(b), 1).sub(a.add(b).mean()))), ad, tensor(new Float32Array([1, 5, 9])), 2); // b shifts all
    expect(shifted.map(({ ok }) => ok)).toEqual([true, true]);
    expect(checkGradient((a) => sum(a), ad, tensor(new Float64Array(0)))[0]).toMatchObject({ ok: true, error: 0 });
  });

  it("near the edge of a domain, of large and of small numbers", () => {
    expect(checkGradient((a) => sum(log(a)), ad, tensor([1e-3, 2]))[0]!.ok).toBe(true);
    expect(checkGradient((a) => sum(square(a)), ad, tensor([1e9, -1e9]))[0]!.ok).toBe(true);
    expect(checkGradient((a) => mul(1e-12, sum(square(a))), ad, tensor([1, 2]))[0]!.ok).toBe(true);
    expect(checkGradient((a) => add(1e6, sum(square(a))), ad, tensor([1, 2]))[0]!.ok).toBe(true);
  });
});

describe.each(exact)("a wrong rule is found, $adtype $chunkSize", (ad) => {
  const failing = (f: () => unknown): string => {
    try {
      f();
    } catch (error) {
      expect(error).toBeInstanceOf(AutodiffError);
      return (error as Error).message;
    }
    return "nothing was thrown";
  };

  it("with the leaf's path, both numbers and the error, and leaves that are right left out", () => {
    const message = failing(() => checkGradient((a, b) => add(wrongSine(a), b), ad, 2, 3));
    const [got, expected] = [2 * 1.01 * Math.cos(2), 2 * Math.cos(2)].map((d) => d.toPrecision(6)); // in a direction as long as x
    expect(message).toBe(
      "checkGradient: the gradient disagrees with finite differences at 1 of 2 leaves:\n" + `  args[0]  got ${got}, expected ${expected}: relative error 1.0e-2, at most 1e-6`,
    );
  });

  it("in a float32 model, behind the layer that it is in, and however small the loss is", () => {
    for (const scale of [1, 1e-4, 1e4]) {
      const message = failing(() => checkGradient((m, a) => mul(scale, mse(m.head(wrongSine(m.body(a)) as Tensor), [[1], [2]])), ad, { body: Dense(4, 3, relu, { rng: generator(1) }), head: Dense(3, 1, identity, { rng: generator(3) }) }, Const(x.slice([0, 2]))));
      expect(message).toMatch(/at 2 of 4 leaves:\n {2}args\[0\]\.body\.weight +got .*\n {2}args\[0\]\.body\.bias +got .* relative error .*, at most 1e-3$/);
    }
  });

  it("in one element of many", () => {
    const one = customRule((t: Tensor) => sum(square(t)), {
      vjp: (_out, [t]) => [(ct) => mul(ct, add(mul(2, t), tensor(Float64Array.from({ length: 1000 }, (_, i) => (i === 7 ? 1 : 0)))))],
      jvp: (_out, [t]) => [(dt) => sum(mul(dt, add(mul(2, t), tensor(Float64Array.from({ length: 1000 }, (_, i) => (i === 7 ? 1 : 0))))))],
    });
    expect(failing(() => checkGradient((t) => one(t), ad, randn(generator(1), [1000])))).toMatch(/at 1 of 1 leaves:\n {2}args\[0\] /);
  });

  it("at a kink, rightly, and for NaN", () => {
    expect(failing(() => checkGradient((a) => sum(abs(add(a, relu(a)))), ad, tensor([0, 1])))).toMatch(/args\[0\] {2}got 0\.00000, expected/);
    expect(failing(() => checkGradient((a) => sum(log(a)), ad, tensor([-1, 1])))).toMatch(/relative error NaN/);
  });
});

test("misuse", () => {
  const rng = generator(1);
  expect(() => checkGradient((a) => mul(a, rng.uniform()), AutoTape(), 2)).toThrow(/^checkGradient: f gives [\d.]+ and then [\d.]+ for the same arguments\. Draw random numbers outside of f, and pass them as Const\(\.\.\.\)\.$/);
  const W = tensor([1, 2]);
  expect(() => checkGradient(() => sum(W), AutoTape(), params(W))).toThrow("checkGradient: params(...) hides what f captures, which cannot be varied. Pass the tensors or the model as arguments of f.");
  expect(() => checkGradient((a) => mul(a, 2) as never, AutoForward(), tensor([1, 2]))).toThrow("gradient: f must return a scalar, got shape [2].");
});

test("the engine under test may be one that samples", () => {
  expect(checkGradient((a) => sum(sin(a)), AutoFiniteDiff(), tensor([1, 2]))[0]!.ok).toBe(true);
});

test("a tracked parameter is read as the tensor that it is", () => {
  const W = param(tensor([1, 2]));
  expect(checkGradient((a) => sum(mul(a, a)), AutoTape(), W as Tensor)[0]!.ok).toBe(true);
});
