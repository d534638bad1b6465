import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import {
  add, AutoFiniteDiff, AutoForward, AutodiffError, AutoTape, backward, BackendNotLoadedError, callable, compose, Const, concat, defineADType, defineLayer, div, Duplicated, exp,
  fmap, functor, generator, grad, gradient, leaf, matmul, mul, ones, param, params, pipe, pow, rand, randn, reciprocal, sigmoid, sin, slice, square, sub, sum, Tensor,
  tensor, withgradient, zeros, type Value,
} from "polyad";
import {
  AccumGrad, AdaBelief, AdaDelta, AdaGrad, Adam, AdaMax, AdamW, AMSGrad, ClipGrad, ClipNorm, combine, Descent, freeze, Lion, Momentum, NAdam, Nesterov, OAdam, OptimiserChain, partition,
  RAdam, RMSProp, Rprop, setup, SignDecay, thaw, update, WeightDecay, type OptimiserState, type Rule,
} from "polyad";
import { state, train } from "polyad";
import { activations, BatchNorm, cast, Chain, Dense, identity, only, outputSize, parameterCount, pushforward, relu, softmax, stack, toDevice, trace, type Device } from "polyad";
import { HostTensor } from "@polyad/core/extend";
import { engines, expectClose, expectNumbers, plain } from "./support.js";

// The rows of the acceptance list: what the documents that Polyad grew from promise, with their numbers. The number in a
// test's name is the row's.

