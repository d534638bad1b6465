import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import {
  add, AutoForward, AutoTape, Const, exp, fmap, gradient, hvp, jacobian, matmul, mul, pullback, pushforward, sin, square, sum, tanh, tensor,
  toDevice, UnsupportedError, withgradient, type Gradient, type Tensor, type Traced, type Value,
} from "polyad";
import { Descent, setup, update } from "@polyad/layers";
import { AutoTfjs, fromTf, ready, tfjs, toTf } from "@polyad/backend-tfjs";

const near = (t: tf.Tensor, expected: readonly number[]) => {
  const data = t.dataSync();
  expect(data).toHaveLength(expected.length);
  expected.forEach((e, i) => expect(data[i]).toBeCloseTo(e, 4));
};

const nothingLeft = (before: number) => expect(tf.memory().numTensors, "tensors").toBe(before);

describe.each(["cpu", "wasm"] as const)("tf.Tensor as a leaf on %s", (device) => {
  const ad = AutoTfjs({ device });
  let before = 0;

  beforeEach(async () => {
    await ready(ad);
    await tf.setBackend(device);
    before = tf.memory().numTensors;
  });

  afterEach(() => nothingLeft(before));

  it("has a tf.Tensor as its gradient, on the same backend, the caller's to dispose of", () => {
    const x = tf.tensor([1, 2, 3]);
    const [g] = gradient((x) => sum(mul(x, square(x))), ad, x);
    expect(g).toBeInstanceOf(tf.Tensor);
    expect(tf.memory().numTensors).toBe(before + 2);
    near(g, [3, 12, 27]);
    expect(x.isDisposed).toBe(false);
    near(x, [1, 2, 3]);
    tf.dispose([x, g]);
  });

  it.each([["AutoTfjs", ad], ["AutoTape", AutoTape()]] as const)("never reads a tensor with %s", (_name, engine) => {
    const x = tf.tensor2d([[1, 2], [3, 4]]);
    const backend = tf.backend() as unknown as { readSync(id: object): unknown };
    const read = vi.spyOn(backend, "readSync");
    try {
      const [g] = gradient((x) => sum(tanh(matmul(x, x))), engine, x);
      expect(read).not.toHaveBeenCalled();
      expect(g.shape).toEqual([2, 2]);
      const product = [[7, 10], [15, 22]].map((row) => row.map((z) => 1 - Math.tanh(z) ** 2));
      // d/dX Σ tanh(X²) = S·Xᵀ + Xᵀ·S with S = 1 − tanh²
      const [[a, b], [c, d]] = product as [[number, number], [number, number]];
      near(g, [a + 2 * b + (a + 3 * c), 3 * a + 4 * b + (b + 3 * d), c + 2 * d + (2 * a + 4 * c), 3 * c + 4 * d + (2 * b + 4 * d)]);
      g.dispose();
    } finally {
      read.mockRestore();
      x.dispose();
    }
  });

  it("shares data between a view and its tensor", () => {
    const x = tf.tensor([1, 2]);
    const view = fromTf(x);
    expect(view.device).toBe(tfjs(device));
    expect(view.dtype).toBe("float32");
    const back = toTf(view);
    expect(back.dataId).toBe(x.dataId);
    x.dispose();
    expect(view.toArray()).toEqual([1, 2]);
    view.dispose();
    near(back, [1, 2]);
    back.dispose();
  });

  it("is differentiated by AutoTape and AutoForward too", () => {
    const x = tf.tensor([0.5, -1]);
    for (const engine of [AutoTape(), AutoForward()]) {
      const { val, grad: [g] } = withgradient((x) => sum(exp(x)), engine, x);
      expect(val.device).toBe(tfjs(device));
      expect(val.item()).toBeCloseTo(Math.exp(0.5) + Math.exp(-1), 5);
      near(g, [Math.exp(0.5), Math.exp(-1)]);
      val.dispose();
      g.dispose();
    }
    x.dispose();
  });

  it("takes tf.Variables, at the value that they have", () => {
    const v = tf.variable(tf.tidy(() => tf.tensor([1, 2])));
    before = tf.memory().numTensors - 1;
    const [g] = gradient((x) => sum(square(x)), ad, v);
    near(g, [2, 4]);
    v.assign(tf.tidy(() => tf.tensor([5, 6])));
    const [h] = gradient((x) => sum(square(x)), ad, v);
    near(h, [10, 12]);
    near(g, [2, 4]);
    tf.dispose([g, h]);
    v.dispose();
    tf.disposeVariables();
    before = tf.memory().numTensors;
  });

  it("gives every place a tensor of its own", () => {
    const [x, y] = [tf.scalar(2), tf.scalar(3)];
    const [gx, gy] = gradient((a, b) => add(a, b), ad, x, y);
    expect(gx).not.toBe(gy);
    gx.dispose();
    near(gy, [1]);
    gy.dispose();
    const [same] = gradient((a) => sum(mul(a.p, a.q)), ad, { p: x, q: x });
    near(same.p, [2]);
    same.p.dispose();
    near(same.q, [2]);
    tf.dispose([x, y, same.q]);
  });

  it("f(x) = x gives neither x nor the seed back", () => {
    const x = tf.tensor([1, 2]);
    const ct = tf.tensor([3, 4]);
    const g = pullback((x) => x, ad, x, ct);
    expect(g).not.toBe(ct);
    near(g, [3, 4]);
    g.dispose();
    near(ct, [3, 4]);
    const { val, grad: [one] } = withgradient((x) => [sum(x), x] as const, ad, x);
    val[0].dispose();
    val[1].dispose();
    near(x, [1, 2]);
    near(one, [1, 1]);
    tf.dispose([x, ct, one]);
  });

  it("has zeros for an unused argument", () => {
    const [x, y] = [tf.tensor([1, 2]), tf.tensor([[3]])];
    const [gx, gy] = gradient((x) => sum(x), ad, x, y);
    near(gx, [1, 1]);
    expect(gy.shape).toEqual([1, 1]);
    near(gy, [0]);
    tf.dispose([x, y, gx, gy]);
  });

  it("lies in trees, beside other leaves", () => {
    const model = { w: tf.tensor([1, 2]), b: 3, name: "m", list: [tf.scalar(4)] as const };
    const [g] = gradient((m) => sum(add(mul(mul(m.w, m.b), m.list[0]), 0)), ad, model);
    near(g.w, [12, 12]);
    expect(g.b).toBeCloseTo(12, 5);
    expect(g.name).toBeNull();
    near(g.list[0], [9]);
    tf.dispose([model.w, model.list[0], g.w, g.list[0]]);
  });

  it("is frozen by Const, which passes it as it is", () => {
    const [x, t] = [tf.tensor([1, 2]), tf.tensor([3, 4])];
    const [g, none] = gradient((x, t: tf.Tensor) => sum(mul(x, fromTf(t))), ad, x, Const(t));
    near(g, [3, 4]);
    expect(none).toBeNull();
    tf.dispose([x, t, g]);
  });

  it("is a seed", () => {
    const [x, v] = [tf.tensor([1, 2]), tf.tensor([1, 0.5])];
    const product = hvp((x) => sum(mul(x, square(x))), ad, x, v);
    near(product, [6, 6]);
    const tangent = pushforward((x) => sin(x), ad, x, v);
    expect(tangent.toArray()).toEqual([expect.closeTo(Math.cos(1), 5), expect.closeTo(0.5 * Math.cos(2), 5)]);
    tf.dispose([x, v, product]);
    tangent.dispose();
  });

  it("has Jacobians as tensors of its device", () => {
    const x = tf.tensor([1, 2]);
    const J = jacobian((x) => matmul(tensor([[1, 2], [3, 4], [5, 6]]), x), ad, x);
    expect(J.toArray()).toEqual([[1, 2], [3, 4], [5, 6]]);
    J.dispose();
    x.dispose();
  });

  it("nests: a gradient of tf.Tensors inside of another, linked by toTf", () => {
    // d/dx Σ ∂(y³)/∂y at y = x² is d/dx 3x⁴ = 12x³
    const f = (x: Tensor): Value => {
      const t = toTf(square(x));
      const [g] = gradient((y) => sum(mul(y, square(y))), ad, t);
      return sum(fromTf(g));
    };
    const x = tf.tensor([2]);
    const [g] = gradient(f, ad, x);
    near(g, [96]);
    tf.dispose([x, g]);
  });

  it("cannot carry another engine's derivative of its gradient", () => {
    const t = tf.tensor([2]);
    expect(() => gradient((s) => sum(mul(fromTf(gradient((y) => sum(mul(s, square(y))), AutoTape(), t)[0]), 1)), AutoTape(), 3)).toThrow(
      new UnsupportedError("tfjs: the gradient of a tf.Tensor is being differentiated by tape, and a tf.Tensor cannot carry that. Pass fromTf(t) as the argument in its place."),
    );
    t.dispose();
  });

  it("leaves nothing and takes nothing when f throws", () => {
    const x = tf.tensor([1, 2]);
    expect(() => gradient((x) => { throw new RangeError(String(exp(x).shape)); }, ad, x)).toThrow(RangeError);
    expect(() => gradient((x) => exp(x) as never, ad, x)).toThrow("Use jacobian()");
    expect(tf.memory().numTensors).toBe(before + 1);
    near(x, [1, 2]);
    x.dispose();
  });

  it("is kept by fmap, toDevice and optimisers", () => {
    const x = tf.tensor([1, 2]);
    const model = { x, w: tensor([1, 1]) };
    expect(fmap((leaf) => leaf, model).x).toBe(x);
    expect(toDevice({ x }, "host").x).toBe(x);
    const stepped = update(setup(Descent(0.1), model), model, { x: null, w: tensor([1, -1]) });
    expect(stepped.model.x).toBe(x);
    expect(stepped.model.w.toArray()).toEqual([expect.closeTo(0.9, 5), expect.closeTo(1.1, 5)]);
    x.dispose();
  });

  it("outlives its operator in the user's tidy(), which frees it", () => {
    tf.tidy(() => {
      const x = tf.tensor([1, 2]);
      const [g] = gradient((x) => sum(square(x)), ad, x);
      near(g, [2, 4]);
    });
    const g = tf.tidy(() => gradient((x) => sum(square(x)), ad, tf.tensor([1, 2]))[0]);
    near(g, [2, 4]);
    g.dispose();
  });
});

it("types follow", () => {
  expectTypeOf<Gradient<tf.Tensor>>().toEqualTypeOf<tf.Tensor>();
  expectTypeOf<Gradient<{ w: tf.Variable; n: number }>>().toEqualTypeOf<{ w: tf.Tensor; n: number }>();
  expectTypeOf<Traced<tf.Tensor2D>>().toEqualTypeOf<Tensor>();
});
