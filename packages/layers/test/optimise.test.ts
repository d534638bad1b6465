import { expect, test } from "vitest";
import {
  AccumGrad, Adam, add, AutodiffError, AutoFiniteDiff, AutoForward, AutoTape, backward, callable, compose, Const, defineLayer, defineRule, Descent, Duplicated, flatten, fmap, functor,
  grad, gradient, isRule, leaf, leaves, matmul, Momentum, mul, OptimiserChain, param, params, ParameterState, relu, setup, ShapeError, sigmoid, sign, square, sub, sum, Tensor, tensor,
  trainable, TreeError, update, withgradient, zeros,
  AdaGrad, AMSGrad, ClipGrad, ClipNorm, Lion, MixedPrecision, RMSProp, Rprop, slice, toDevice, type Device, type OptimiserState, type Rule, type RuleConstructor, type TypedArray, type Value,
} from "polyad";
import { HostTensor } from "../../core/src/tensor.js";

const float32 = (...xs: number[]) => tensor(new Float32Array(xs));
const engines = [AutoTape(), AutoForward(), AutoFiniteDiff()];

/** The numbers of a tree. */
const plain = (tree: unknown): unknown =>
  fmap((x) => (x instanceof Tensor ? x.toArray() : x instanceof Float64Array || x instanceof Float32Array ? [...x] : x), tree);

const Affine = defineLayer(
  "Affine",
  (nIn: number, nOut: number, act: ((x: Tensor) => Tensor) | null = null) => ({ W: tensor(Float64Array.from({ length: nIn * nOut }, (_, i) => Math.sin(i + 1)), [nOut, nIn]), b: zeros([nOut]), act }),
  ({ W, b, act }, x: Tensor) => {
    const y = add(matmul(W, x), b);
    return act === null ? y : act(y);
  },
);

// What setup makes

test("the state tree is like the gradient: nodes for float arrays, null for the rest", () => {
  class Struct {
    readonly tag = "s";
    constructor(readonly x: Tensor) {}
  }
  const model = {
    layer: Affine(2, 3, relu), list: [tensor([1]), float32(2)], map: new Map([["k", new Float64Array([3])]]), struct: new Struct(tensor(4)), single: new Float32Array(2),
    n: 5, ints: tensor([1, 2], null, "int32"), flags: tensor([true]), fixed: Const(tensor([6])), nothing: null, f: Math.sin,
  };
  const state = setup(Descent(), model);
  const shape = fmap((x) => x, flatten(state, (x) => x instanceof ParameterState).def.mirror(leavesOf(state).map((x) => (x === null ? null : x.array))));
  expect(shape).toEqual({
    layer: { W: "float64[3, 2]", b: "float64[3]", act: null }, list: ["float64[1]", "float32[1]"], map: new Map([["k", "float64[1]"]]), struct: { x: "float64[]", tag: null },
    single: "float32[2]", n: null, ints: null, flags: null, fixed: null, nothing: null, f: null,
  });
});

const leavesOf = (state: unknown) => flatten(state, (x) => x instanceof ParameterState).leaves as (ParameterState | null)[];

test("a state tree is plain data around tensors and numbers", () => {
  const state = setup(OptimiserChain(AccumGrad(2), Adam(0.1)), { w: float32(1, 2) });
  const [{ leaves: all, def }] = [flatten(state)];
  expect(def.paths.map((path, i) => [path, typeof all[i] === "object" ? "tensor" : all[i]])).toEqual([
    [".w.rule.name", "OptimiserChain"], [".w.rule.rules[0].name", "AccumGrad"], [".w.rule.rules[0].n", 2],
    [".w.rule.rules[1].name", "Adam"], [".w.rule.rules[1].eta", 0.1], [".w.rule.rules[1].beta[0]", 0.9], [".w.rule.rules[1].beta[1]", 0.999], [".w.rule.rules[1].epsilon", 1e-8],
    [".w.state[0].sum", "tensor"], [".w.state[0].count", 0], [".w.state[1].m", "tensor"], [".w.state[1].v", "tensor"], [".w.state[1].powers[0]", 1], [".w.state[1].powers[1]", 1],
    [".w.frozen", false], [".w.array", "float32[2]"],
  ]);
  const rebuilt = def.rebuild(all) as typeof state;
  const model = { w: float32(1, 2) };
  const dx = { w: float32(3, 4) };
  const twice = (s: typeof state) => update(update(s, model, dx).state, model, dx).model;
  expect(plain(twice(rebuilt))).toEqual(plain(twice(state)));
  expect(structuredClone(state.w!.rule)).toEqual(OptimiserChain(AccumGrad(2), Adam(0.1)));
});