for (const ad of engines) {
  const on = `on ${JSON.stringify(ad)}`;

  // Polynomials, as in Flux's guide: 10 + x + x²/10.
  const theta = tensor([10, 1, 0.1]);
  const poly1 = (x: Value) => add(add(slice(theta, 0), mul(slice(theta, 1), x)), mul(slice(theta, 2), mul(x, x)));
  const evalpoly = (x: Value, p: readonly Value[]) => p.reduceRight<Value>((y, c) => add(mul(y, x), c), 0);
  const poly2 = (x: Value, p: readonly Value[]) => evalpoly(x, p);
  const Poly3 = defineLayer("Poly3", (theta: number[]) => ({ theta }), (self, x: Value) => evalpoly(x, self.theta));
  const poly3s = Poly3([10, 1, 0.1]);
  const poly4 = compose(Poly3([1, 0.5, 0]), Poly3([10, 1, 0.1]));

  test(`seed 1: one entry per argument, none for f, ${on}`, () => {
    const f = (x: Value, y: Value) => mul(x, y);
    expectNumbers(ad, gradient(f, ad, 3, 4), [4, 3]);
    expect(gradient(f, 3, 4)).toEqual([4, 3]);
    expect(gradient(f, ad, 3, 4)).toHaveLength(2);
  });

  test(`seed 2: the derivative of 3x² + 2x + 1 at 2, ${on}`, () => {
    const f = (x: Value) => add(add(mul(3, pow(x, 2)), mul(2, x)), 1);
    expectNumbers(ad, gradient(f, ad, 2)[0], 14);
  });

  test(`seed 3: gradients nest, ${on}`, () => {
    const f = (x: Value) => add(add(mul(3, pow(x, 2)), mul(2, x)), 1);
    const df = (x: Value) => gradient(f, ad, x)[0];
    const ddf = (x: Value) => gradient(df, ad, x)[0];
    const dddf = (x: Value) => gradient(ddf, ad, x)[0];
    if (ad.adtype === "finite-diff") {
      // A difference of differences divides the rounding of the inner one by the outer step.
      expectClose(ddf(2), 6, 1e-9);
      expectClose(dddf(2), 0, 1e-5);
    } else {
      expect(plain([df(2), ddf(2), dddf(2)])).toEqual([14, 6, 0]);
    }
  });

  test(`seed 4: arrays of numbers, ${on}`, () => {
    const f = (x: readonly Value[], y: readonly Value[]) => sum(square(sub(x, y)));
    expectNumbers(ad, gradient(f, ad, [2, 1], [2, 0]), [[0, 2], [0, -2]]);
  });

  test(`seed 5: the implicit form, ${on}`, () => {
    const f = (x: Tensor, y: Tensor) => sum(square(sub(x, y)));
    const x = tensor([2, 1]), y = tensor([2, 0]);
    const gs = gradient(() => f(x, y), ad, params(x, y));
    expectNumbers(ad, gs.get(x), [0, 2]);
    expectNumbers(ad, gs.get(y), [0, -2]);
    const byDefault = gradient(() => f(x, y), params(x, y));
    expect(plain(byDefault.get(x))).toEqual([0, 2]);
    expect(String(gs)).toMatch(/^Grads\(Tensor\(float64\[2\], \[.*\]\), Tensor\(float64\[2\], \[.*\]\)\)$/);
    expect(String(gradient(() => sum(mul(x, 3)), params(x)))).toBe("Grads(Tensor(float64[2], [3, 3]))");
  });

  test(`seed 6: a captured global, ${on}`, () => {
    expectNumbers(ad, gradient(() => poly1(5), ad, params(theta)).get(theta), [1, 5, 25]);
  });

  test(`seed 7: params finds every parameter once, ${on}`, () => {
    const W = tensor([[1, 2]]), b = tensor([3]);
    const model = { layers: [{ W, b }, { W, s: "name", n: 7 }], f: callable({ b, c: tensor([4, 5]) }, (self) => sum(self.c)) };
    const ps = params(model, W, theta);
    expect([...ps]).toEqual([W, b, model.f.c, theta]);
    expect(ps.size).toBe(4);
    const twin = tensor([[1, 2]]);
    expect([...params(W, twin, W)]).toEqual([W, twin]);
    const gs = gradient(() => mul(sum(mul(W, W)), model.f()), ad, ps);
    expectNumbers(ad, [gs.get(W), gs.get(b), gs.get(model.f.c), gs.get(theta)], [[[18, 36]], [0], [5, 5], [0, 0, 0]]);
  });

  test(`seed 11: the implicit form sees the updated value, ${on}`, () => {
    let W = tensor([[1, 2], [3, 4]]);
    const x = tensor([1, 1]);
    const loss = () => sum(square(matmul(W, x)));
    const before = gradient(loss, ad, params(W)).get(W);
    expectNumbers(ad, before, [[6, 6], [14, 14]]);
    W = W.sub(tensor([[1, 0], [0, 0]]));
    expectNumbers(ad, gradient(loss, ad, params(W)).get(W), [[4, 4], [14, 14]]);
    const tracked = param(tensor([[1, 2]]));
    const square1 = () => sum(square(tracked));
    expect(plain(square1())).toBe(5);
    tracked.update(tensor([[1, 0]]));
    expect(plain(square1())).toBe(8);
  });

  test(`seed 13: a one-tuple, ${on}`, () => {
    expectNumbers(ad, gradient(poly1, ad, 5), [2]);
  });

  test(`seed 14: three arguments, ${on}`, () => {
    expectNumbers(ad, gradient((x, y, z) => add(mul(x, y), z), ad, 30, 40, 50), [40, 30, 1]);
  });

  test(`seed 15: four ways to hold the coefficients, ${on}`, () => {
    const anonymous = callable({ theta: [10, 1, 0.1] }, (self, x: Value) => evalpoly(x, self.theta));
    for (const y of [poly1(5), evalpoly(5, [10, 1, 0.1]), anonymous(5), poly3s(5)]) expect(plain(y)).toBe(17.5);
    for (const f of [poly1, (x: Value) => evalpoly(x, [10, 1, 0.1]), anonymous, poly3s]) expectNumbers(ad, gradient(f, ad, 5), [2]);
  });

  test(`seed 16: coefficients as an argument, ${on}`, () => {
    expectNumbers(ad, gradient(poly2, ad, 5, [10, 1, 0.1]), [2, [1, 5, 25]]);
    const coefficients = [10, 1, 0.1];
    expectNumbers(ad, gradient(poly2, ad, 5, coefficients), [2, [1, 5, 25]]);
  });

  test(`seed 17: the gradient by a callable struct, ${on}`, () => {
    expectNumbers(ad, gradient((x, p) => p(x), ad, 5, poly3s), [2, { theta: [1, 5, 25] }]);
  });

  test(`seed 18: composition, ${on}`, () => {
    expect(plain(poly4(5))).toBe(9.75);
    expect(Object.keys(poly4)).toEqual(["outer", "inner"]);
    expect(poly4.inner.theta).toEqual([10, 1, 0.1]);
    expect(poly4.outer.theta).toEqual([1, 0.5, 0]);
    expect(compose(reciprocal, sin)(Math.PI / 6)).toBeCloseTo(2, 14);
    expectClose(gradient(compose(reciprocal, sin), ad, Math.PI / 6), [-2 * Math.sqrt(3)], ad.adtype === "finite-diff" ? 1e-9 : 1e-14);
  });

  test(`seed 19: the gradient by a composition, ${on}`, () => {
    const expected = [1, { outer: { theta: [1, 17.5, 306.25] }, inner: { theta: [0.5, 2.5, 12.5] } }];
    expectNumbers(ad, gradient(pipe, ad, 5, poly4), expected);
    expectNumbers(ad, gradient((x, p) => p(x), ad, 5, poly4), expected);
  });

  test(`seed 20: anonymous and named callables are alike, ${on}`, () => {
    const anonymous = callable({ theta: [10, 1, 0.1] }, (self, x: Value) => evalpoly(x, self.theta));
    for (const p of [anonymous, poly3s]) {
      expect(Object.entries(p)).toEqual([["theta", [10, 1, 0.1]]]);
      expectNumbers(ad, gradient((x, q) => q(x), ad, 5, p), [2, { theta: [1, 5, 25] }]);
    }
    const tensors = [callable({ theta }, (self, x: Value) => mul(sum(self.theta), x)), defineLayer("P", () => ({ theta }), (self, x: Value) => mul(sum(self.theta), x))()];
    for (const p of tensors) expect([...params(p)]).toEqual([theta]);
  });

  test(`seed 21: Const and Duplicated, ${on}`, () => {
    const model = Duplicated(poly3s);
    expectNumbers(ad, gradient((x, p) => p(x), ad, Const(5), model), [null, { theta: [1, 5, 25] }]);
    expectNumbers(ad, model.buffers, { theta: [1, 5, 25] });
    gradient((x, p) => p(x), ad, Const(5), model);
    expectNumbers(ad, model.buffers, { theta: [1, 5, 25] });
    const adding = Duplicated(poly3s, { buffers: model.buffers, zero: false });
    gradient((x, p) => p(x), ad, Const(5), adding);
    expectNumbers(ad, adding.buffers, { theta: [2, 10, 50] });
  });

  test(`seed 22: value and gradient in one call, ${on}`, () => {
    const { val, grad } = withgradient((x, p) => p(x), ad, 5, poly3s);
    expect(val).toBe(17.5);
    expectNumbers(ad, grad, [2, { theta: [1, 5, 25] }]);
  });

  test(`seed 23: the engine named second, and the same numbers without, ${on}`, () => {
    const named = withgradient((x, p) => p(x), ad, 5, poly3s);
    expect(Object.keys(named)).toEqual(["val", "grad"]);
    expectNumbers(ad, [named.val, named.grad], [17.5, [2, { theta: [1, 5, 25] }]]);
    expect(plain(withgradient((x, p) => p(x), 5, poly3s))).toEqual({ val: 17.5, grad: [2, { theta: [1, 5, 25] }] });
  });

  test(`seed 24: a gradient rebuilds as a model, ${on}`, () => {
    const { grad } = withgradient((x, p) => p(x), ad, 5, poly3s);
    const d = Poly3.from(grad[1]);
    expectNumbers(ad, d.theta, [1, 5, 25]);
    expect(d).toBeInstanceOf(Poly3);
    expectNumbers(ad, d(1), 31);
    expect(String(Poly3.from({ theta: [1, 5, 25] }))).toBe("Poly3(theta: [1, 5, 25])");
  });

  test(`seed 26: writing into a captured array, ${on}`, () => {
    // What is captured is copied where it enters an op, so that a later write changes nothing that was computed.
    const w = new Float64Array([2, 3]);
    const f = (x: Tensor) => {
      const y = sum(mul(x, w));
      w[0] = 100;
      w[0] = 2;
      return y;
    };
    expectNumbers(ad, gradient(f, ad, tensor([1, 1]))[0], [2, 3]);
    const g = (x: Tensor) => {
      const scratch = new Float64Array(2);
      scratch[0] = 5;
      const y = mul(x, scratch);
      scratch[0] = 7; // too late for y
      return sum(y);
    };
    expectNumbers(ad, gradient(g, ad, tensor([1, 1]))[0], [5, 0]);
    // Arguments are copied when f is called: a write to the caller's array does not reach the tensor inside.
    const own = new Float64Array([1, 2]);
    const h = (x: Tensor) => {
      own[0] = 50;
      return sum(square(x));
    };
    expectNumbers(ad, gradient(h, ad, own)[0], [2, 4]);
    // A traced value does not fit into an array of numbers: to put it there is an error, never a number without derivative.
    const store = (x: Value) => {
      const buffer = new Float64Array(1);
      // @ts-expect-error a traced value is not a number
      buffer[0] = x;
      return sum(buffer);
    };
    if (ad.adtype !== "finite-diff") expect(() => gradient(store, ad, 3)).toThrow(AutodiffError);
    const x = tensor([1, 2]);
    x.dataSync()[0] = 100;
    expect(plain(x)).toEqual([1, 2]);
  });

  test(`seed 27: control flow, recursion and host code, ${on}`, () => {
    const power = (x: Value, n: number): Value => (n === 0 ? 1 : n % 2 === 0 ? square(power(x, n / 2)) : mul(x, power(x, n - 1)));
    expectNumbers(ad, gradient((x) => power(x, 5), ad, 2), [80]);
    const branch = (x: Tensor) => {
      const found: Value[] = [];
      const table = new Map([["a", 2], ["b", 3]]);
      for (const [key, k] of table) {
        if (key === "a" || x.item() > 0) found.push(mul(k, x));
        else found.push(exp(x));
      }
      while (found.length < 4) found.push(mul(x, x));
      return found.reduce((a, b) => add(a, b));
    };
    expectNumbers(ad, gradient(branch, ad, tensor(2))[0], 2 + 3 + 8);
    expectClose(gradient(branch, ad, tensor(-2))[0], 2 + Math.exp(-2) - 8, ad.adtype === "finite-diff" ? 1e-9 : 1e-15);
    const words = (x: Value, text: string) => text.split(" ").reduce<Value>((y, word) => add(mul(y, x), word.length), 0);
    expectNumbers(ad, gradient((x) => words(x, "a bb ccc"), ad, 2), [6]);
    const caught = (x: Value) => {
      try {
        JSON.parse("{");
        return x;
      } catch {
        return mul(x, 7);
      }
    };
    expectNumbers(ad, gradient(caught, ad, 2), [7]);
  });

  // Layers by hand

  const random = generator(1);
  const W0 = randn(random, [2, 3]), b0 = zeros([2]), x0 = rand(random, [3]);
  const predict = (W: Tensor, b: Tensor, x: Tensor) => sigmoid(add(matmul(W, x), b));
  /** By hand: the gradients of Σ σ(Wx + b). */
  const byHand = (() => {
    const s = predict(W0, b0, x0).toArray() as number[];
    const slope = s.map((y) => y * (1 - y));
    const xs = x0.toArray() as number[];
    return { W: slope.map((d) => xs.map((v) => d * v)), b: slope };
  })();
  const near = ad.adtype === "finite-diff" ? 1e-9 : 1e-15;

  test(`seed 28: a layer as a closure, ${on}`, () => {
    const layer = (x: Tensor) => sigmoid(add(matmul(W0, x), b0));
    expect(layer(x0).shape).toEqual([2]);
    const gs = gradient(() => sum(layer(x0)), ad, params(W0, b0));
    expectClose(gs.get(W0), byHand.W, near);
    expectClose(gs.get(b0), byHand.b, near);
  });

  test(`seed 29: explicit parameters, and a callable over its own fields, ${on}`, () => {
    const [dW, db] = gradient((W, b, x) => sum(predict(W, b, x)), ad, W0, b0, Const(x0));
    expectClose(dW, byHand.W, near);
    expectClose(db, byHand.b, near);
    const layer = callable({ W: W0, b: b0 }, (self, x: Tensor) => sigmoid(add(matmul(self.W, x), self.b)));
    expect(layer(x0).shape).toEqual([2]);
    const [d] = gradient((m) => sum(m(x0)), ad, layer);
    expectClose(d, byHand, near);
  });

  const Affine = defineLayer(
    "Affine",
    (nIn: number, nOut: number, act?: (x: Tensor) => Tensor) => ({ W: randn(random, [nOut, nIn]), b: zeros([nOut]), act: act ?? null }),
    ({ W, b, act }, x: Tensor) => {
      const y = add(matmul(W, x), b);
      return act === null ? y : act(y);
    },
  );

  // The struct of the guide: float32 weights as they are drawn, zero bias, an activation.
  const Layer = defineLayer(
    "Layer",
    (nIn: number, nOut: number, act: (x: Tensor) => Tensor = sigmoid) => ({ W: randn(random, [nOut, nIn], { dtype: "float32" }), b: zeros([nOut], "float32"), act }),
    ({ W, b, act }, x: Tensor | readonly Value[]) => act(add(matmul(W, x), b)),
  );
  /** Differences of float32 numbers have few digits. */
  const near32 = ad.adtype === "finite-diff" ? 1e-2 : 1e-6;

  test(`seed 31: the gradient of the layer's first output, ${on}`, () => {
    const d = Layer(3, 2);
    const [g] = gradient((d) => slice(d([0.1, 0.2, 0.3]), 0), ad, d);
    expect(Object.keys(g)).toEqual(["W", "b", "act"]);
    expect([g.W.shape, g.W.dtype, g.b.shape, g.b.dtype, g.act]).toEqual([[2, 3], "float32", [2], "float32", null]);
    expectClose(slice(g.W, 0), mul(slice(g.b, 0), [0.1, 0.2, 0.3]), near32);
    expect(plain([slice(g.W, 1), slice(g.b, 1)])).toEqual([[0, 0, 0], 0]);
    const y = d([0.1, 0.2, 0.3]);
    expectClose(slice(g.b, 0), mul(slice(y, 0), sub(1, slice(y, 0))), near32);
  });

  test(`seed 32: two layers and only, composed, ${on}`, () => {
    const model = compose(only, Layer(20, 1, identity), Layer(1, 20));
    expect(typeof model([0.1])).toBe("number");
    const [g] = gradient((m) => m([1]), ad, model);
    expect(Object.keys(g)).toEqual(["outer", "inner"]);
    expect([g.outer.outer, g.outer.inner.act, g.inner.act]).toEqual([null, null, null]);
    expect([g.outer.inner.W.shape, g.outer.inner.b.shape, g.inner.W.shape, g.inner.b.shape]).toEqual([[1, 20], [1], [20, 1], [20]]);
    expectClose(g.inner.W.reshape([20]), g.inner.b, ad.adtype === "finite-diff" ? near32 : 0);
    expectClose(g.outer.inner.b, [1], near32);
    expectClose(g.outer.inner.W, [model.inner([1])], near32);
  });

  test(`seed 33: a callable of two layers has a gradient with those keys, ${on}`, () => {
    const model = callable({ lay1: Affine(3, 4, sigmoid), lay2: Affine(4, 1) }, (self, x: Tensor) => sum(self.lay2(self.lay1(x))));
    const [d] = gradient((m) => m(x0), ad, model);
    expect(Object.keys(d)).toEqual(["lay1", "lay2"]);
    expect([d.lay1.W.shape, d.lay1.b.shape, d.lay2.W.shape, d.lay2.b.shape]).toEqual([[4, 3], [4], [1, 4], [1]]);
    expect([d.lay1.act, d.lay2.act]).toEqual([null, null]);
    expectClose(d.lay2.b, [1], near);
    expectClose(d.lay2.W, [model.lay1(x0)], near);
  });

  test(`seed 34: two layers by hand, ${on}`, () => {
    const W1 = rand(random, [3, 5]), b1 = rand(random, [3]);
    const layer1 = (x: Tensor) => add(matmul(W1, x), b1);
    const W2 = rand(random, [2, 3]), b2 = rand(random, [2]);
    const layer2 = (x: Tensor) => add(matmul(W2, x), b2);
    const model = (x: Tensor) => layer2(sigmoid(layer1(x)));
    const x = rand(random, [5]);
    expect(model(x).shape).toEqual([2]);
    const gs = gradient(() => sum(model(x)), ad, params(W1, b1, W2, b2));
    expectClose(gs.get(b2), [1, 1], near);
    const s = sigmoid(layer1(x));
    expectClose(gs.get(W2), [s, s], near);
    expectClose(gs.get(b1), sum(W2, { axis: 0 }).mul(s).mul(sub(1, s)), near);
  });

  test(`seed 35: a factory of layers that show what they captured, ${on}`, () => {
    const linear = (nIn: number, nOut: number) =>
      callable({ W: randn(random, [nOut, nIn]), b: randn(random, [nOut]) }, (self, x: Tensor) => add(matmul(self.W, x), self.b));
    const linear1 = linear(5, 3), linear2 = linear(3, 2);
    const model = (x: Tensor) => linear2(sigmoid(linear1(x)));
    const x = rand(random, [5]);
    expect(model(x).shape).toEqual([2]);
    expect(linear1.W.shape).toEqual([3, 5]);
    const gs = gradient(() => sum(model(x)), ad, params(linear1, linear2));
    expect(gs.size).toBe(4);
    expectClose(gs.get(linear2.b), [1, 1], near);
  });

  test(`seed 36: Affine, ${on}`, () => {
    const a = Affine(10, 5);
    const x = rand(random, [10]);
    expect(a(x).shape).toEqual([5]);
    const [d] = gradient((m, x) => sum(m(x)), ad, a, x);
    expectClose(d, { W: Array.from({ length: 5 }, () => x), b: [1, 1, 1, 1, 1], act: null }, near);
    const withActivation = Affine(10, 5, sigmoid);
    expectClose(withActivation(x), sigmoid(add(matmul(withActivation.W, x), withActivation.b)), 0);
  });

  test(`seed 38: composed layers, ${on}`, () => {
    const m = compose(Affine(5, 2), Affine(10, 5, sigmoid));
    const x = rand(random, [10]);
    expect(m(x).shape).toEqual([2]);
    const [d] = gradient((m, x) => sum(m(x)), ad, m, Const(x));
    expect([d.outer.W.shape, d.inner.W.shape]).toEqual([[2, 5], [5, 10]]);
    expectClose(d.outer.b, [1, 1], near);
  });

  test(`seed 40: explored by default, explicit children, opt-out, ${on}`, () => {
    class Struct {
      readonly tag = "struct";
      constructor(readonly a: Tensor, readonly n: number) {}
      apply(x: Value) {
        return mul(sum(mul(this.a, x)), this.n);
      }
    }
    class Hidden {
      #a: Tensor;
      readonly label = "hidden";
      constructor(a: Tensor) {
        this.#a = a;
      }
      apply(x: Value) {
        return sum(mul(this.#a, x));
      }
      [functor]() {
        return { children: { a: this.#a }, rebuild: ({ a }: { a: Tensor }) => new Hidden(a) };
      }
    }
    class Opaque {
      constructor(readonly a: Tensor) {}
    }
    leaf(Opaque);
    const s = new Struct(tensor([1, 2]), 3), h = new Hidden(tensor([4, 5])), o = new Opaque(tensor([6]));
    const ds = gradient((s) => s.apply(2), ad, s);
    expectNumbers(ad, ds, [{ a: [6, 6], n: 6, tag: null }]);
    const dh = gradient((h) => h.apply(2), ad, h);
    expectNumbers(ad, dh, [{ a: [2, 2] }]);
    const dm = gradient((m) => add(m.s.apply(1), sum(m.o.a)), ad, { s, o });
    expect(dm[0].o).toBeNull();
    expect([...params({ s, h, o })]).toEqual([s.a, tensor([4, 5])]);
    const doubled = fmap((x) => (x instanceof Tensor ? x.mul(2) : x), { s, h, o });
    expect(doubled.s).toBeInstanceOf(Struct);
    expect(plain(doubled.s.apply(1))).toBe(18);
    expect(doubled.h).toBeInstanceOf(Hidden);
    expect(plain(doubled.h.apply(1))).toBe(18);
    expect(doubled.o).toBe(o);
  });

  test(`seed 41: part of a model does not train, ${on}`, () => {
    const model = { body: Affine(3, 4, sigmoid), head: Affine(4, 1) };
    const loss = (m: typeof model) => sum(square(m.head(m.body(x0))));
    // By the optimiser: the state of that part is frozen, and thaws as it was.
    const state = freeze(setup(Momentum(0.01), model), ["body"]);
    const next = update(state, model, gradient(loss, ad, model)[0]);
    expect(next.model.body.W).toBe(model.body.W);
    expect(loss(next.model).item()).toBeLessThan(loss(model).item());
    const thawed = update(thaw(next.state), next.model, gradient(loss, ad, next.model)[0]);
    expect(plain(thawed.model.body.W)).not.toEqual(plain(model.body.W));
    // By the value: only the free part is differentiated.
    const [free, fixed] = partition(model, (_leaf, path) => path.startsWith(".head"));
    const [d] = gradient((m: typeof model) => loss(combine(m, fixed)), ad, free);
    expect(d.body).toEqual({ W: null, b: null, act: null });
    const half = update(setup(Descent(0.01), model), model, d).model;
    expect(half.body.W).toBe(model.body.W);
    expect(plain(half.head.W)).toEqual(plain(sub(model.head.W, mul(0.01, d.head.W))));
    // By the type: the layer says what is trained.
    const Fixed = defineLayer("Fixed", () => ({ scale: ones([3]), shift: ones([3]) }), (self, x: Tensor) => add(mul(self.scale, x), self.shift), { trainable: ["shift"] });
    const f = Fixed();
    const [g] = gradient((m) => sum(square(m(x0))), ad, f);
    const moved = update(setup(Descent(0.1), f), f, g).model;
    expect(moved.scale).toBe(f.scale);
    expect(plain(moved.shift)).toEqual(plain(sub(1, mul(0.1, g.shift))));
  });

  test(`seed 53: optimisers beyond Descent fit a line, ${on}`, { timeout: 60_000 }, () => {
    const rules = [
      Descent(0.1), Momentum(0.03), Nesterov(0.03), RMSProp(0.02), Rprop(0.1), Adam(0.1), AdamW(0.1), RAdam(0.1), AdaMax(0.1), NAdam(0.1), OAdam(0.05), AdaGrad(0.5),
      AdaDelta(0.9, { epsilon: 1e-3 }), AMSGrad(0.1), AdaBelief(0.1), Lion(0.01), OptimiserChain(ClipGrad(1), Adam(0.1)), OptimiserChain(ClipNorm(1), WeightDecay(1e-4), Descent(0.1)),
      OptimiserChain(SignDecay(1e-4), Momentum(0.03)), OptimiserChain(AccumGrad(2), Adam(0.1)),
    ];
    const xs = tensor([-1, -0.5, 0, 0.5, 1]);
    const ys = sub(mul(2, xs), 1);
    const Line = defineLayer("Line", () => ({ a: zeros([1]), b: zeros([1]) }), (self, x: Tensor) => add(mul(self.a, x), self.b));
    const loss = (m: ReturnType<typeof Line>) => mul(0.1, sum(square(sub(m(xs), ys))));
    expect(loss(Line()).item()).toBe(1.5);
    for (const rule of rules) {
      let model = Line();
      let state: OptimiserState<Rule, typeof model> = setup(rule, model);
      for (let step = 0; step < 60; step++) ({ state, model } = update(state, model, gradient(loss, ad, model)[0]));
      expect(loss(model).item(), rule.name).toBeLessThan(0.75);
    }
  });

  test(`seed 36: Affine is what Dense is, ${on}`, () => {
    const weight = randn(random, [5, 10]), bias = randn(random, [5]), x = rand(random, [10]);
    const affine = Affine.from({ W: weight, b: bias, act: sigmoid });
    const dense = Dense.from({ weight, bias, activation: sigmoid });
    expectClose(dense(x), affine(x), 1e-15);
    expect(Dense(10, 5, sigmoid)(cast(x, "float32")).shape).toEqual([5]);
    const f = (m: (x: Tensor) => Tensor, x: Tensor) => sum(square(m(x)));
    const [[a, dx], [b, dy]] = [gradient(f, ad, affine, x), gradient(f, ad, dense, x)] as const;
    expectClose([b.weight, b.bias, b.activation, dy], [a.W, a.b, a.act, dx], near);
  });

  test(`seed 37: layers folded over x are a Chain, ${on}`, () => {
    const layers = [Dense(10, 5, sigmoid), Dense(5, 2), softmax] as const;
    const model = Chain(...layers);
    const x = rand(random, [10], { dtype: "float32" });
    const fold = (fs: typeof layers, x: Tensor) => fs.reduce<Tensor>((y, f) => f(y), x);
    expect(plain(model(x))).toEqual(plain(fold(layers, x)));
    expectClose(sum(model(x)), 1, 1e-6);
    const [byFold] = gradient((fs) => slice(fold(fs, x), 0), ad, layers);
    const [byChain] = gradient((m) => slice(m(x), 0), ad, model);
    expectClose(byChain.layers, byFold, ad.adtype === "finite-diff" ? near32 : 0);
    expect(byChain.layers[2]).toBeNull();
  });

  test(`seed 38: composed Dense layers, ${on}`, () => {
    const m = compose(Dense(5, 2), Dense(10, 5, sigmoid));
    const x = rand(random, [10], { dtype: "float32" });
    expect(m(x).shape).toEqual([2]);
    const [d] = gradient((m) => sum(m(x)), ad, m);
    expectClose(d.outer.bias, [1, 1], near32);
    expectClose(d.outer.weight, [m.inner(x), m.inner(x)], near32);
  });

  test(`seed 39: functions in a Chain, ${on}`, () => {
    const m = Chain((x) => pow(x, 2), (x) => add(x, 1));
    expect(m(5)).toBe(26);
    expectNumbers(ad, gradient(m, ad, 5), [10]);
    expectNumbers(ad, gradient((x, m) => m(x), ad, 5, m), [10, { layers: [null, null] }]);
  });

  test(`seed 43: a Chain runs left to right, and is indexed, ${on}`, () => {
    const model = Chain(Dense(2, 3, relu), (y) => mul(y, 2), Dense(3, 1));
    expect(model.layers[0].weight).toBeInstanceOf(Tensor);
    const x = tensor([1, -2], null, "float32");
    const [first, second, third] = activations(model, x);
    expect(plain(first)).toEqual(plain(model.layers[0](x)));
    expect(plain(second)).toEqual(plain(mul(first, 2)));
    expect(plain(third)).toEqual(plain(model(x)));
    expect(plain(Chain(...model.layers.slice(0, 2))(x))).toEqual(plain(second));
    const [d] = gradient((m) => sum(square(m.layers[0].weight)), ad, model);
    expectClose(d.layers[0].weight, mul(2, model.layers[0].weight), near32);
    expect(plain([d.layers[2].weight, d.layers[2].bias])).toEqual([[[0, 0, 0]], [0]]);
  });

  test(`seed 44: a Dense layer of any batch axes, ${on}`, () => {
    const layer = Dense.from({ weight: randn(random, [2, 3]), bias: randn(random, [2]), activation: sigmoid });
    const x = randn(random, [4, 5, 3]);
    expect([layer(x).shape, layer(randn(random, [7, 3])).shape, layer(randn(random, [3])).shape, layer(zeros([0, 3])).shape]).toEqual([[4, 5, 2], [7, 2], [2], [0, 2]]);
    const loss = (m: typeof layer, x: Tensor) => sum(square(m(x)));
    const [d, dx] = gradient(loss, ad, layer, x);
    const single = (i: number, j: number) => gradient(loss, ad, layer, slice(x, i, j));
    const rows = Array.from({ length: 4 }, (_, i) => Array.from({ length: 5 }, (_, j) => single(i, j)));
    const total = (parts: readonly Tensor[]) => parts.reduce((a, b) => a.add(b));
    expectClose(d.weight, total(rows.flat().map(([g]) => g.weight)), 10 * near);
    expectClose(d.bias, total(rows.flat().map(([g]) => g.bias)), 10 * near);
    expectClose(dx, rows.map((row) => row.map(([, g]) => g)), near);
    // The given arrays of Flux's Dense([3.0;;]): 3x, so ∇(3x)² at 1.
    const three = Chain(Dense.from({ weight: [[3]] }));
    expectNumbers(ad, gradient((m, x) => sum(square(m(x))), ad, three, tensor([1])), [{ layers: [{ weight: [[6]], bias: [6], activation: null }] }, [18]]);
  });

  test(`seed 45: the sigmoid is stable, with a rule of its own, ${on}`, () => {
    expect([-1000, -40, 0, 40, 1000].map((x) => sigmoid(x))).toEqual([0, Math.exp(-40), 0.5, 1, 1]);
    expect(trace((x) => sigmoid(x), 0).equations.map(({ primitive }) => primitive.name)).toEqual(["sigmoid"]);
    expectNumbers(ad, [0, 1000, -1000].map((x) => gradient((x) => sigmoid(x), ad, x)[0]), [0.25, 0, 0]);
    const [tail] = gradient((x) => sigmoid(x), ad, -40);
    expect(Math.abs(tail / Math.exp(-40) - 1)).toBeLessThan(ad.adtype === "finite-diff" ? 1e-5 : ad.adtype === "tfjs" ? 1e-7 : 1e-15); // h⁶/140 at a step of 0.23; float32
    expectNumbers(ad, gradient((x) => sum(sigmoid(x)), ad, tensor([-1000, 1000]))[0], [0, 0]);
    if (ad.adtype !== "finite-diff") expect(plain(pushforward((x: Value) => sigmoid(x), ad, 0, 2))).toBe(0.5);
  });

  test(`seed 46: a batch is the stack of its rows, ${on}`, () => {
    const model = Chain(Dense(3, 4, sigmoid), Dense(4, 2), softmax);
    const X = randn(random, [6, 3], { dtype: "float32" });
    const rows = Array.from({ length: 6 }, (_, i) => model(slice(X, i)));
    expectClose(model(X), stack(rows), 1e-6);
    const [whole] = gradient((m) => sum(square(m(X))), ad, model);
    const [each] = gradient((m) => rows.map((_, i) => sum(square(m(slice(X, i))))).reduce((a, b) => a.add(b)), ad, model);
    expectClose(whole, each, near32);
  });

  test(`seed 47: own layers in four steps, ${on}`, () => {
    // Fields and constructor, call, printing.
    const Gate = defineLayer(
      "Gate",
      (size: number, open: number) => ({ weight: ones([size]), open }),
      ({ weight, open }, x: Tensor) => mul(x, sigmoid(add(mul(weight, x), open))),
      { show: ({ weight }) => `Gate(${weight.size})` },
    );
    const gate = Gate(2, 0.5);
    expect(String(gate)).toBe("Gate(2)");
    const at = (x: number) => 1 / (1 + Math.exp(-x - 0.5));
    expectClose(gate(tensor([1, -2])), [at(1), -2 * at(-2)], 1e-15);
    const slope = (x: number) => x * x * at(x) * (1 - at(x));
    expectClose(gradient((m) => sum(m(tensor([1, -2]))), ad, gate), [{ weight: [slope(1), slope(-2)], open: [1, -2].reduce((d, x) => d + slope(x) / x, 0) }], near);
    const model = Chain(gate, (y) => mul(y, 2));
    expect(String(model).split("\n")[1]).toBe("  Gate(2),                              # 2 parameters");
    expect([...params(model)]).toEqual([gate.weight]);
    expect(outputSize(model, [7, 2])).toEqual([7, 2]);
    // Printing may be left out, and the name says which type it is.
    const Bare = defineLayer("Bare", () => ({ weight: tensor([1, 2]), act: relu }), (self, x: Tensor) => self.act(mul(self.weight, x)));
    expect(String(Bare())).toBe("Bare(weight: float64[2] [1, 2], act: relu)");
  });

  test(`seed 48: a composition on another device, ${on}`, () => {
    const device = globalThis.polyadDevice ?? elsewhere();
    const model = Chain(compose(Dense(3, 2), Dense(4, 3, sigmoid)), softmax);
    const moved = fmap((t) => toDevice(t, device), model);
    expect(Object.keys(moved.layers[0])).toEqual(["outer", "inner"]);
    expect(moved.layers[0].inner).toBeInstanceOf(Dense);
    expect([moved.layers[0].inner.weight.device, moved.layers[0].outer.bias.device]).toEqual([device, device]);
    expect([moved.layers[0].inner.activation, moved.layers[1]]).toEqual([sigmoid, softmax]);
    const x = tensor([1, 2, 3, 4], null, "float32");
    expect(moved(x).device).toBe(device);
    expectClose(moved(x), model(x), 0);
    const [there] = gradient((m) => slice(m(x), 0), ad, moved);
    const [here] = gradient((m) => slice(m(x), 0), ad, model);
    expect(there.layers[0].inner.weight.device).toBe(device);
    expectClose(there, here, ad.adtype === "finite-diff" ? 0 : 1e-7);
    const back = fmap((t) => toDevice(t, "host"), moved);
    expect(plain(back.layers[0].inner.weight)).toEqual(plain(model.layers[0].inner.weight));
  });

  test(`seed 49: one step of descent by fmap, ${on}`, () => {
    const model = compose(Affine(5, 2), Affine(10, 5, sigmoid));
    const x = rand(random, [10]);
    const [g] = gradient((m) => sum(square(m(x))), ad, model);
    const next = fmap((p, dp) => (p instanceof Tensor && dp instanceof Tensor ? p.sub(dp.div(100)) : p), model, g);
    expect(Object.keys(next)).toEqual(["outer", "inner"]);
    expect(next.inner).toBeInstanceOf(Affine);
    expect(next(x).shape).toEqual([2]);
    expectClose(next.inner.W, sub(model.inner.W, div(g.inner.W, 100)), 0);
    expect(next.inner.act).toBe(sigmoid);
    const loss = (m: typeof model) => sum(square(m(x))).item();
    expect(loss(next)).toBeLessThan(loss(model));
  });

  // The points of the curve 2x − x³, and the loss of row 50.
  const curve = Array.from({ length: 41 }, (_, i) => [tensor([-2 + i / 10], null, "float32"), 2 * (-2 + i / 10) - (-2 + i / 10) ** 3] as const);

  test(`seed 50: train fits 2x − x³, ${on}`, { timeout: 300_000 }, async () => {
    const model = Chain(Dense(1, 20, sigmoid), Dense(20, 1), only);
    const loss = (m: typeof model, x: Tensor, y: number) => square(sub(m(x), y));
    const error = (m: typeof model) => curve.reduce((total, [x, y]) => total + Number(loss(m, x, y)), 0) / curve.length;
    if (ad.adtype !== "finite-diff" && !("chunkSize" in ad)) {
      const run = await train(loss, model, curve, Descent(0.01), { engine: ad, epochs: 1000 });
      expect([run.epochs, run.steps]).toEqual([1000, 41_000]);
      expect(error(run.model)).toBeLessThan(0.15);
    } else {
      // The same steps. All thousand epochs of finite differences, 200 s, were run by hand: mean squared error 0.100.
      const [run, taped] = await Promise.all([ad, AutoTape()].map((engine) => train(loss, model, curve, Descent(0.01), { engine })));
      expectClose(state(run!.model), state(taped!.model), near32);
    }
  });

  test(`seed 51: the same code trains composed layers and callables, ${on}`, async () => {
    const points = ad.adtype === "tape" ? curve : curve.filter((_, i) => i % 4 === 0);
    const models = [compose(only, Layer(20, 1, identity), Layer(1, 20)), callable({ lay1: Layer(1, 20), lay2: Layer(20, 1, identity) }, (self, x: Tensor) => only(self.lay2(self.lay1(x))))] as const;
    for (const model of models) {
      const loss = (m: typeof model, x: Tensor, y: number) => square(sub(m(x), y));
      const error = (m: typeof model) => points.reduce((total, [x, y]) => total + Number(loss(m, x, y)), 0) / points.length;
      const run = await train<typeof model, (typeof curve)[number], Descent, Value>(loss, model, points, Descent(0.01), { engine: ad, epochs: ad.adtype === "tape" ? 20 : 1 });
      expect(run.model).toBeTypeOf("function");
      expect(error(run.model)).toBeLessThan(error(model));
    }
  });

  test(`seed 52: one picture shows the true curve and the 41 fitted points, ${on}`, { timeout: 60_000 }, async () => {
    const [{ figure }, { fit, fitted, network, points }] = await Promise.all([import("../examples/curve/src/figure.js"), import("../examples/curve/src/study.js")]);
    const model = await fit(network(1), ad, 1);
    const picture = await figure(model);
    const marks = (role: string): string => new RegExp(`<g class="mark-${role} role-mark[^>]*>(.*?)</g>`, "s").exec(picture)![1]!;
    const heights = [...marks("symbol").matchAll(/transform="translate\(([\d.]+),([\d.]+)\)"/g)].map(([, , y]) => Number(y));
    expect(heights).toHaveLength(41);
    // A picture's axis is linear and points down: heights are those of the fit, shifted and scaled.
    const values = points.map((x) => fitted(model, x));
    const slope = (heights.at(-1)! - heights[0]!) / (values.at(-1)! - values[0]!);
    expect(slope).toBeLessThan(0);
    heights.forEach((y, i) => expect(y - heights[0]!).toBeCloseTo(slope * (values[i]! - values[0]!), 1));
    const curve = marks("line").match(/<path[^>]* d="([^"]*)"/)![1]!.match(/[ML]/g);
    expect(curve).toHaveLength(401);
    for (const word of ["2x − x³", "fitted points"]) expect(picture).toContain(`>${word}<`);
  });
}

/** A device beside the host, which computes as the host does. */
function elsewhere(): Device {
  class Moved extends Tensor {
    readonly trace = null;
    readonly device = device;
    constructor(readonly x: HostTensor) {
      super();
    }
    get shape() {
      return this.x.shape;
    }
    get dtype() {
      return this.x.dtype;
    }
    dataSync() {
      return this.x.dataSync();
    }
  }
  const put = <T>(y: T) => (y instanceof HostTensor ? new Moved(y) : y);
  const device: Device = {
    name: "elsewhere",
    reads: "sync",
    put: (x) => new Moved(x),
    evaluate: (primitive, inputs, attrs) => {
      const y = primitive.evaluate(inputs.map((x) => (x instanceof Moved ? x.x : x)), attrs);
      return Array.isArray(y) ? y.map(put) : put(y);
    },
  };
  return device;
}

test("seed 30: a layer of the guide prints its fields", () => {
  const Layer = defineLayer(
    "Layer",
    (nIn: number, nOut: number, act: (x: Tensor) => Tensor = sigmoid) => ({ W: randn(generator(1), [nOut, nIn], { dtype: "float32" }), b: zeros([nOut], "float32"), act }),
    ({ W, b, act }, x: Tensor) => act(add(matmul(W, x), b)),
  );
  const layer = Layer(3, 2);
  expect([layer.W.shape, layer.W.dtype, layer.b.dtype, layer.act]).toEqual([[2, 3], "float32", "float32", sigmoid]);
  expect(String(layer)).toMatch(/^Layer\(W: float32\[2, 3\] \[\[[^\]]*\], \[[^\]]*\]\], b: float32\[2\] \[0, 0\], act: sigmoid\)$/);
  expect(inspect(layer)).toBe(String(layer));
});

test("seed 42: a Chain prints its layers, parameters and bytes", () => {
  const model = Chain(Dense(1, 20, sigmoid), Dense(20, 1), only);
  expect(String(model)).toBe(`Chain(
  Dense(1 => 20, σ),                    # 40 parameters
  Dense(20 => 1),                       # 21 parameters
  only,
)                   # Total: 4 arrays, 61 parameters, 452 bytes.`);
  expect(inspect(model)).toBe(String(model));
  expect(inspect([model])).toContain("# Total: 4 arrays, 61 parameters, 452 bytes.");
  expect(parameterCount(model)).toBe(61);
  // The numbers of Flux's own examples.
  expect(String(Chain(Dense(784, 64), BatchNorm(64, relu), Dense(64, 10), softmax))).toBe(`Chain(
  Dense(784 => 64),                     # 50_240 parameters
  BatchNorm(64, relu),                  # 128 parameters, plus 128
  Dense(64 => 10),                      # 650 parameters
  softmax,
)         # Total: 6 trainable arrays, 51_018 parameters,
          # plus 2 non-trainable, 128 parameters, summarysize 200.211 KiB.`);
});

test("seed 44: Glorot's uniform weights, errors that name the layer, one warning", async () => {
  const layer = Dense(100, 50);
  const bound = Math.sqrt(6 / 150);
  const weights = [...layer.weight.dataSync()];
  expect([layer.weight.dtype, layer.weight.shape, Math.max(...weights) <= bound, Math.max(...weights) > 0.99 * bound, Math.min(...weights) < -0.99 * bound]).toEqual(["float32", [50, 100], true, true, true]);
  expect(plain(layer.bias)).toEqual(new Array(50).fill(0));
  expect(() => Dense(2, 3)(zeros([5], "float32"))).toThrow("layer Dense(2 => 3) expects an input of size 2 in its last axis, got shape [5].");
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on("warning", listen);
  const narrow = Dense(44, 4, relu);
  for (let i = 0; i < 3; i++) expect(narrow(zeros([44])).dtype).toBe("float32");
  gradient((m) => sum(m(zeros([2, 44]))), AutoTape(), narrow);
  narrow(zeros([44], "int32"));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listen);
  expect(warnings.map(({ message }) => message)).toEqual([
    'layer Dense(44 => 4, relu) computes in float32 and got float64, which is cast at every call. Cast it once, before: cast(x, "float32").',
  ]);
});

