import { expect, test, vi } from "vitest";
import {
  AutoFiniteDiff, AutoForward, AutoTape, add, argmax, backward, cast, checkGradient, Const, Descent, callable, checkpoint, customRule, definePrimitive, derivative, div, Duplicated, full, grad, gradient, gradientAndHvp, hessian, hvp, jacobian, log, logSoftmax, max, mul, param, params, pow, prepareGradient, prepareHessian, prepareJacobian, pullback, pushforward, scatterAdd, SecondOrder, setup, sin, softmax, sqrt, square, sum, tensor, toDevice, toHost, trace, train,
  UnsupportedError, update, valueAndJacobian, withgradient, zeros, type Tensor, type Value,
} from "polyad";
import { engines, exact, expectNumbers, plain } from "./support.js";

// What was once wrong, mostly in silence.

const tape = AutoTape();
const W = tensor([2, 3]);
const V = tensor([5, 7]);

test("implicit form: a parameter captured by checkpoint() or customRule() is refused, not a constant", () => {
  const kept = checkpoint((y: Tensor) => sum(mul(W, y)));
  expect(() => gradient(() => kept(sin(V)), tape, params(W, V))).toThrow(UnsupportedError);
  const ruled = customRule((y: Tensor) => mul(W, y), { jvp: () => [(dx) => mul(W, dx)], vjp: () => [(ct) => mul(W, ct)] });
  for (const ad of exact) expect(() => gradient(() => sum(ruled(sin(V))), ad, params(W, V))).toThrow(/customRule\(\), checkpoint\(\)/);
  expect(() => gradient(() => checkpoint((y: Tensor) => sum(gradient((w) => sum(mul(mul(w, w), y)), tape, W)[0]))(sin(V)), tape, params(W, V))).toThrow(UnsupportedError);
});

test("implicit form: a parameter captured by trace() is one also where optimize() computed with it, or shared it with what is equal", () => {
  const [a, b] = [tensor([0, 0]), tensor([0, 0])];
  const graph = trace((x: Tensor) => add(mul(mul(x, a), 2), mul(mul(x, b), 3)), V);
  for (const g of [graph, graph.optimize(), graph.optimize().optimize()]) {
    const grads = gradient(() => sum(g.evaluate(V)), tape, params(a, b));
    expect(plain([grads.get(a), grads.get(b)])).toEqual([[10, 14], [15, 21]]);
    expect(plain(gradient((x) => sum(g.evaluate(x)), tape, V))).toEqual([[0, 0]]);
  }
  const passed = trace((x: Tensor, w: Tensor) => mul(x, w), V, a).optimize();
  expect(plain(gradient(() => sum(passed.evaluate(V, a)), tape, params(a)).get(a))).toEqual([5, 7]);
});

test("implicit form: parameters passed to checkpoint() and customRule(), and one tensor at two levels", () => {
  const kept = checkpoint((w: Tensor, v: Tensor) => sum(mul(mul(w, w), v)));
  const ruled = customRule((w: Tensor) => mul(w, w), { jvp: (_, [w]) => [(dx) => mul(mul(2, w), dx)], vjp: (_, [w]) => [(ct) => mul(mul(2, w), ct)] });
  for (const ad of engines) {
    const g = gradient(() => kept(W, V), ad, params(W, V));
    expectNumbers(ad, [g.get(W), g.get(V)], [[20, 42], [4, 9]]);
    expectNumbers(ad, gradient(() => sum(ruled(W)), ad, params(W)).get(W), [4, 6]);
    const outer = (w: Tensor): Value => sum(mul(w, gradient(() => sum(mul(W, mul(W, w))), tape, params(W)).get(W)));
    expectNumbers(ad, gradient(outer, ad, W), [[16, 36]]);
  }
});