test("one node for an array that lies at several places", () => {
  const W = tensor([1, 2]);
  const state = setup(Momentum(), { a: W, deep: [{ b: W }], other: tensor([1, 2]) });
  expect(state.deep[0]!.b).toBe(state.a);
  expect(state.other).not.toBe(state.a);
});

test("only what is trainable has a node", () => {
  const Norm = defineLayer("Norm", () => ({ scale: tensor([1]), mean: tensor([0]) }), (self, x: Tensor) => mul(self.scale, sub(x, self.mean)), { trainable: ["scale"] });
  class Struct {
    readonly w = tensor([1]);
    readonly statistics = { mean: tensor([2]) };
    get [trainable]() {
      return ["w"];
    }
  }
  class Opaque {
    readonly w = tensor([1]);
  }
  leaf(Opaque);
  const model = { norm: Norm(), struct: new Struct(), opaque: new Opaque() };
  const state = setup(Descent(1), model);
  expect(leavesOf(state).map((x) => x !== null)).toEqual([true, false, true, false, false]);
  const next = update(state, model, { norm: { scale: tensor([5]), mean: tensor([5]) }, struct: { w: tensor([5]), statistics: { mean: tensor([5]) } }, opaque: null } as never).model;
  expect(plain([next.norm.scale, next.norm.mean, next.struct.w, next.struct.statistics])).toEqual([[-4], [0], [-4], { mean: [2] }]);
  expect(next.struct).toBeInstanceOf(Struct);
  expect(next.opaque).toBe(model.opaque);
});

test("a model without parameters is warned of, and stays as it is", async () => {
  const warned: string[] = [];
  const listen = (warning: Error) => warned.push(`${warning.name}: ${warning.message}`);
  process.on("warning", listen);
  const model = { n: 3, f: relu };
  const state = setup(Adam(), model);
  setup(Adam(), model);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listen);
  expect(warned).toEqual(["PolyadWarning: setup: found no trainable parameters in this model. They are float tensors and typed arrays; a number is one as tensor(x)."]);
  expect(state).toEqual({ n: null, f: null });
  expect(update(state, model, { n: 2, f: null }).model).toEqual(model);
});

// Steps

for (const ad of engines) {
  test(`one step of a composed model is x − η·g, on ${ad.adtype}`, () => {
    const model = compose(Affine(3, 2), Affine(2, 3, sigmoid));
    const x = tensor([0.5, -1]);
    const [g] = gradient((m) => sum(square(m(x))), ad, model);
    const state = setup(Descent(0.1), model);
    const next = update(state, model, g);
    expect(next.model.outer).toBeInstanceOf(Affine);
    expect(next.model.inner.act).toBe(sigmoid);
    for (const side of ["outer", "inner"] as const) {
      for (const key of ["W", "b"] as const) expect(plain(next.model[side][key])).toEqual(plain(sub(model[side][key], mul(0.1, g[side][key]))));
    }
    expect(sum(square(next.model(x))).item()).toBeLessThan(sum(square(model(x))).item());
  });
}

