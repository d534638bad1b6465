import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import {
  abs, add, AutoForward, AutoTape, cast, conv, cumprod, customRule, div, einsum, elu, exp, gather, gradient, greater, hessian, jacobian, logSoftmax, logsumexp, matmul, max, maximum,
  leakyRelu, maxPool, mean, meanPool, min, minimum, mul, neg, pow, prod, pullback, pushforward, qr, relu, relu6, scatterAdd, secondDerivative, SecondOrder, selu, sigmoid, sin, slice, softmax, sort, sqrt,
  reshape, square, stopGradient, sub, sum, tanh, tensor, toDevice, topK, UnsupportedError, where, withgradient, derivative, type ADType, type Tensor, type Value,
} from "polyad";
import { AutoTfjs, fromTf, ready, tfjs, toTf } from "@polyad/backend-tfjs";

/** Where TensorFlow.js 4.22 is wrong, silent or leaking: each of these is right here. */

const nothingLeft = (before: number) => expect(tf.memory().numTensors, "tensors").toBe(before);
/** Other users of TensorFlow.js share its gradients. */
const unchanged = (gradients: ReturnType<typeof registry>) => expect(registry()).toEqual(gradients);
/** All that a kernel's registered gradient is, for all kernels. */
const registry = () => tf.getKernelsForBackend("cpu").map(({ kernelName }) => [kernelName, tf.getGradient(kernelName)] as const);

