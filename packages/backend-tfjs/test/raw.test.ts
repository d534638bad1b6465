import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core"; // first: the engine is that of the copy which loads first
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
import * as tfl from "@tensorflow/tfjs-layers";
import {
  abs, add, AutoForward, AutoTape, concat, conv, div, erf, exp, gather, gradient, greater, hessian, hvp, jacobian, log, logSoftmax, logsumexp, matmul, max, maxPool, mean, min, mul, pow,
  prod, pullback, pushforward, relu, scope, selu, sigmoid, sin, slice, softmax, softplus, square, sub, sum, tanh, tensor, toDevice, UnsupportedError, where, withgradient, type ADType, type Tensor, type Value,
} from "polyad";
import { AutoTfjs, fromTf, ready, tfjs, toTf } from "@polyad/backend-tfjs";

/** TensorFlow.js's own ops inside of f, by its own gradients, once these are loaded. */

type Function = (x: Tensor) => Value;
const ad = AutoTfjs({ device: "cpu" });
let before = 0;

beforeAll(async () => {
  await ready(AutoTfjs({ device: "wasm" }));
  await ready(ad);
  await tf.setBackend("cpu");
});
beforeEach(() => {
  before = tf.memory().numTensors;
});
const nothingLeft = (): void => expect(tf.memory().numTensors, "tensors").toBe(before);

const grad = (f: Function, x: Tensor, engine: ADType = ad): Tensor => gradient(f, engine as AutoTape, x)[0];
/** ∇(½|∇f|²) = H·∇f: of second order, by a tape on a tape. */
const second = (f: Function, engine: ADType): Function => (x) => mul(0.5, sum(square(grad(f, x, engine))));

function near(got: Tensor, expected: Tensor, digits = 4): void {
  expect(got.shape).toEqual(expected.shape);
  const scale = Math.max(1, ...expected.dataSync().map(Math.abs));
  expected.dataSync().forEach((e, i) => expect(got.dataSync()[i]! / scale).toBeCloseTo(e / scale, digits));
}

const m = tensor([[0.5, -1.2, 2.1], [0.3, 0.7, -0.4]]);
const positive = tensor([[0.5, 0.1, 0.9]]);
const image = tensor(Float64Array.from({ length: 32 }, (_, i) => Math.sin(3 * i)), [1, 2, 4, 4]);
const channelsLast = (t: tf.Tensor): tf.Tensor4D => tf.transpose(t as tf.Tensor4D, [0, 2, 3, 1]);
const ones = tensor(new Float64Array(8).fill(1), [1, 2, 2, 2]);
const labels = [[0, 1, 0], [1, 0, 0]];

type Row = readonly [name: string, raw: (t: tf.Tensor) => tf.Tensor, ours: Function, x: Tensor];

/** Right at every order, also where TensorFlow.js itself is silently wrong at the second: it saves results for these. */
const smooth: readonly Row[] = [
  ["exp", tf.exp, exp, m],
  ["tanh", tf.tanh, tanh, m],
  ["sigmoid", tf.sigmoid, sigmoid, m],
  ["softmax", tf.softmax, (x) => softmax(x), m],
  ["logSoftmax", tf.logSoftmax, (x) => logSoftmax(x), m],
  ["pow", (t) => tf.pow(t, 1.5), (x) => pow(x, 1.5), positive],
  ["pow, by its exponent", (t) => tf.pow(tf.scalar(1.5), t), (x) => pow(1.5, x), m],
  ["max", (t) => tf.max(t, 1), (x) => max(x, { axis: 1 }), m],
  ["min", (t) => tf.min(t, 1), (x) => min(x, { axis: 1 }), m],
  ["logSumExp", (t) => tf.logSumExp(t, 1), (x) => logsumexp(x, { axis: 1 }), m],
  ["sin", tf.sin, sin, m],
  ["log", tf.log, log, positive],
  ["softplus", tf.softplus, softplus, m],
  ["erf", tf.erf, erf, m],
  ["relu", tf.relu, relu, m],
  ["selu", tf.selu, selu, m],
  ["abs", tf.abs, abs, m],
  ["a quotient", (t) => tf.div(tf.sum(t), tf.add(t, 5)), (x) => div(sum(x), add(x, 5)), m],
  ["matMul", (t) => tf.matMul(t as tf.Tensor2D, t as tf.Tensor2D, false, true), (x) => matmul(x, x, { transposeB: true }), m],
  ["a comparison inside of where", (t) => tf.where(tf.greater(t, 0), tf.exp(t), tf.square(t)), (x) => where(greater(x, 0), exp(x), square(x)), m],
  ["gather", (t) => tf.gather(t, tf.tensor1d([2, 0, 2], "int32"), 1), (x) => gather(x, tensor([2, 0, 2], null, "int32"), { axis: 1 }), m],
  ["slice", (t) => tf.slice(t, [0, 1], [2, 2]), (x) => slice(x, null, [1, 3]), m],
  ["concat", (t) => tf.concat([t, tf.square(t)], 1), (x) => concat([x, square(x)], { axis: 1 }), m],
  ["conv2d", (t) => tf.conv2d(channelsLast(t), tf.ones([2, 2, 2, 1]), 1, "valid"), (x) => conv(x, ones), image],
  ["sigmoidCrossEntropy", (t) => tf.losses.sigmoidCrossEntropy(labels, t), (x) => mean(sub(softplus(x), mul(x, tensor(labels)))), m],
];