test("nothing that was given changes", () => {
  const typed = new Float64Array([1, 2]);
  const model = { w: tensor([1]), typed, n: 4 };
  const dx = { w: tensor([1]), typed: new Float64Array([1, 1]), n: 2 };
  const state = setup(Momentum(1), model);
  const before = JSON.stringify([plain(model), plain(state), plain(dx)]);
  const next = update(state, model, dx);
  expect(plain(next.model)).toEqual({ w: [0], typed: [0, 1], n: 4 });
  expect(next.model.typed).toBeInstanceOf(Float64Array);
  expect(next.model.typed).not.toBe(typed);
  expect(JSON.stringify([plain(model), plain(state), plain(dx)])).toBe(before);
});

test("an array that is tied takes one step by the sum, and stays tied", () => {
  const W = tensor([1, 2]);
  const shared = new Float32Array([3]);
  const model = { a: W, b: [W], c: shared, d: shared, e: callable({ W }, (self) => sum(self.W)) };
  const state = setup(Momentum(1), model);
  const next = update(state, model, { a: tensor([1, 0]), b: [tensor([10, 0])], c: new Float32Array([1]), d: new Float32Array([1]), e: { W: tensor([0, 5]) } });
  expect(plain(next.model.a)).toEqual([-10, -3]);
  expect([next.model.b[0], next.model.e.W]).toEqual([next.model.a, next.model.a]);
  expect(next.model.b[0]).toBe(next.model.a);
  expect(next.model.e.W).toBe(next.model.a);
  expect(next.model.d).toBe(next.model.c);
  expect([...next.model.c]).toEqual([1]);
  expect(next.state.b[0]).toBe(next.state.a);
  expect(plain(next.state.a!.state)).toEqual([11, 5]);
  const part = update(state, model, { a: null, b: [tensor([10, 0])], c: null, d: null, e: null });
  expect(plain(part.model.a)).toEqual([-9, 2]);
  expect(part.model.e.W).toBe(part.model.a);
});

test("a layer used twice is one", () => {
  const layer = Affine(2, 2);
  const model = [layer, layer] as const;
  const [g] = gradient((m) => sum(m[1](m[0](tensor([1, 2])))), AutoTape(), model);
  const next = update(setup(Descent(0.1), model), model, g).model;
  expect(next[0]).toBe(next[1]);
  expect(plain(next[0].W)).toEqual(plain(sub(layer.W, mul(0.1, add(g[0].W, g[1].W)))));
});

test("null is no step and no change of state, zeros are both", () => {
  const model = { a: tensor([1]), deep: { b: tensor([2]), list: [tensor([3])] } };
  const first = update(setup(Adam(0.5), model), model, { a: tensor([1]), deep: { b: tensor([1]), list: [tensor([1])] } });
  const skipped = update(first.state, first.model, { a: null, deep: null });
  expect(skipped).toEqual(first);
  expect(leavesOf(skipped.state).every((node, i) => node === leavesOf(first.state)[i])).toBe(true);
  expect(update(first.state, first.model, null)).toEqual(first);
  const zero = update(first.state, first.model, { a: tensor([0]), deep: null });
  expect(zero.model.a.item()).toBeLessThan(first.model.a.item()); // momentum goes on
  expect(zero.state.a).not.toBe(first.state.a);
  expect(zero.model.deep.b).toBe(first.model.deep.b);
});

test("float32 stays float32, with the bits of float32 arithmetic", () => {
  let model = { w: float32(1, -2, 3) };
  let state = setup(Adam(), model);
  for (let t = 0; t < 5; t++) ({ state, model } = update(state, model, { w: float32(0.1, 2, -30) }));
  expect([model.w.dtype, ...leaves(state.w!.state).filter((x) => x instanceof Tensor).map((x) => x.dtype)]).toEqual(["float32", "float32", "float32"]);
  // A constant gradient makes Adam's steps η·sign(g).
  (model.w.toArray() as number[]).forEach((x, i) => expect(x).toBeCloseTo([0.995, -2.005, 3.005][i]!, 6));
});

test("numbers get gradients but do not train", () => {
  const model = { a: 2, w: tensor([3]) };
  const [g] = gradient((m) => sum(mul(m.a, m.w)), AutoTape(), model);
  expect(g.a).toBe(3);
  expect(plain(update(setup(Descent(1), model), model, g).model)).toEqual({ a: 2, w: [1] });
});