test("checkpoint() and customRule() refuse to return what they captured", () => {
  expect(() => gradient((x) => checkpoint((_: Value) => x)(sin(x)), tape, 2)).toThrow(/Pass it as an argument/);
  const through = (x: Value): Value => customRule((_: Value) => x, { jvp: () => [(dx) => dx], vjp: () => [(ct) => ct] })(sin(x));
  for (const ad of exact) expect(() => gradient(through, ad, 2)).toThrow(/Pass it as an argument/);
  const list = customRule((() => [1, 2]) as never as (x: Value) => Value, { vjp: () => [(ct) => ct] });
  expect(() => gradient((x) => list(x), tape, 2)).toThrow("must return a number or a Tensor, got an array of length 2.");
});

test("finite differences pass results through as f gave them at x", () => {
  const ad = AutoFiniteDiff();
  const { val } = withgradient((x) => ({ loss: sum(square(x)), read: x.dataSync(), text: String(x.dataSync()[0]) }), ad, tensor([2]));
  expect([val.read, val.text]).toEqual([new Float64Array([2]), "2"]);
  expect(valueAndJacobian((x) => ({ y: square(x), read: x.dataSync() }), ad, tensor([2, 3])).val.read).toEqual(new Float64Array([2, 3]));
});

test("finite differences of what does not depend on x are exactly zero", () => {
  for (const scheme of ["forward", "backward", "central", "central4", "central6"] as const) {
    const ad = AutoFiniteDiff({ scheme });
    expect(plain(gradient((_x, y) => add(mul(y, 0.1), 0.7), ad, tensor([1, 2]), 3)[0])).toEqual([0, 0]);
  }
});

test("Duplicated holds the gradient, not the product with the Hessian; prepared operators fill it, too", () => {
  for (const zero of [true, false]) {
    const x = Duplicated(tensor([1, 2]), { zero });
    gradientAndHvp((x) => sum(mul(x, square(x))), tape, x, tensor([1, 1]));
    expect(x.buffers).toEqual(new Float64Array([3, 12]));
  }
  const model = Duplicated({ a: 2, w: tensor([1, 2]) }, { zero: false });
  const number = Duplicated(1, { zero: false });
  const step = prepareGradient((m, s) => mul(mul(m.a, s), sum(m.w)), tape, model, number);
  step.buffers();
  step({ a: 3, w: tensor([1, 1]) }, 2);
  step({ a: 3, w: tensor([1, 1]) }, 2);
  expect([model.buffers, number.buffers]).toEqual([{ a: 8, w: new Float64Array([12, 12]) }, 12]);
});

test("buffers are matched by key, and by dtype", () => {
  const f = ({ a, b }: { a: Value; b: Value }): Value => mul(a, square(b));
  const x = Duplicated({ a: 2, b: 3 }, { buffers: { b: 0, a: 0 } });
  gradient(f, tape, x);
  expect(x.buffers).toEqual({ a: 9, b: 12 });
  const step = prepareGradient(f, tape, { a: 2, b: 3 });
  expect(step.into([{ b: new Float64Array(1), a: new Float64Array(1) }], { a: 2, b: 3 })).toEqual([{ a: new Float64Array([9]), b: new Float64Array([12]) }]);
  expect(() => step.into([{ a: new Float64Array(1), c: new Float64Array(1) }] as never, { a: 2, b: 3 })).toThrow("into(): there is nothing at [0].b");
  expect(() => step.into([{ a: new Int32Array(1), b: new Float64Array(1) }] as never, { a: 2, b: 3 })).toThrow("expects a Float64Array of length 1 at leaf 0");
});

test("a list of one seed for an array in an array", () => {
  for (const ad of exact) {
    const f = ([[a]]: [[Value]]): Value => mul(a, square(a));
    expect(hvp(f as never, ad, [[2]], [[1]])).toEqual([[12]]);
    expect(hvp(f as never, ad, [[2]], [[[1]]])).toEqual([[[12]]]);
  }
});

