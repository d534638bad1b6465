import { expect, test } from "vitest";
import {
  add, AutoFiniteDiff, AutoForward, AutodiffError, AutoTape, backward, BackendNotLoadedError, callable, compose, Const, concat, defineADType, defineLayer, div, Duplicated, exp,
  fmap, functor, generator, grad, gradient, leaf, matmul, mul, ones, param, params, pipe, pow, rand, randn, reciprocal, sigmoid, sin, slice, square, sub, sum, Tensor,
  tensor, withgradient, zeros, type Value,
} from "polyad";
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

  test(`seed 22, 23: value and gradient in one call, ${on}`, () => {
    const { val, grad } = withgradient((x, p) => p(x), ad, 5, poly3s);
    expect(val).toBe(17.5);
    expectNumbers(ad, grad, [2, { theta: [1, 5, 25] }]);
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
}

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

test("seed 25: an engine that is not loaded", () => {
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

test("seed 27: millions of parameters in one call", () => {
  const W = ones([1000, 1000]), b = ones([1000, 1000]), x = ones([1000, 1000]);
  const [dW, db] = gradient((W, b) => sum(square(add(mul(W, x), b))), AutoTape(), W, b);
  expect(dW.size + db.size).toBe(2_000_000);
  expect([dW, db].map((d) => d.dataSync().every((v) => v === 4))).toEqual([true, true]);
  const many = Array.from({ length: 100_000 }, (_, i) => i);
  const [d] = gradient((xs) => sum(square(concat([xs.slice(0, 50_000), xs.slice(50_000)]))), AutoTape(), many);
  expect(d).toEqual(many.map((v) => 2 * v));
});