test("arrays, typed arrays and layers are models themselves", () => {
  const w = tensor([1, 2]);
  expect(plain(update(setup(Descent(1), w), w, tensor([1, 1])).model)).toEqual([0, 1]);
  const typed = new Float32Array([1, 2]);
  expect(update(setup(Descent(1), typed), typed, new Float32Array([1, 1])).model).toEqual(new Float32Array([0, 1]));
  const layer = callable({ theta: [tensor([1]), tensor([2])] }, (self, x: Value) => mul(x, sum(self.theta[0]!)));
  const next = update(setup(Descent(1), layer), layer, { theta: [tensor([1]), null] });
  expect(plain(next.model.theta)).toEqual([[0], [2]]);
});

test("a type that says its own children trains", () => {
  class Scaled {
    #x: Tensor;
    constructor(x: Tensor) {
      this.#x = x;
    }
    value() {
      return this.#x;
    }
    [functor]() {
      return { children: { x: this.#x }, rebuild: ({ x }: { x: Tensor }) => new Scaled(x) };
    }
  }
  const model = new Scaled(tensor([1]));
  expect(plain(update(setup(Descent(1), model), model, { x: tensor([3]) }).model.value())).toEqual([-2]);
});

test("buffers of Duplicated serve as gradients", () => {
  const model = { W: tensor([[1, 2], [3, 4]]), v: new Float64Array([1]) };
  const marked = Duplicated(model);
  gradient((m) => add(sum(square(m.W)), sum(m.v)), AutoTape(), marked);
  expect(plain(update(setup(Descent(0.5), model), model, marked.buffers as never).model)).toEqual({ W: [[0, 0], [0, 0]], v: [0.5] });
});

test("a gradient that was rebuilt as a model serves too", () => {
  const layer = Affine(1, 1);
  const [g] = gradient((m) => sum(m(tensor([2]))), AutoTape(), layer);
  const next = update(setup(Descent(1), layer), layer, Affine.from({ ...g, act: null }) as never).model;
  expect(plain(next.b)).toEqual([-1]);
});

test("a step can be differentiated: the gradient through one step of descent", () => {
  const x = tensor([2, -1]);
  const after = (x: Tensor) => {
    const [g] = gradient((x) => sum(mul(square(x), x)), AutoTape(), x);
    const { model } = update(setup(Momentum(0.1), x), x, g);
    return sum(square(model));
  };
  // x' = x − 0.3x², d Σx'² / dx = 2x'(1 − 0.6x)
  const expected = [2 * (2 - 1.2) * (1 - 1.2), 2 * (-1 - 0.3) * (1 + 0.6)];
  for (const ad of [AutoTape(), AutoForward()]) {
    const [d] = gradient(after, ad, x);
    (d.toArray() as number[]).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 13));
  }
});

test("arrays of a recording device train", () => {
  const w = param(tensor([3]));
  backward(sum(square(w)));
  expect(plain(update(setup(Descent(0.5), { w: tensor([3]) }), { w: tensor([3]) }, { w: grad(w) as Tensor }).model)).toEqual({ w: [0] });
});

test("the models of rows 32 and 33 of the seeds train", () => {
  const only = (x: Tensor) => slice(x, 0);
  const composed = compose(only, Affine(20, 1), Affine(1, 20, sigmoid));
  const named = callable({ lay1: Affine(1, 20, sigmoid), lay2: Affine(20, 1) }, (self, x: Tensor) => slice(self.lay2(self.lay1(x)), 0));
  const xs = [-1, -0.5, 0, 0.5, 1].map((x) => tensor([x]));
  for (const first of [composed, named]) {
    const loss = (m: (x: Tensor) => Value) => xs.reduce<Value>((total, x) => add(total, square(sub(m(x), mul(2, slice(x, 0))))), 0) as Tensor;
    let model: typeof first = first;
    let state: OptimiserState<Rule, typeof first> = setup(Adam(0.02), model);
    for (let t = 0; t < 60; t++) ({ state, model } = update(state, model, gradient(loss, AutoTape(), model)[0]));
    expect(loss(model).item()).toBeLessThan(loss(first).item() / 20);
  }
});