/** Of these, TensorFlow.js has a first derivative, and none of second order. */
const once: readonly (readonly [...Row, op: string])[] = [
  ["maxPool", (t) => tf.maxPool(channelsLast(t), 2, 2, "valid"), (x) => maxPool(x, 2), image, "MaxPoolGrad"],
  ["prod, which needs the chained ops", (t) => tf.prod(t, 1), (x) => prod(x, { axis: 1 }), m, "Cumprod"],
  ["elu", tf.elu, (x) => where(greater(x, 0), x, sub(exp(x), 1)), m, "EluGrad"],
];

describe("TensorFlow.js's own ops", () => {
  it.each(smooth)("%s: first, second and third derivative", (_name, raw, ours, x) => {
    const [f, g] = [(v: Tensor) => sum(square(fromTf(raw(toTf(v))))), (v: Tensor) => sum(square(ours(v)))];
    near(grad(f, x), grad(g, x, AutoTape()));
    near(hessian(f, ad, x), hessian(g, AutoTape(), x));
    near(grad(second(f, ad), x), grad(second(g, AutoTape()), x, AutoTape()));
    near(grad(second(second(f, ad), ad), x), grad(second(second(g, AutoTape()), AutoTape()), x, AutoTape()));
    nothingLeft();
  });

  it.each(once)("%s: the first derivative, and an error that names the op for the second", (_name, raw, ours, x, op) => {
    const f = (v: Tensor): Value => sum(square(fromTf(raw(toTf(v)))));
    near(grad(f, x), grad((v) => sum(square(ours(v))), x, AutoTape()));
    const hopeless = () => hessian(f, ad, x);
    expect(hopeless).toThrow(UnsupportedError);
    expect(hopeless).toThrow(`TensorFlow.js has no gradient for its op ${op}.`);
    expect(() => grad(second(f, ad), x)).toThrow("write this part of f in Polyad's ops");
    nothingLeft();
  });

  it.each([
    ["Einsum", (t: tf.Tensor) => tf.einsum("ij,kj->ik", t, t)],
    ["TopK", (t: tf.Tensor) => tf.topk(t, 2).values],
    ["Cumprod", (t: tf.Tensor) => tf.cumprod(t, 1)],
    ["StridedSlice", (t: tf.Tensor) => tf.stridedSlice(t, [0, 0], [2, 3], [1, 2])],
  ] as const)("%s has no derivative there: the error says so", (op, raw) => {
    const f = (v: Tensor): Value => sum(fromTf(raw(toTf(v))));
    expect(() => grad(f, m)).toThrow(UnsupportedError);
    expect(() => grad(f, m)).toThrow(`TensorFlow.js has no gradient for its op ${op}. Load its gradients with`);
    nothingLeft();
  });

  it("what a customGrad computed in between and saved is no constant: its second derivative is an error", () => {
    const f = (v: Tensor): Value => fromTf(tf.losses.softmaxCrossEntropy(labels, toTf(v)));
    near(grad(f, m), grad((v) => mul(-0.5, sum(mul(tensor(labels), logSoftmax(v)))), m, AutoTape()));
    for (const twice of [() => hessian(f, ad, m), () => grad(second(f, ad), m)]) {
      expect(twice).toThrow(UnsupportedError);
      expect(twice).toThrow(/^tfjs: TensorFlow.js's op softmaxCrossEntropy\w* has no second derivative: its gradient uses what it computed without the tape. For that, write this part of f in Polyad's ops/);
    }
    nothingLeft();
  });

  it("a customGrad that saves operands and results has every order", () => {
    const cube = tf.customGrad((x, save) => {
      const t = x as tf.Tensor;
      (save as (ts: tf.Tensor[]) => void)([t]);
      return { value: tf.mul(t, tf.square(t)), gradFunc: (dy, [saved]) => tf.mul(dy, tf.mul(3, tf.square((saved as tf.Tensor)!))) };
    });
    const exponential = tf.customGrad((x, save) => {
      const value = tf.exp(x as tf.Tensor);
      (save as (ts: tf.Tensor[]) => void)([value]);
      return { value, gradFunc: (dy, [saved]) => tf.mul(dy, saved as tf.Tensor) };
    });
    const x = tensor([0.5, -2]);
    near(hessian((v: Tensor) => sum(fromTf(cube(toTf(v)))), ad, x), tensor([[3, 0], [0, -12]]));
    near(hessian((v: Tensor) => sum(fromTf(exponential(toTf(v)))), ad, x), tensor([[Math.exp(0.5), 0], [0, Math.exp(-2)]]));
    nothingLeft();
  });

  it("integers and truth values pass no derivative on", () => {
    const f = (v: Tensor): Value => {
      const t = toTf(v);
      return sum(fromTf(tf.add(tf.mul(tf.cast(tf.greater(t, 0), "float32"), t), tf.cast(tf.cast(t, "int32"), "float32"))));
    };
    expect(grad(f, tensor([1.5, -2.5])).toArray()).toEqual([1, 0]);
    nothingLeft();
  });

  it("Jacobians and products, either way", () => {
    const f = (v: Tensor): Tensor => fromTf(tf.exp(tf.matMul(tf.tensor2d([[1, 2], [3, 4], [5, 6]]), toTf(v).reshape([2, 1]) as tf.Tensor2D).reshape([3])));
    const g = (v: Tensor): Tensor => exp(matmul(tensor([[1, 2], [3, 4], [5, 6]]), v));
    const x = tensor([0.3, -0.2]);
    near(jacobian(f, ad, x), jacobian(g, AutoTape(), x));
    near(pullback(f, ad, x, tensor([1, -1, 2])), pullback(g, AutoTape(), x, tensor([1, -1, 2])));
    near(pushforward(f, ad, x, tensor([1, -2])), pushforward(g, AutoForward(), x, tensor([1, -2])));
    near(hvp((v) => sum(f(v)), ad, x, tensor([1, 1])), hvp((v) => sum(g(v)), AutoTape(), x, tensor([1, 1])));
    nothingLeft();
  });
});