test("seed 8: the tracker form", () => {
  let W: Tensor = tensor([[1, 2], [3, 4]]);
  const x = tensor([1, 1]), y = tensor([1, 1]);
  const loss = () => sum(square(sub(y, matmul(W, x))));
  const untracked = loss();
  W = param(W);
  const l = loss();
  expect(l.item()).toBe(untracked.item());
  expect(() => backward(untracked)).toThrow("backward: expected a loss computed from param() tensors, got a float64 tensor of shape [].");
  backward(l);
  expect(plain(grad(W))).toEqual([[4, 4], [12, 12]]);
  backward(loss());
  expect(plain(grad(W))).toEqual([[8, 8], [24, 24]]);
});

test("seed 9: update adds and clears", () => {
  const W = param(tensor([1, 2]));
  backward(sum(square(W)));
  expect(plain(grad(W))).toEqual([2, 4]);
  W.update(grad(W).mul(-0.5));
  expect(plain(W)).toEqual([0, 0]);
  expect(plain(grad(W))).toEqual([0, 0]);
});

test("seed 10: a step of linear regression scales the loss exactly", () => {
  const random = generator(7);
  const x = rand(random, [5]), y = rand(random, [2]);
  const factor = (1 - 2 * 0.1 * sum(square(x)).item()) ** 2;
  const predict = (W: Tensor, b: Tensor) => add(matmul(W, x), b);
  const W0 = rand(random, [2, 5]), b0 = rand(random, [2]);

  // Tracker
  const W = param(W0), b = param(b0);
  const loss = () => sum(square(sub(y, predict(W, b))));
  const before = loss();
  backward(before);
  W.update(grad(W).mul(-0.1));
  expectClose(loss().div(before), factor, 1e-14);

  // Implicit and explicit, on every engine
  for (const ad of engines) {
    const lossOf = (W: Tensor, b: Tensor) => sum(square(sub(y, predict(W, b))));
    const gs = gradient(() => lossOf(W0, b0), ad, params(W0, b0));
    const [dW] = gradient(lossOf, ad, W0, b0);
    for (const step of [gs.get(W0), dW]) {
      const after = lossOf(W0.sub(step.mul(0.1)), b0);
      expectClose(after.div(lossOf(W0, b0)), factor, ad.adtype === "finite-diff" ? 1e-9 : 1e-14);
    }
  }
});