// Devices

/** Host memory under another name. */
function another(name: string, reads: "sync" | "async") {
  class Remote extends HostTensor {
    override get device(): Device {
      return device;
    }
    override dataSync(): TypedArray {
      if (reads === "async") throw new Error("await data()");
      return super.dataSync();
    }
    override item(): number {
      return this.dataSync()[0]!;
    }
  }
  const put = (x: Value): Value => (x instanceof HostTensor ? new Remote(x.shape, x.dtype, x.elements) : x);
  const device: Device = {
    name,
    reads,
    evaluate: (primitive, inputs, attrs) => {
      const out = primitive.evaluate(inputs, attrs);
      return Array.isArray(out) ? (out as readonly Value[]).map(put) : put(out as Value);
    },
    put: (x) => put(x) as Tensor,
  };
  return device;
}

test.each(["sync", "async"] as const)("state and parameters stay on their device, which reads %s", (reads) => {
  const device = another("elsewhere", reads);
  const host = { w: float32(1, 2) };
  const model = toDevice(host, device);
  const g = { w: float32(3, -4) };
  for (const rule of [Descent(), Adam(), Rprop(), RMSProp(0.1, { centred: true }), Lion(), OptimiserChain(ClipNorm(1), ClipGrad(0.7), AccumGrad(1), AdaGrad()), MixedPrecision(AMSGrad())]) {
    const state = setup(rule, model);
    const next = update(state, model, toDevice(g, device));
    const arrays = [next.model.w, ...leaves([state, next.state]).filter((x) => x instanceof Tensor)];
    for (const x of arrays) expect(x.device.name, rule.name).toBe("elsewhere");
    const expected = update(setup(rule, host), host, g).model.w;
    expect((next.model.w as HostTensor).elements, rule.name).toEqual((expected as HostTensor).elements);
  }
  const state = setup(Adam(), model);
  expect(() => update(state, model, g)).toThrow(new AutodiffError("update: the array at .w lives on elsewhere and its gradient on host. Move one with toDevice."));
  expect(plain(update(toDevice(setup(Adam(1), host), "host"), host, g).model)).toEqual(plain(update(setup(Adam(1), host), host, g).model));
});

// Own rules

test("own rules take part: pure functions of one array", () => {
  interface SignDescent extends Rule<"SignDescent"> {
    readonly eta: number;
  }
  const SignDescent: RuleConstructor<SignDescent, "eta"> = defineRule("SignDescent", "eta", { eta: 1 }, {
    init: () => null,
    apply: ({ eta }, state, _x, dx) => ({ state, dx: mul(eta, sign(dx)) }),
  });
  const x = tensor([5, 5]);
  expect(plain(update(setup(OptimiserChain(SignDescent(2), Descent(0.5)), x), x, tensor([7, -7])).model)).toEqual([4, 6]);
  expect(isRule(SignDescent())).toBe(true);
  const again = (): RuleConstructor<Adam, "eta"> => defineRule("Adam", "eta", Adam(), { init: () => null, apply: (_rule, state, _x, dx) => ({ state, dx }) });
  expect(again).toThrow(
    "defineRule: there is a rule called Adam already. Give this one another name.",
  );
});