describe.each(["cpu", "wasm"] as const)("networks of TensorFlow.js's ops on %s", (device) => {
  const engine = AutoTfjs({ device });
  const x = tensor([[0.5, -1, 2], [0.1, 0.2, 0.3], [1, 1, 1], [-1, 0, 1]]);
  const y = tensor([[1], [0], [-1], [0.5]]);
  const model = { w: tensor([[0.1, -0.2], [0.3, 0.4], [-0.5, 0.6]]), b: tensor([0.1, -0.1]), v: tensor([[0.7], [-0.8]]) };
  type Model = typeof model;

  beforeAll(async () => {
    await tf.setBackend(device);
    return async () => void (await tf.setBackend("cpu"));
  });

  /** Both halves in Polyad's ops, or one, or none. */
  const hidden = (raw: boolean, m: Model): Tensor => (raw ? fromTf(tf.tanh(tf.add(tf.matMul(tf.tensor2d(x.toArray() as number[][]), toTf(m.w) as tf.Tensor2D), toTf(m.b)))) : tanh(add(matmul(x, m.w), m.b)));
  const loss = (first: boolean, last: boolean) => (m: Model): Value => {
    const h = hidden(first, m);
    if (!last) return mean(square(sub(matmul(h, m.v), y)));
    const out = tf.matMul(toTf(h) as tf.Tensor2D, toTf(m.v) as tf.Tensor2D);
    return fromTf(tf.losses.meanSquaredError(tf.tensor2d(y.toArray() as number[][]), out));
  };

  it.each([[true, true], [true, false], [false, true]])("a perceptron, first layer %s, last layer %s", (first, last) => {
    const { val, grad: [g] } = withgradient(loss(first, last), engine, model);
    const expected = withgradient(loss(false, false), AutoTape(), model);
    expect((val as Tensor).item()).toBeCloseTo((expected.val as Tensor).item(), 5);
    for (const key of ["w", "b", "v"] as const) near(g[key], expected.grad[0][key]);
    nothingLeft();
  });

  it("trains, and ends where the host does", () => {
    const train = (f: (m: Model) => Value, on: ADType): Model => {
      let m = model;
      for (let step = 0; step < 20; step++) {
        const [g] = gradient(f, on as AutoTape, m);
        m = { w: sub(m.w, mul(0.3, g.w)), b: sub(m.b, mul(0.3, g.b)), v: sub(m.v, mul(0.3, g.v)) };
      }
      return m;
    };
    const [raw, host] = [train(loss(true, true), engine), train(loss(false, false), AutoTape())];
    for (const key of ["w", "b", "v"] as const) near(raw[key], host[key], 3);
    nothingLeft();
  });

  it("a convolution, by image and filter", () => {
    const w = tensor(Float64Array.from({ length: 24 }, (_, i) => Math.cos(i)), [3, 2, 2, 2]);
    const raw = (x: Tensor, w: Tensor): Value => {
      const filter = tf.transpose(toTf(w) as tf.Tensor4D, [2, 3, 1, 0]);
      return sum(square(fromTf(tf.maxPool(tf.relu(tf.conv2d(channelsLast(toTf(x)), filter, 1, "valid")), 3, 1, "valid"))));
    };
    const expected = gradient((x, w) => sum(square(maxPool(relu(conv(x, w)), 3, { strides: 1 }))), AutoTape(), image, w);
    if (device === "cpu") gradient(raw, engine, image, w).forEach((g, i) => near(g, expected[i]!));
    else expect(() => gradient(raw, engine, image, w)).toThrow(/^tfjs: TensorFlow\.js has no kernel Conv2DBackpropFilter for wasm, which one of its own ops in this function, or that op's gradient, needs\. Name another device/); // TensorFlow.js has no such kernel on wasm; Polyad's own conv needs none
    nothingLeft();
  });

  it("may return a tf.Tensor: value and derivative are tf.Tensors too", () => {
    const t = tf.tensor([1, -2]);
    const { val, grad: [g] } = withgradient((v: Tensor) => tf.sum(tf.mul(toTf(v), tf.square(toTf(v)))) as never, engine, t);
    const results: object[] = [val, g];
    expect(results.map((z) => z instanceof tf.Tensor && [...z.dataSync()])).toEqual([[-7], [3, 12]]);
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.dispose([t, results as tf.Tensor[]]);
    nothingLeft();
  });
});

describe("other engines around and inside", () => {
  const x = tensor([0.5, -1]);
  /** Σ e^(x²), its exponential by TensorFlow.js. */
  const f = (v: Tensor): Value => sum(fromTf(tf.exp(toTf(square(v)))));
  const slope = (t: number): number => 2 * t * Math.exp(t * t);
  const bend = (t: number): number => (2 + 4 * t * t) * Math.exp(t * t);

  it("AutoTfjs over AutoTfjs", () => {
    near(grad((v) => sum(grad(f, v)), x), tensor([bend(0.5), bend(-1)]));
    nothingLeft();
  });

  it("AutoTfjs over AutoTape, which differentiates a part in Polyad's ops", () => {
    // ∂/∂v Σ e^(∂(v³)/∂v) = Σ 6v·e^(3v²), the exponential by TensorFlow.js
    const outer = (v: Tensor): Value => sum(fromTf(tf.exp(toTf(grad((u) => sum(mul(u, square(u))), v, AutoTape())))));
    near(grad(outer, x), tensor([0.5, -1].map((t) => 6 * t * Math.exp(3 * t * t))));
    nothingLeft();
  });

  it.each([["AutoTape", AutoTape()], ["AutoForward", AutoForward()]] as const)("%s over AutoTfjs is an error, and over the ops themselves", (_name, outer) => {
    expect(() => grad((v) => sum(grad(f, v)), x, outer)).toThrow(UnsupportedError);
    expect(() => grad(f, x, outer)).toThrow("which does not see TensorFlow.js's own ops. Differentiate with AutoTfjs()");
    nothingLeft();
  });

  it("inside of tf.grad, moving a tensor is refused: it would lose the derivative that is being taken", () => {
    const moved = (t: tf.Tensor): tf.Tensor => toTf(add(sum(fromTf(t)), toDevice(toDevice(sum(square(fromTf(t))), "host"), tfjs("cpu"))) as Tensor);
    expect(() => tf.tidy(() => tf.grad(moved)(tf.tensor([1, 2])))).toThrow("moving it would lose its derivative. Move it before.");
    expect(tf.tidy(() => moved(tf.tensor([1, 2])).dataSync()[0])).toBe(8); // where no derivative is taken, it moves
  });

  it("tidy() and dispose() in f free nothing that the way back needs", () => {
    const tidied = (v: Tensor): Value => sum(fromTf(tf.tidy(() => toTf(exp(square(v))))));
    const chosen = (v: Tensor): Value => sum(fromTf(tf.tidy(() => toTf(where(greater(v, -9), exp(square(v)), 0)))));
    const mixed = (v: Tensor): Value => sum(fromTf(tf.tidy(() => tf.exp(tf.square(toTf(mul(v, 1)))))));
    const freed = (v: Tensor): Value => {
      const [a, b] = [toTf(v), square(v)];
      const c = tf.square(a);
      const d = tf.sqrt(tf.mul(tf.exp(c), toTf(exp(b))));
      a.dispose();
      c.dispose();
      b.dispose();
      using e = fromTf(d);
      d.dispose();
      return sum(e);
    };
    for (const h of [tidied, chosen, mixed, freed]) {
      near(grad(h, x), tensor([0.5, -1].map(slope)));
      near(hessian(h, ad, x), tensor([[bend(0.5), 0], [0, bend(-1)]]));
      near(grad((v) => sum(grad(h, v)), x), tensor([bend(0.5), bend(-1)]));
    }
    nothingLeft();
    // A tape that is not TensorFlow.js's has no part in its tidy(): scope() in its place.
    const there = toDevice(x, tfjs("cpu"));
    const within = (around: (make: () => Tensor) => Tensor) => (v: Tensor): Value => sum(around(() => exp(square(v))));
    const tidy = (make: () => Tensor): Tensor => { let y: Tensor | undefined; tf.tidy(() => { y = make(); }); return y!; };
    expect(() => grad(within(tidy), there, AutoTape())).toThrow("was used after it had been freed: by dispose(), or at the end of the operator, scope() or tidy() in which it was made.");
    const g = grad(within((make) => scope(make)), there, AutoTape());
    near(g, tensor([0.5, -1].map(slope)));
    for (const t of [there, g]) t.dispose();
    nothingLeft();
  });

  it("tf.grad inside of f, and AutoTfjs inside of tf.grad", () => {
    near(grad((v) => sum(fromTf(tf.grad((t) => tf.exp(tf.square(t)))(toTf(v)))), x), tensor([bend(0.5), bend(-1)]));
    const t = tf.tensor([0.5, -1]);
    const g = tf.grad((t) => toTf(sum(grad((v) => sum(exp(square(v))), fromTf(t)))))(t);
    [0.5, -1].forEach((at, i) => expect(g.dataSync()[i]! / bend(at)).toBeCloseTo(1, 5));
    tf.dispose([t, g]);
    nothingLeft();
  });

  it("a tf.Tensor given to an op of Polyad's, or the other way round, is an error", () => {
    const t = tf.tensor([1, 2]);
    expect(() => grad((v) => sum(mul(v, t as never)), x)).toThrow(/^mul: expected a number, a Tensor or an array of numbers, got a Tensor of another library's/);
    expect(() => grad((v) => fromTf(tf.sum(v as never)), x)).toThrow("Argument 'x' passed to 'sum' must be a Tensor or TensorLike, but got 'TfjsTensor'");
    near(grad((v) => sum(mul(v, fromTf(t))), x), tensor([1, 2]));
    t.dispose();
    nothingLeft();
  });

  it("the same op as ours and as TensorFlow.js's, in one f", () => {
    near(grad((v) => sum(mul(exp(v), fromTf(tf.exp(toTf(v))))), x), tensor([2 * Math.E, 2 * Math.exp(-2)]));
    expect(grad(f, x).toArray()).toEqual([expect.closeTo(slope(0.5), 5), expect.closeTo(slope(-1), 4)]);
    nothingLeft();
  });
});

type Layer = ReturnType<typeof tfl.layers.dense>;

describe("a model of @tensorflow/tfjs-layers", () => {
  const dense = (units: number, seed: number, more: object): Layer => tfl.layers.dense({ units, kernelInitializer: tfl.initializers.randomNormal({ seed, stddev: 0.5 }), ...more });
  const perceptron = (): tfl.Sequential => tfl.sequential({ layers: [dense(4, 1, { inputShape: [3], activation: "tanh" }), dense(2, 2, {})] });
  const input = tensor([[0.5, -1, 2], [0.1, 0.2, 0.3]]);
  const asOurs = (weights: readonly tf.Tensor[]): Tensor[] => weights.map((w) => tensor(w.dataSync() as Float32Array, w.shape));
  const host = (x: Tensor, [w, b, v, c]: readonly Tensor[]): Tensor => add(matmul(tanh(add(matmul(x, w!), b!)), v!), c!);

  it.each(["apply", "predict"] as const)("is differentiated by its input: %s", (call) => {
    const model = perceptron();
    const weights = asOurs(model.getWeights());
    before = tf.memory().numTensors;
    const f = (x: Tensor): Value => sum(square(fromTf(model[call](toTf(x)) as tf.Tensor)));
    const g = (x: Tensor): Value => sum(square(host(x, weights)));
    near(grad(f, input), grad(g, input, AutoTape()));
    near(hessian(f, ad, input), hessian(g, AutoTape(), input));
    nothingLeft();
    model.dispose();
  });

  it("is differentiated by its weights, which f puts in", () => {
    const model = perceptron();
    const weights = asOurs(model.getWeights());
    before = tf.memory().numTensors;
    const f = (...ws: Tensor[]): Value => {
      const layers: readonly object[] = model.layers;
      const own = (layers as readonly { kernel: object; bias: object }[]).map(({ kernel, bias }) => ({ kernel, bias }));
      layers.forEach((layer, i) => Object.assign(layer, { kernel: { read: () => toTf(ws[2 * i]!) }, bias: { read: () => toTf(ws[2 * i + 1]!) } }));
      try {
        return sum(square(fromTf(model.apply(tf.tensor2d(input.toArray() as number[][])) as tf.Tensor)));
      } finally {
        layers.forEach((layer, i) => Object.assign(layer, own[i]));
      }
    };
    const expected = gradient((...ws: Tensor[]) => sum(square(host(input, ws))), AutoTape(), ...weights);
    gradient(f, ad, ...weights).forEach((g, i) => near(g, expected[i]!));
    nothingLeft();
    model.dispose();
  });

  it("of convolutions too", () => {
    const model = tfl.sequential({
      layers: [tfl.layers.conv2d({ inputShape: [4, 4, 2], filters: 3, kernelSize: 2, activation: "relu", kernelInitializer: tfl.initializers.randomNormal({ seed: 3, stddev: 1 }) }), tfl.layers.flatten()],
    });
    const [kernel] = asOurs(model.getWeights());
    before = tf.memory().numTensors;
    const f = (x: Tensor): Value => sum(square(fromTf(model.apply(channelsLast(toTf(x))) as tf.Tensor)));
    near(grad(f, image), grad((x) => sum(square(relu(conv(x, kernel!.transpose([3, 2, 0, 1]))))), image, AutoTape()));
    nothingLeft();
    model.dispose();
  });
});