test("seed 12: finite differences with a given step", () => {
  const theta = [10, 1, 0.1] as const;
  const poly1 = (x: Value) => add(add(theta[0], mul(theta[1], x)), mul(theta[2], pow(x, 2)));
  expect(gradient(poly1, AutoFiniteDiff({ scheme: "forward", step: 0.1 }), 5)).toEqual([2.010000000000005]);
  expect(gradient(poly1, AutoFiniteDiff({ scheme: "forward", step: 0.001 }), 5)).toEqual([2.000100000003613]);
});

test("seed 25: an engine that is not loaded", { skip: globalThis.polyadEngines !== undefined /* it is, there */ }, () => {
  const AutoTfjs = defineADType("tfjs", "sync");
  const f = (x: Value) => mul(x, x);
  expect(() => gradient(f, AutoTfjs(), 2)).toThrow(BackendNotLoadedError);
  expect(() => gradient(f, AutoTfjs(), 2)).toThrow(
    'No engine is loaded for "tfjs". Install it with `npm install @polyad/backend-tfjs` and load it with `import "@polyad/backend-tfjs";`. Loaded: finite-diff, forward, tape.',
  );
});

test("seed 26: styles of automatic differentiation behind one call agree", () => {
  const f = (x: Value, m: { w: Tensor }) => sum(mul(sin(x), exp(m.w)));
  const model = { w: tensor([0.1, 0.2, 0.3]) };
  const [reverse, forward, differences] = [AutoTape(), AutoForward(), AutoFiniteDiff({ scheme: "central6" })].map((ad) => gradient(f, ad, 0.5, model));
  expectClose(forward, reverse, 1e-15);
  expectClose(differences, reverse, 1e-9);
});