test("fields of a layer may be called like what functions have", () => {
  const layer = callable({ toString: 2, constructor: 3, call: 4, name: 5 }, (self, x: Value) => mul(x, mul(self.toString, mul(self.constructor, mul(self.call, self.name)))));
  expect(gradient((l, x) => l(x), tape, layer, 1)).toEqual([{ toString: 60, constructor: 40, call: 30, name: 24 }, 120]);
});

test("param() and update() refuse what is being differentiated, and keep the value they had", () => {
  const w = param(tensor([1, 2]));
  for (const ad of exact) {
    expect(() => gradient((x) => sum(mul(w.update(x), x)), ad, tensor([3, 4]))).toThrow("update: got a value that is being differentiated by");
    expect(() => gradient((x) => sum(mul(param(x), x)), ad, tensor([3, 4]))).toThrow("param: got a value that is being differentiated by");
  }
  expect(w.toArray()).toEqual([1, 2]);
});

test("an asynchronous function is refused without a rejection left behind", async () => {
  const unhandled = vi.fn<() => void>();
  process.on("unhandledRejection", unhandled);
  const late = async (x: Value): Promise<Value> => {
    await Promise.resolve();
    return mul(x, x);
  };
  for (const ad of exact) expect(() => gradient(late as never, ad, 2)).toThrow("f returned a promise");
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

test("long graphs print", () => {
  const long = trace((x: Value) => {
    let y = x;
    for (let i = 0; i < 200_000; i++) y = mul(y, x);
    return y;
  }, 1);
  expect(long.toString().length).toBeGreaterThan(1e6);
});

test("finite differences: a number that meets a float32 tensor inside a float64 result takes its precision", () => {
  const f = (a: Value, b: Tensor): Value => sum(add(tensor([1, 1]), mul(a, b)));
  const slope = (scheme: "forward" | "central"): number => gradient(f, AutoFiniteDiff({ scheme }), 3, new Float32Array([1.1, 2.3]))[0];
  expect(slope("central")).toBeCloseTo(3.4, 3);
  expect(slope("forward")).toBeCloseTo(3.4, 2);
});

test("found by @polyad/conformance: a pushforward by an engine of reverse mode, of a function with an int result", () => {
  const f = (x: Tensor) => ({ largest: max(x), at: argmax(x) });
  for (const ad of engines) {
    const dy = pushforward(f, ad, tensor([1, 3, 2]), tensor([5, 7, 9]));
    expectNumbers(ad, dy.largest, 7);
    expect([dy.at.dtype, plain(dy.at)]).toEqual(["int32", 0]);
  }
});

test("found by @polyad/conformance: differences of a float64 number take the step of a float32 result", () => {
  const three = tensor(new Float32Array([3]), []);
  const second = hvp((x: Value) => mul(three, sin(square(x))), AutoFiniteDiff(), 0.42, 1);
  expect(Math.abs(Number(second) - 3 * (2 * Math.cos(0.42 ** 2) - 4 * 0.42 ** 2 * Math.sin(0.42 ** 2)))).toBeLessThan(0.2); // it was 0 or 800
});

test("found by @polyad/conformance: second order is prepared with two engines", () => {
  const step = prepareHessian((x: Tensor) => sum(mul(x, square(x))), SecondOrder(AutoForward(), tape), tensor([1, 2]));
  expect(plain(step(tensor([3, 4])))).toEqual([[18, 0], [0, 24]]);
});

test("forward mode: a zero tangent gives zero, also beside an infinite derivative", () => {
  for (const ad of exact) {
    expect(gradient((x: Value, y: Value) => pow(x, y), ad, 0, 0.5)).toEqual([Infinity, 0]);
    expect(gradient((z: readonly Value[]) => pow(z[0]!, z[1]!), ad, [0, 0.5])[0]).toEqual([Infinity, 0]);
    expect(plain(gradient((x: Tensor) => sum(sqrt(x)), ad, tensor([0, 4]))[0])).toEqual([Infinity, 0.25]);
    expect(gradient((x: Value, y: Value) => div(x, y), ad, 1, 0)).toEqual([Infinity, -Infinity]);
    expect(gradient((x: Value, y: Value) => pow(x, y), ad, -2, 2)[0]).toBe(-4); // in y it is NaN
  }
  expect(plain(jacobian((x: Tensor) => log(x), AutoForward(), tensor([0, 2])))).toEqual([[Infinity, 0], [0, 0.5]]);
  expect(pushforward((x: Tensor) => sqrt(x), AutoForward(), tensor([0, 4]), tensor([0, 1])).toArray()).toEqual([0, 0.25]);
  // At regular points nothing is cut off: the tangent itself can be differentiated at zero.
  const alongZero = (dx: Value): Value => pushforward((x: Value) => sqrt(x), AutoForward(), 4, dx as number);
  expect(gradient(alongZero, tape, 0)).toEqual([0.25]);
  const h = hessian((x: Tensor) => sum(mul(sqrt(x), x)), SecondOrder(AutoForward(), AutoForward()), tensor([4, 9]));
  expect(plain(h)).toEqual([[0.375, 0], [0, 0.25]]);
});

test("a primitive whose rule has no map for an operand, or a map that returns nothing, is refused", () => {
  type Maps = readonly [(v: Value) => Value, (v: Value) => Value];
  const twice = (rule: () => Maps) =>
    definePrimitive<[Value, Value], Value, null, (x: Value, y: Value) => Value>({
      name: "sumOfTwo", elementwise: true, shape: () => [], composite: ([x, y]) => add(x, y), jvp: rule, vjp: rule,
    });
  const short = twice(() => [(v: Value) => v] as never);
  const silent = twice(() => [(v: Value) => v, () => undefined] as never);
  for (const ad of exact) {
    const rule = ad.adtype === "tape" ? "vjp" : "jvp";
    expect(() => gradient((x: Value, y: Value) => short(x, y), ad, 1, 2)).toThrow(`sumOfTwo: its ${rule} rule gave 1 maps for 2 operands`);
    expect(() => gradient((x: Value, y: Value) => silent(x, y), ad, 1, 2)).toThrow(`sumOfTwo: the map of operand 1 in its ${rule} rule returned nothing`);
  }
  const [x, y] = [param(tensor(1)), param(tensor(2))];
  expect(() => backward(short(x, y) as Tensor)).toThrow("sumOfTwo: its vjp rule gave 1 maps for 2 operands");
});

test("an elementwise primitive that states compute alone gives a number for a number", () => {
  const half: (x: Value) => Value = definePrimitive<[Value], Value, null, (x: Value) => Value>({
    name: "half", elementwise: true, shape: ([x]) => (typeof x === "number" ? [] : x.shape), compute: (out, [x]) => out.elements.fill((typeof x === "number" ? x : x.item()) / 2), jvp: () => [(dx) => half(dx)], vjp: () => [(ct) => half(ct)],
  });
  expect(half(3)).toBe(1.5);
  for (const ad of exact) expect(withgradient((x: Value) => half(x), ad, 3)).toEqual({ val: 1.5, grad: [0.5] });
});

test("finite differences: a step that rounding swallows is refused, and one is asked for inside a capture", () => {
  expect(() => gradient((x: Value) => square(x), AutoFiniteDiff({ step: 1e-12 }), 1e6)).toThrow("the step 1e-12 is lost in rounding at 1000000");
  expect(() => gradient((x: Tensor) => sum(x), AutoFiniteDiff({ step: 1e-9 }), tensor(new Float32Array([1])))).toThrow("lost in rounding at 1");
  expect(gradient((x: Value) => square(x), AutoFiniteDiff({ step: 1e-4 }), 0)[0]).toBe(0);
  const inner = (ad: AutoFiniteDiff) => trace((x: Value) => gradient((y: Value) => square(y), ad, x as number)[0], 3);
  expect(() => inner(AutoFiniteDiff())).toThrow("AutoFiniteDiff({ step: 1e-6 })");
  expect(inner(AutoFiniteDiff({ step: 1e-3 })).evaluate(5)).toBeCloseTo(10, 8);
});

test("the cotangents of several results have no holes", () => {
  const seen: number[][] = [];
  const three = definePrimitive<[Tensor], readonly Tensor[], null, (x: Tensor) => readonly Tensor[]>({
    name: "three", shape: ([x]) => [x.shape, x.shape, x.shape], dtype: ["promote", "promote", "promote"], compute: (outs, [x]) => outs.forEach((out) => out.elements.set(x.elements)),
    vjp: () => [(cts) => (seen.push((cts as readonly unknown[]).map((ct) => Number(ct !== undefined))), (cts as readonly Tensor[])[1]!)],
  });
  expect(plain(gradient((x: Tensor) => sum(three(x)[1]!), tape, tensor([1, 2]))[0])).toEqual([1, 1]);
  const W = param(tensor([1, 2]));
  backward(sum(three(W)[1]!) as Tensor);
  expect(seen).toEqual([[0, 1, 0], [0, 1, 0]]);
});

test("checkpoint() of a layer is a layer, whose parameters are trained", () => {
  const line = callable({ w: tensor([2, 3]) }, (self, x: Tensor) => sum(mul(mul(self.w, self.w), x)));
  const kept = checkpoint(line);
  const x = tensor([5, 7]);
  const g = gradient((m: typeof kept, v: Tensor) => m(v), tape, kept, x);
  expect([plain(g[0].layer.w), plain(g[1])]).toEqual([[20, 42], [4, 9]]);
  expect(String(kept)).toContain("checkpoint");
  for (const ad of engines) expectNumbers(ad, gradient(() => kept(x), ad, params(kept)).get(line.w), [20, 42]);
});

test("Tracker form: a derivative of what depends on a param depends on it, too", () => {
  const c = tensor([1, 2]);
  const f = (w: Tensor) => (v: Tensor): Value => sum(mul(w, mul(v, square(v)))); // Σ w v³
  const of: Record<string, (w: Tensor) => Value> = {
    gradient: (w) => sum(gradient(f(w), tape, c)[0]), // Σ 3 w c²
    withgradient: (w) => mul(3, withgradient(f(w), tape, c).val), // Σ 3 w c³
    hvp: (w) => sum(hvp(f(w), tape, c, tensor([1, 1]))), // Σ 6 w c
    hessian: (w) => sum(hessian(f(w), tape, c)),
    jacobian: (w) => sum(jacobian((v) => mul(w, v), tape, c)),
    pullback: (w) => sum(pullback((v) => mul(w, v), tape, c, tensor([2, 3]))),
    pushforward: (w) => pushforward(f(w), tape, c, tensor([1, 0])),
    derivative: (w) => sum(derivative((t) => mul(w, square(t)), tape, 5)),
  };
  const expected: Record<keyof typeof of, number[]> = {
    gradient: [3, 12], withgradient: [3, 24], hvp: [6, 12], hessian: [6, 12], jacobian: [1, 1], pullback: [2, 3], pushforward: [3, 0], derivative: [10, 10],
  }; // prettier-ignore
  for (const [name, derived] of Object.entries(of)) {
    const w = param(tensor([3, 5]));
    backward(add(derived(w), sum(w)));
    expect([name, grad(w).toArray()]).toEqual([name, expected[name]!.map((d) => d + 1)]);
  }
});

test("float32: many that meet in one place are added in float64, however many places there are", () => {
  for (const n of [1, 2e6]) {
    const many = scatterAdd(zeros([n], "float32"), zeros([1e6], "int32"), full([1e6], 0.1, "float32"));
    expect([many.dtype, Math.abs(many.dataSync()[0]! - 1e5) < 0.01]).toEqual(["float32", true]);
  }
});

test.each(exact)("what operators return of an f that captured a param() steps, moves, and fills typed arrays: %j", async (ad) => {
  const w = param(tensor([1, 2, 3]));
  const f = (m: { x: Tensor }): Value => sum(mul(m.x, square(w)));
  const model = { x: tensor([1, 1, 1]) };
  const { model: trained } = await train((m) => f(m), model, [[]], Descent(0.5), { engine: ad });
  expect([trained.x.toArray(), trained.x.device.name]).toEqual([[0.5, -1, -3.5], "host"]);
  const [grad1] = gradient(f, ad, model);
  expect(plain(update(setup(Descent(0.5), model), model, grad1).model.x)).toEqual([0.5, -1, -3.5]);
  backward(sum(grad1.x));
  expect(grad(w).toArray()).toEqual([2, 4, 6]);
  expect(plain([toDevice({ w }, "host").w, (await toHost(grad1)).x])).toEqual([[1, 2, 3], [1, 4, 9]]);
  const typed = { x: Float64Array.of(1, 1, 1) };
  const read = (m: { x: Tensor }): Value => f(m);
  expect(gradient(read, ad, typed)[0].x).toEqual(Float64Array.of(1, 4, 9));
  const buffered = Duplicated(model);
  gradient(f, ad, buffered);
  expect(buffered.buffers.x).toEqual(Float64Array.of(1, 4, 9));
  const prepared = prepareGradient(f, ad, model);
  expect(prepared.into(prepared.buffers(), model)[0].x).toEqual(Float64Array.of(1, 4, 9));
  expect(() => gradient((x) => mul(x, toDevice({ w: x }, "host").w), ad, 2)).not.toThrow(); // a number stays
  expect(() => gradient((x: Tensor) => sum(toDevice(mul(x, w), "host")), ad, tensor([1, 2, 3]))).toThrow(/moving it would lose its derivative/);
});

test("a number that param() recorded is refused beside integers, whose product would lose its derivative", () => {
  const n = cast(param(tensor(2)), "number");
  expect(() => mul(n, tensor([1, 2], null, "int32"))).toThrow(/int32 tensor with a traced number/);
});

test("a prepared operator knows its example's signature when that is gone", () => {
  const f = (x: Tensor): Value => sum(square(x));
  const example = Float64Array.of(1, 2, 3);
  const step = prepareGradient(f as never as (x: Value) => Value, tape, example as never);
  structuredClone(example, { transfer: [example.buffer] });
  expect(step(Float64Array.of(4, 5, 6) as never)).toEqual([Float64Array.of(8, 10, 12)]);
  expect(() => step(Float64Array.of(4) as never)).toThrow("prepared for Float64Array[3], got Float64Array[1]");
  expect(() => prepareJacobian((x: Tensor, c: unknown) => mul(x, c as Tensor), tape, tensor([1]), Const(tensor([2])))).toThrow("prepareJacobian: a later argument is marked Const.");
});

test("softmax and logSoftmax: infinity beside NaN has one derivative, captured or not", () => {
  const x = tensor([Infinity, NaN, 3]);
  for (const f of [softmax, logSoftmax]) {
    const graph = trace((v: Tensor) => f(v), x);
    const by = (g: (v: Tensor) => Tensor): unknown => plain(gradient((v: Tensor) => sum(mul(g(v), tensor([1, 2, 3]))), tape, x)[0]);
    expect(by((v) => graph.evaluate(v))).toEqual(by(f));
  }
});

test("checkGradient: float32 allows for the rounding of f, and for no more", () => {
  const wrong = customRule((x: Tensor) => add(1e4, mul(0.005, sum(x))), { vjp: (_out, [x]) => [() => zeros(x.shape, x.dtype)] });
  expect(() => checkGradient(wrong, tape, tensor(Float32Array.of(1, 2)))).toThrow("got 0.00000, expected 0.0099");
});