test("rules are plain data, checked when they are made", () => {
  expect(Adam()).toEqual({ name: "Adam", eta: 0.001, beta: [0.9, 0.999], epsilon: 1e-8 });
  expect(Adam(0.1, { beta: [0.5, 0.6] })).toEqual({ name: "Adam", eta: 0.1, beta: [0.5, 0.6], epsilon: 1e-8 });
  const beta: [number, number] = [0.5, 0.6];
  const rule = Adam(1, { beta });
  beta[0] = 0;
  expect(rule.beta).toEqual([0.5, 0.6]);
  const refused: [make: () => unknown, message: string][] = [
    // @ts-expect-error not a hyperparameter
    [() => Adam(0.1, { betas: [0.9, 0.9] }), "Adam: there is no hyperparameter betas. It has eta, beta, epsilon."],
    // @ts-expect-error the first comes first
    [() => Adam({ eta: 0.1 }), "Adam: expected eta first, got a plain object. Write Adam(0.001, { … })."],
    [() => Adam(-1), "Adam: expected a learning rate of at least 0 for eta, got -1."],
    [() => Adam(NaN), "Adam: expected a number for eta, got NaN."],
    [() => Adam(1, { beta: [0.9, 1] }), "Adam: expected 0 <= beta < 1 for beta, got [0.9, 1]."],
    // @ts-expect-error two numbers
    [() => Adam(1, { beta: 0.9 }), "Adam: expected 2 numbers for beta, got 0.9."],
    // @ts-expect-error two numbers
    [() => Adam(1, { beta: [0.9] }), "Adam: expected 2 numbers for beta, got [0.9]."],
    // @ts-expect-error a schedule is given to adjust
    [() => Descent((t: number) => t), "Descent: expected a number for eta, got a function."],
    [() => AccumGrad(1.5), "AccumGrad: expected a whole number of at least 1 for n, got 1.5."],
    // @ts-expect-error it must be called
    [() => OptimiserChain(Adam), "OptimiserChain: expected a rule, as Adam(1e-3), as argument 0, got the function Adam. Rules are called: Adam(), not Adam."],
  ];
  for (const [make, message] of refused) expect(make).toThrow(new AutodiffError(message));
});

// Misuse

const w = () => ({ layers: [{ weight: tensor([[1, 2]]), bias: tensor([1]) }], n: 2 });
const dw = () => ({ layers: [{ weight: tensor([[1, 1]]), bias: tensor([1]) }], n: 0 });

test("what is taken for the arguments of update is named", () => {
  const model = w();
  const state = setup(Adam(), model);
  const wrong: [call: () => unknown, message: string][] = [
    // @ts-expect-error a rule is no state
    [() => update(Adam(), model, dw()), "update: got the rule Adam for the state. update(state, model, grad) needs state = setup(rule, model)."],
    // @ts-expect-error a model is no state
    [() => update(model, model, dw()), "update: got a model for the state. update(state, model, grad) needs state = setup(rule, model)."],
    // @ts-expect-error the constructor of a rule is no state
    [() => update(Adam, model, dw()), "update: got a model for the state. update(state, model, grad) needs state = setup(rule, model)."],
    // @ts-expect-error all gradients
    [() => update(state, model, [dw()]), "update: got the tuple of all gradients. Pass the model's entry, as grad[0]."],
    // @ts-expect-error value and gradients
    [() => update(state, model, { val: 1, grad: [dw()] }), "update: got { val, grad }, as withgradient returns it, for the gradient. Pass the model's entry, as grad[0] of it."],
    // @ts-expect-error a promise
    [() => update(state, model, Promise.resolve(dw())), "update: got a promise for the gradient. Await it: the engine is asynchronous."],
    [() => update(state, model, undefined), "update: got undefined for the gradient. Null says that there is none; has gradient() fewer entries than it was asked for?"],
    // @ts-expect-error the implicit form
    [() => update(state, model, gradient(() => sum(model.layers[0]!.weight), params(model))), "update: got Grads, of the implicit form, for the gradient. Pass an entry of gradient(loss, engine, model, …), as grad[0]."],
    // @ts-expect-error a rule comes first
    [() => setup(model, Adam()), "setup: expected a rule first, as Adam(1e-3), got a plain object."],
    // @ts-expect-error it must be called
    [() => setup(Adam, model), "setup: expected a rule first, as Adam(1e-3), got the function Adam. Rules are called: Adam(), not Adam."],
  ];
  for (const [call, message] of wrong) expect(call).toThrow(new AutodiffError(message));
  const list = [tensor([1]), tensor([2])];
  const { grad: grads } = withgradient((m) => sum(mul(m[0]!, m[1]!)), AutoTape(), list);
  expect(() => update(setup(Adam(), list), list, grads as never)).toThrow("update: got the tuple of all gradients. Pass the model's entry, as grad[0].");
  const one = tensor([1]);
  expect(() => update(setup(Adam(), one), one, [tensor([1])] as never)).toThrow("update: got the tuple of all gradients. Pass the model's entry, as grad[0].");
});