test("seed 27: millions of parameters in one call", { timeout: 60_000 }, () => {
  const W = ones([1000, 1000]), b = ones([1000, 1000]), x = ones([1000, 1000]);
  const [dW, db] = gradient((W, b) => sum(square(add(mul(W, x), b))), AutoTape(), W, b);
  expect(dW.size + db.size).toBe(2_000_000);
  expect([dW, db].map((d) => d.dataSync().every((v) => v === 4))).toEqual([true, true]);
  const many = Array.from({ length: 100_000 }, (_, i) => i);
  const [d] = gradient((xs) => sum(square(concat([xs.slice(0, 50_000), xs.slice(50_000)]))), AutoTape(), many);
  expect(d).toEqual(many.map((v) => 2 * v));
});

test("every row of the list has its test, on every engine that can express it", () => {
  const named = [...readFileSync(import.meta.filename, "utf8").matchAll(/^ *test\(["`]seed (\d+): .*?(\$\{on\})?["`],/gm)].map(([, row, on]) => [Number(row), on !== undefined] as const);
  const rows = Array.from({ length: 53 }, (_, i) => i + 1);
  expect([...new Set(named.map(([row]) => row))].sort((a, b) => a - b)).toEqual(rows);
  const once: Readonly<Record<number, string>> = {
    8: "param and backward have no engine", 9: "likewise", 10: "goes over the engines itself", 12: "asks for finite differences", 25: "is of an engine that is not there", 30: "prints", 42: "prints",
  };
  const everywhere = new Set(named.filter(([, on]) => on).map(([row]) => row));
  expect(rows.filter((row) => !everywhere.has(row))).toEqual(Object.keys(once).map(Number));
});