describe.each(["cpu", "wasm"] as const)("pitfalls on %s", (device) => {
  const ad = AutoTfjs({ device });
  let before = 0;
  let gradients: ReturnType<typeof registry> = [];

  beforeEach(async () => {
    await ready(ad);
    await tf.setBackend(device);
    before = tf.memory().numTensors;
    gradients = registry();
  });
  afterEach(() => nothingLeft(before));
  afterEach(() => unchanged(gradients));

  const grad = (f: (x: Value) => Value, x: Value, engine: ADType = ad): Value => gradient(f as (x: Tensor) => Value, engine as AutoTape, x as Tensor)[0];
  /** The derivative of the order that many engines make, the outermost first. */
  const nested = (f: (x: Value) => Value, x: number, ...engines: readonly ADType[]): number =>
    engines.reduceRight<(x: Value) => Value>((g, engine) => (y) => grad(g, y, engine), f)(x) as number;

  const exponential = Math.exp(2);
  const th = Math.tanh(2);
  const sech2 = 1 - th * th;
  const s = 1 / (1 + Math.exp(-2));
  const ds = s * (1 - s);

  it.each([
    ["x·exp x", (x: Value) => mul(x, exp(x)), 4 * exponential, 5 * exponential],
    ["x·tanh x", (x: Value) => mul(x, tanh(x)), 2 * sech2 - 4 * th * sech2, -6 * th * sech2 + 2 * (-2 * sech2 * sech2 + 4 * th * th * sech2)],
    ["x·σ(x)", (x: Value) => mul(x, sigmoid(x)), 2 * ds + 2 * ds * (1 - 2 * s), 3 * ds * (1 - 2 * s) + 2 * ds * (1 - 6 * s + 6 * s * s)],
    ["exp x²", (x: Value) => exp(square(x)), 18 * Math.exp(4), 88 * Math.exp(4)],
  ] as const)("second and third derivatives of %s at 2", (_name, f, second, third) => {
    expect(nested(f, 2, ad, ad) / second).toBeCloseTo(1, 4);
    expect(secondDerivative(f, ad, 2) as number / second).toBeCloseTo(1, 4);
    expect(nested(f, 2, ad, ad, ad) / third).toBeCloseTo(1, 3);
    expect((pushforward((x: Value) => grad(f, x), ad, 2, 3) as number) / (3 * second)).toBeCloseTo(1, 4);
  });

  it("JVPs of ops whose kernels save their results", () => {
    const x = tensor([0.5, 2]);
    const dx = tensor([1, -2]);
    for (const [f, slope] of [[exp, Math.exp], [tanh, (t: number) => 1 - Math.tanh(t) ** 2], [sigmoid, (t: number) => 0.25 / Math.cosh(t / 2) ** 2]] as const) {
      using product = pushforward((x) => f(x), ad, x, dx);
      const dy = product.toArray() as number[];
      expect(dy[0]).toBeCloseTo(slope(0.5), 5);
      expect(dy[1]).toBeCloseTo(-2 * slope(2), 5);
    }
  });

  /** Ops without any gradient there, or without one of second order; each against the tape on the host, in float64. */
  const m = tensor([[0.3, -1.2, 2.1], [1.7, 0.4, -0.6]]);
  const image = tensor(Float64Array.from({ length: 32 }, (_, i) => Math.sin(3 * i)), [1, 2, 4, 4]);
  const kernel = tensor(Float64Array.from({ length: 16 }, (_, i) => Math.cos(i)), [2, 2, 2, 2]);
  const sorted: readonly (readonly [string, (x: Tensor) => Value, Tensor])[] = [
    ["einsum", (x) => sum(square(einsum("ij,kj->ik", x, x))), m],
    ["topK", (x) => sum(mul(topK(x, 2)[0], tensor([1, 2]))), m],
    ["gather", (x) => sum(square(gather(x, tensor([2, 0, 2], null, "int32"), { axis: 1 }))), m],
    ["a strided slice", (x) => sum(square(slice(x, null, [0, null, 2]))), m],
    ["cumprod", (x) => sum(square(cumprod(x, { axis: 1 }))), m],
    ["a comparison inside of where", (x) => sum(where(greater(x, 0), square(x), exp(x))), m],
    ["conv", (x) => sum(square(conv(x, kernel))), image],
    ["conv by its filter", (w) => sum(square(conv(image, w))), kernel],
    ["maxPool", (x) => sum(square(maxPool(x, 2))), image],
    ["max", (x) => sum(square(max(x, { axis: 1 }))), m],
    ["min", (x) => sum(square(min(x, { axis: 1 }))), m],
    ["elu", (x) => sum(square(elu(x))), m],
    ["selu", (x) => sum(square(selu(x))), m],
    ["logSumExp", (x) => sum(square(logsumexp(x, { axis: 1 }))), m],
    ["softmax", (x) => sum(square(softmax(x))), m],
    ["logSoftmax", (x) => sum(square(logSoftmax(x))), m],
    ["sort", (x) => sum(mul(square(sort(x, { axis: 1 })), tensor([1, 2, 3]))), m],
    ["pow", (x) => sum(pow(abs(x), 1.5)), m],
    ["prod", (x) => sum(prod(x, { axis: 1 })), m],
    ["relu6", (x) => sum(square(relu6(mul(4, x)))), m],
    ["leakyRelu", (x) => sum(square(leakyRelu(x))), m],
    ["scatterAdd", (x) => sum(square(scatterAdd(x, tensor([2, 0], null, "int32"), slice(x, null, [0, 2]), { axis: 1 }))), m],
    ["meanPool", (x) => sum(square(meanPool(x, 2))), image],
    ["a convolution in groups", (x) => sum(square(conv(x, reshape(slice(kernel, 0), [2, 1, 2, 2]), { groups: 2 }))), image],
    ["a convolution in groups by its filter", (w) => sum(square(conv(image, reshape(w, [4, 1, 2, 2]), { groups: 2 }))), slice(kernel, 0).reshape([4, 2, 1]).mul(tensor([[1, 2]]))],
    ["local response normalisation, which is x/(1 + mean x²)^¾", (x) => sum(div(x, pow(add(1, mean(square(x), { axis: 1, keepDims: true })), 0.75))), m],
  ];
  it.each(sorted)("first and second order of %s", (_name, f, x) => {
    const compare = (of: (engine: ADType) => Tensor, digits: number) => {
      const [got, expected] = [of(ad), of(AutoTape())];
      expect(got.shape).toEqual(expected.shape);
      const scale = Math.max(1, ...expected.dataSync().map(Math.abs));
      expected.dataSync().forEach((e, i) => expect(got.dataSync()[i]! / scale).toBeCloseTo(e / scale, digits));
    };
    compare((engine) => grad(f as (x: Value) => Value, x, engine) as Tensor, 4);
    compare((engine) => hessian(f, engine as AutoTape, x), 4);
  });

  it("needs no gradient of TensorFlow.js's, of which its core alone registers none", () => {
    expect(gradients.filter(([, gradient]) => gradient !== undefined)).toEqual([]);
    expect(tf.getKernelsForBackend(device).length).toBeGreaterThan(150);
  });

  it("kernels for a gradient that wasm does not have are asked for nowhere", () => {
    const kernels = new Set(tf.getKernelsForBackend("wasm").map(({ kernelName }) => kernelName));
    const missing = ["Conv2DBackpropFilter", "DepthwiseConv2dNativeBackpropFilter", "DepthwiseConv2dNativeBackpropInput", "UnsortedSegmentSum", "Einsum"];
    expect(missing.filter((name) => kernels.has(name))).toEqual([]); // and the rows above pass
  });

  it("a derivative that throws keeps nothing, be it that of a factorisation", () => {
    const x = toDevice(tensor([[4, 1], [1, 3]]), tfjs(device));
    const made = tf.memory().numTensors;
    for (const engine of [ad, AutoTape()]) {
      expect(() => gradient((x: Tensor) => { throw new RangeError(String(sum(qr(x)[1]).shape)); }, engine, x)).toThrow(RangeError);
      const broken = customRule((x: Tensor) => sum(qr(square(x))[1]), { vjp: () => [() => { throw new RangeError("on the way back"); }] });
      expect(() => gradient((x: Tensor) => mul(2, broken(exp(x))), engine, x)).toThrow("on the way back");
      expect(() => gradient((x: Tensor) => sum(gradient((y: Tensor) => broken(exp(y)), engine, x)[0]), engine, x)).toThrow("on the way back");
      expect(tf.memory().numTensors).toBe(made);
    }
    x.dispose();
  });

  it("an unused argument has zeros, and a constant f", () => {
    const [x, y] = gradient((x: Tensor, _y: Tensor) => sum(square(x)), ad, tensor([1, 2]), tensor([3]));
    expect(x.toArray()).toEqual([2, 4]);
    expect(y.toArray()).toEqual([0]);
    expect(gradient((_x: Tensor) => 7, ad, tensor([1, 2]))[0].toArray()).toEqual([0, 0]);
    expect(gradient((_x) => 7, ad, 3)).toEqual([0]);
    expect(gradient((_x: Tensor) => sum(tensor([1, 2])), ad, tensor([1, 2]))[0].toArray()).toEqual([0, 0]);
  });

  it("a vector output is an error, and not summed", () => {
    expect(() => gradient((x) => exp(x) as Value, ad, tensor([1, 2]))).toThrow("gradient: f must return a scalar, got shape [2]. Use jacobian(), or reduce with sum() or mean().");
  });

  it("f(x) = x", () => {
    expect(gradient((x) => x, ad, 3)).toEqual([1]);
    const ct = tensor([3, 4]);
    const x = tensor([1, 2]);
    expect(pullback((x) => x, ad, x, ct).toArray()).toEqual([3, 4]);
    expect(jacobian((x: Tensor) => x, ad, x).toArray()).toEqual([[1, 0], [0, 1]]);
  });

  it("int inputs are refused", () => {
    expect(() => gradient((x: Tensor) => sum(cast(x, "float64")), ad, tensor([1, 2], null, "int32"))).toThrow("argument 0 is int32, which has no derivative");
  });

  it("stopGradient", () => {
    expect(gradient((x) => mul(x, stopGradient(square(x))), ad, 3)).toEqual([9]);
  });

  it("conventions: |x|′(0), relu′(0), ties", () => {
    expect(gradient((x) => sum(abs(x)), ad, tensor([0, -2, 2]))[0].toArray()).toEqual([0, -1, 1]);
    expect(gradient((x) => sum(relu(x)), ad, tensor([0, -2, 2]))[0].toArray()).toEqual([0, 0, 1]);
    expect(gradient((x, y) => sum(maximum(x, y)), ad, tensor([1, 2]), tensor([1, 1])).map((g) => g.toArray())).toEqual([[0.5, 1], [0.5, 0]]);
    expect(gradient((x, y) => sum(minimum(x, y)), ad, tensor([1, 2]), tensor([1, 1])).map((g) => g.toArray())).toEqual([[0.5, 0], [0.5, 1]]);
    expect(gradient((x) => max(x), ad, tensor([2, 1, 2]))[0].toArray()).toEqual([0.5, 0, 0.5]);
    expect(gradient((x) => sum(maxPool(x, 2)), ad, tensor([[[[1, 1], [0, 1]]]]))[0].toArray()).toEqual([[[[expect.closeTo(1 / 3, 6), expect.closeTo(1 / 3, 6)], [0, expect.closeTo(1 / 3, 6)]]]]);
    expect(gradient((x) => pow(x, 2), ad, 0)).toEqual([0]);
  });

  it("prod with zeros", () => {
    expect(gradient((x) => prod(x), ad, tensor([0, 2, 3]))[0].toArray()).toEqual([6, 0, 0]);
    expect(gradient((x) => prod(x), ad, tensor([0, 2, 0]))[0].toArray()).toEqual([0, 0, 0]);
  });

  it("the gradients of a small convolution and of an embedding, which train on wasm", () => {
    const x = tensor([[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]]);
    const [w] = gradient((w) => sum(conv(x, w)), ad, tensor([[[[0, 0], [0, 0]]]]));
    expect(w.toArray()).toEqual([[[[12, 16], [24, 28]]]]);
    const [table] = gradient((t) => sum(mul(gather(t, tensor([2, 0, 2], null, "int32")), tensor([[1, 2], [3, 4], [5, 6]]))), ad, tensor([[1, 1], [1, 1], [1, 1]]));
    expect(table.toArray()).toEqual([[3, 4], [0, 0], [6, 8]]);
  });

  describe("orders and engines mix", () => {
    const f = (x: Value) => mul(x, exp(x));
    it.each([
      ["AutoTfjs three deep", [ad, ad, ad], 5],
      ["AutoTape inside", [ad, AutoTape()], 4],
      ["AutoForward inside", [ad, AutoForward()], 4],
      ["AutoForward over AutoTape inside", [ad, AutoForward(), AutoTape()], 5],
      ["AutoTape inside of two", [ad, ad, AutoTape()], 5],
    ] as const)("%s", (_name, engines, factor) => {
      expect(nested(f, 2, ...engines) / (factor * exponential)).toBeCloseTo(1, 3);
    });

    it("as SecondOrder", () => {
      const x = tensor([1, 2]);
      for (const pair of [SecondOrder(ad, ad), SecondOrder(ad, AutoTape()), SecondOrder(ad, AutoForward())]) {
        expect(hessian((x) => prod(square(x)), pair, x).toArray()).toEqual([[8, 8], [8, 2]].map((row) => row.map((n) => expect.closeTo(n, 4) as unknown)));
      }
    });

    it.each([["AutoTape", AutoTape()], ["AutoForward", AutoForward()]] as const)("%s outside is refused, with the way out", (_name, outer) => {
      expect(() => nested(f, 2, outer, ad)).toThrow(UnsupportedError);
      expect(() => nested(f, 2, outer, ad)).toThrow("Use a traceable engine inside, such as AutoTape().");
    });

    it.each([["AutoTape", AutoTape()], ["AutoForward", AutoForward()]] as const)("a value that %s traces is refused where it is captured", (_name, outer) => {
      expect(() => grad((x) => mul(x, grad((y) => mul(y, x), 3)), 2, outer)).toThrow(UnsupportedError);
      expect(() => grad((x) => mul(x, grad((y) => mul(y, x), 3)), 2, outer)).toThrow("Pass it as an argument instead.");
    });

    it("without perturbation confusion", () => {
      // d/dx x · d/dy (x + y) = 1, and d/dx x · d/dy (x·y) = 2x
      expect(grad((x) => mul(x, grad((y) => add(x, y), 1)), 1)).toBe(1);
      expect(grad((x) => mul(x, grad((y) => mul(x, y), 2)), 3)).toBe(6);
      expect(grad((x) => mul(x, grad((y) => mul(x, y), 2, AutoTape())), 3)).toBe(6);
    });
  });

  describe("TensorFlow.js's own ops inside of f", () => {
    const withGradients = <R>(configs: readonly tf.GradConfig[], f: () => R): R => {
      const known = configs.map(({ kernelName }) => tf.getGradient(kernelName));
      configs.forEach((config) => tf.registerGradient(config));
      try {
        return f();
      } finally {
        configs.forEach(({ kernelName }, i) => { tf.unregisterGradient(kernelName); if (known[i]) tf.registerGradient(known[i]); });
      }
    };
    const sine: tf.GradConfig = { kernelName: "Sin", inputsToSave: ["x"], gradFunc: (dy, [x]) => ({ x: () => tf.mul(tf.cos(x!), dy as tf.Tensor) }) };
    const product: tf.GradConfig = {
      kernelName: "Multiply", inputsToSave: ["a", "b"],
      gradFunc: (dy, [a, b]) => ({ a: () => tf.mul(dy as tf.Tensor, b!), b: () => tf.mul(dy as tf.Tensor, a!) }),
    };
    const cosine: tf.GradConfig = { kernelName: "Cos", inputsToSave: ["x"], gradFunc: (dy, [x]) => ({ x: () => tf.mul(tf.neg(tf.sin(x!)), dy as tf.Tensor) }) };
    const negation: tf.GradConfig = { kernelName: "Neg", gradFunc: (dy) => ({ x: () => tf.neg(dy as tf.Tensor) }) };
    const mixed = (x: Value): Value => sum(exp(fromTf(tf.sin(toTf(square(x) as Tensor)))));

    it("differentiate by their own gradients, in between of ours", () => {
      withGradients([sine], () => {
        const g = gradient((x) => mixed(x), ad, tensor([0.5, 1]))[0].toArray() as number[];
        [0.5, 1].forEach((x, i) => expect(g[i]).toBeCloseTo(2 * x * Math.cos(x * x) * Math.exp(Math.sin(x * x)), 5));
      });
    });

    it("to the second order too", () => {
      withGradients([sine, product, cosine, negation], () => {
        const H = hessian((x) => mixed(x), ad, tensor([0.5])).item();
        const [c, sn] = [Math.cos(0.25), Math.sin(0.25)];
        // y = exp sin x²: y″ = y·(2 cos x² + 4x²·(cos² x² − sin x²))
        expect(H).toBeCloseTo(Math.exp(sn) * (2 * c + (c * c - sn)), 4);
      });
    });

    it("without a gradient are an error that names the op and the way out", () => {
      expect(() => gradient((x) => mixed(x), ad, tensor([0.5]))).toThrow(UnsupportedError);
      expect(() => gradient((x) => mixed(x), ad, tensor([0.5]))).toThrow(
        'tfjs: TensorFlow.js has no gradient for its op Sin. Load its gradients with `import "@tensorflow/tfjs"`, or, where a bundler resolves it, with ' +
          '`import "@tensorflow/tfjs-core/dist/register_all_gradients.js"`; where it has none there either, write this part of f in Polyad\'s ops: fromTf(t) leads there, and toTf(x) back.',
      );
    });

    it("on the way of no derivative need none", () => {
      expect(gradient((x) => mul(x, add(stopGradient(x), 0)), ad, 3)).toEqual([3]);
      const y = withgradient((x) => { tf.sin(toTf(x)); return sum(square(x)); }, ad, tensor([3]));
      expect(y.grad[0].toArray()).toEqual([6]);
    });

    it.each([["AutoTape", AutoTape()], ["AutoForward", AutoForward()]] as const)("are out of sight of %s, which is an error", (_name, engine) => {
      expect(() => grad((x) => mixed(x), tensor([0.5]), engine)).toThrow("which does not see TensorFlow.js's own ops. Differentiate with AutoTfjs()");
    });

    it("and its grads see Polyad's ops", () => {
      const t = tf.tensor([0.5, 1]);
      const g = tf.grad((t) => toTf(sum(exp(fromTf(t)))))(t);
      [0.5, 1].forEach((x, i) => expect(g.dataSync()[i]).toBeCloseTo(Math.exp(x), 5));
      tf.dispose([t, g]);
    });

    it("cannot change the gradients of ours, be they registered ever so wrongly", () => {
      const wrong = ["Exp", "Multiply", "Sum", "Square", "Sin", "Add", "AddV2", "Reshape", "Identity", "Cast"];
      withGradients(wrong.map((kernelName) => ({ kernelName, gradFunc: () => { throw new Error(`${kernelName}: the registry was asked`); } })), () => {
        expect(nested((x) => mul(x, exp(sin(square(x)))), 0, ad, ad)).toBeCloseTo(0, 5);
        expect(gradient((x) => sum(div(exp(x), add(1, sqrt(square(x))))), ad, tensor([1]))[0].toArray()).toEqual([expect.closeTo(Math.E / 4, 5)]);
      });
    });
  });

  it("non-square and non-symmetric Jacobians, either way up", () => {
    const A = tensor([[1, 2], [3, 4], [5, 6]]);
    expect(jacobian((x) => matmul(A, x), ad, tensor([1, 1])).toArray()).toEqual([[1, 2], [3, 4], [5, 6]]);
    using dy = derivative((x) => mul(tensor([1, 2, 3]), x), ad, 2);
    expect(dy.toArray()).toEqual([1, 2, 3]);
    expect(jacobian((x) => sub(neg(x), mul(2, x)), ad, tensor([1, 2])).dataSync().map(Math.abs)).toEqual(new Float64Array([3, 0, 0, 3]));
  });
});