test("a gradient that does not fit is an error with the path", () => {
  const model = w();
  const state = setup(Adam(), model);
  const weight = tensor([[1, 1]]), bias = tensor([1]);
  const wrong: [grad: unknown, type: typeof AutodiffError | typeof ShapeError, message: string][] = [
    [{ layers: [{ weight: bias, bias }], n: 0 }, ShapeError, "update: expected a gradient float64[1, 2] at .layers[0].weight, got float64[1]."],
    [{ layers: [{ weight: tensor([[1, 1]], null, "float32"), bias }], n: 0 }, ShapeError, "update: expected a gradient float64[1, 2] at .layers[0].weight, got float32[1, 2]."],
    [{ layers: [{ weight, bias: 3 }], n: 0 }, ShapeError, "update: expected a gradient float64[1] at .layers[0].bias, got 3."],
    [{ layers: [{ weight, bias: [3] }], n: 0 }, ShapeError, "update: expected a gradient float64[1] at .layers[0].bias, got [3]."],
    [{ layers: [{ weight, bias: new Float64Array(2) }], n: 0 }, ShapeError, "update: expected a gradient float64[1] at .layers[0].bias, got float64[2]."],
    [{ layers: [{ weight }], n: 0 }, TreeError, "update: the gradient has nothing at .layers[0].bias. It must be like the model, with null for parts that take no step."],
    [{ layers: [], n: 0 }, TreeError, "update: the gradient has nothing at .layers[0].weight. It must be like the model, with null for parts that take no step."],
    [{ layers: [{ weight, bias, gain: bias }], n: 0 }, TreeError, "update: the gradient has something at .layers[0].gain, where the model has nothing. It must be like the model, with null for parts that take no step."],
    [{ layers: [{ weight, bias }, { weight, bias }], n: 0 }, TreeError, "update: the gradient has something at .layers[1].weight, where the model has nothing. It must be like the model, with null for parts that take no step."],
    [tensor([1]), TreeError, "update: the gradient has nothing at .layers[0].weight. It must be like the model, with null for parts that take no step."],
  ];
  for (const [grad, Type, message] of wrong) {
    expect(() => update(state, model, grad as never), message).toThrow(Type);
    expect(() => update(state, model, grad as never)).toThrow(new AutodiffError(message).message);
  }
});

test("the state of another model is an error with the path", () => {
  const model = w();
  const of = (other: unknown) => () => update(setup(Descent(), other) as never, model, dw());
  const hint = "Is it the state of another model? Make it with setup(rule, model).";
  expect(of({ layers: [{ weight: tensor([1]), bias: tensor([1]) }], n: 2 })).toThrow(`update: expected the state of float64[1, 2] at .layers[0].weight, got that of float64[1]. ${hint}`);
  expect(of({ layers: [{ weight: 1, bias: tensor([1]) }], n: 2 })).toThrow(`update: expected the state of float64[1, 2] at .layers[0].weight, got none. ${hint}`);
  expect(of({ layers: [{ weight: tensor([[1, 2]]), bias: tensor([1]) }], n: tensor([2]) })).toThrow(`update: there is a state at .n, where the model has nothing to train. ${hint}`);
  expect(of({ layers: [], n: tensor(1) })).toThrow("update: the state has nothing at .layers[0].weight. It must come from setup(rule, model) of this model.");
  expect(of({ ...w(), more: tensor([1]) })).toThrow("update: the state has something at .more, where the model has nothing. It must come from setup(rule, model) of this model.");
  expect(of([tensor([1])])).toThrow(TreeError);
});
