import { beforeAll, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core"; // first: the engine is that of the copy which loads first
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import {
  add, atan2, AutoTape, clamp, concat, conv, convTranspose, cumsum, div, flip, gradient, hessian, leakyRelu, matmul, max, mean, meanPool, minimum, mul, norm, pad, relu6, reshape, slice, sqrt,
  square, stack, sub, sum, tensor, tile, UnsupportedError, variance, type Tensor, type Value,
} from "polyad";
import { AutoTfjs, fromTf, ready, toTf } from "@polyad/backend-tfjs";

/** The rest of TensorFlow.js's own ops inside of f: right where it has gradients, an error that names the op where not. */

const ad = AutoTfjs({ device: "cpu" });
beforeAll(async () => {
  await ready(ad);
  await tf.setBackend("cpu");
});

const m = tensor([[0.5, -1.2, 2.1, 7], [0.25, 0.7, -0.4, 1]]);
const image = tensor(Float64Array.from({ length: 16 }, (_, i) => Math.sin(3 * i)), [1, 1, 4, 4]);
const volume = tensor(Float64Array.from({ length: 64 }, (_, i) => Math.sin(3 * i)), [1, 1, 4, 4, 4]);
const onesOf = (...shape: number[]): Tensor => tensor(new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(1), shape);
/** One channel: first or last, the elements lie alike. */
const last2 = (t: tf.Tensor): tf.Tensor4D => tf.reshape(t, [1, 4, 4, 1]);
const last3 = (t: tf.Tensor): tf.Tensor5D => tf.reshape(t, [1, 4, 4, 4, 1]);

/** Cubes of 2 × 2 × 2, each on three axes of its own. */
const blocks = (x: Tensor): Tensor => reshape(x, [2, 2, 2, 2, 2, 2]);
/** The convolution with ones over cubes of 2 × 2 × 2. */
const sumOfShifts = (x: Tensor): Tensor => {
  const at = (i: number): [number, number] => [i, i + 3];
  const parts = [0, 1].flatMap((i) => [0, 1].flatMap((j) => [0, 1].map((k) => slice(x, 0, 0, at(i), at(j), at(k)))));
  return sum(stack(parts), { axis: 0 }) as Tensor;
};

type Raw = (t: tf.Tensor) => tf.Tensor;
type Ours = (x: Tensor) => Tensor;
const loss = (raw: Raw) => (x: Tensor): Value => sum(square(fromTf(raw(toTf(x)))));
const expected = (ours: Ours) => (x: Tensor): Value => sum(square(ours(x)));

function near(got: Tensor, want: Tensor): void {
  expect(got.shape).toEqual(want.shape);
  const scale = Math.max(1, ...want.dataSync().map(Math.abs));
  want.dataSync().forEach((w, i) => expect(got.dataSync()[i]! / scale).toBeCloseTo(w / scale, 5));
}

describe("first and second order", () => {
  const rows: readonly (readonly [string, Raw, Ours, Tensor])[] = [
    ["relu6", tf.relu6, relu6, m],
    ["leakyRelu", (t) => tf.leakyRelu(t, 0.1), (x) => leakyRelu(x, 0.1), m],
    ["conv2dTranspose", (t) => tf.conv2dTranspose(last2(t), tf.ones([2, 2, 1, 1]), [1, 5, 5, 1], 1, "valid"), (x) => reshape(convTranspose(x, onesOf(1, 1, 2, 2)), [1, 5, 5, 1]), image],
    ["cumsum", (t) => tf.cumsum(t, 1), (x) => cumsum(x, { axis: 1 }), m],
    ["norm", (t) => tf.norm(t), (x) => norm(x) as Tensor, m],
    ["moments", (t) => tf.moments(t, 1).variance, (x) => variance(x, { axis: 1 }) as Tensor, m],
    ["clipByValue", (t) => tf.clipByValue(t, -1, 1.5), (x) => clamp(x, -1, 1.5), m],
    ["reverse", (t) => tf.mul(tf.reverse(t, 1), t), (x) => mul(flip(x, { axis: 1 }), x), m],
    ["tile", (t) => tf.mul(tf.tile(t, [1, 2]), tf.range(0, 8)), (x) => mul(tile(x, [1, 2]), tensor([0, 1, 2, 3, 4, 5, 6, 7])), m],
    ["pad", (t) => tf.pad(t, [[1, 1], [0, 2]]), (x) => pad(x, [[1, 1], [0, 2]]), m],
    ["stack", (t) => tf.stack([t, tf.square(t)]), (x) => stack([x, square(x)]), m],
    ["unstack", (t) => tf.mul(tf.unstack(t)[0]!, tf.unstack(t)[1]!), (x) => mul(slice(x, 0), slice(x, 1)), m],
    ["split", (t) => tf.square(tf.split(t, 2, 1)[1]!), (x) => square(slice(x, null, [2, 4])), m],
    ["atan2", (t) => tf.atan2(t, tf.scalar(2)), (x) => atan2(x, 2), m],
    ["minimum", (t) => tf.minimum(t, 0.3), (x) => minimum(x, 0.3), m],
    ["squaredDifference", (t) => tf.squaredDifference(t, 1), (x) => square(sub(x, 1)), m],
    ["mean", (t) => tf.mean(t, 1), (x) => mean(x, { axis: 1 }) as Tensor, m],
    ["unsortedSegmentSum", (t) => tf.unsortedSegmentSum(t as tf.Tensor2D, tf.tensor1d([1, 1], "int32"), 2), (x) => concat([mul(0, slice(x, [0, 1])), sum(x, { axis: 0, keepDims: true }) as Tensor]), m],
    ["spaceToBatchND", (t) => tf.spaceToBatchND(last2(t), [2, 2], [[0, 0], [0, 0]]), (x) => x, image],
    ["batchNorm with a scale", (t) => tf.batchNorm(t as tf.Tensor2D, tf.tensor1d([1, 2, 3, 4]), tf.tensor1d([1, 2, 3, 4]), tf.zeros([4]), tf.ones([4]), 0), (x) => div(sub(x, tensor([1, 2, 3, 4])), sqrt(tensor([1, 2, 3, 4]))), m],
    ["a product with its own transpose", (t) => tf.matMul(t as tf.Tensor2D, t as tf.Tensor2D, true), (x) => matmul(x, x, { transposeA: true }), m],
  ];

  it.each(rows)("%s", (_name, raw, ours, x) => {
    const before = tf.memory().numTensors;
    near(gradient(loss(raw), ad, x)[0], gradient(expected(ours), AutoTape(), x)[0]);
    near(hessian(loss(raw), ad, x), hessian(expected(ours), AutoTape(), x));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("first order, and an error for the second, since TensorFlow.js's kernel for the gradient has none", () => {
  const rows: readonly (readonly [string, Raw, Ours, Tensor, op: string])[] = [
    ["localResponseNormalization", (t) => tf.localResponseNormalization(last2(t)), (x) => div(x, sqrt(add(1, square(x)))), image, "LRNGrad"],
    ["avgPool", (t) => tf.avgPool(last2(t), 2, 2, "valid"), (x) => meanPool(x, 2), image, "AvgPoolGrad"],
    ["avgPool3d", (t) => tf.avgPool3d(last3(t), 2, 2, "valid"), (x) => mean(blocks(x), { axis: [1, 3, 5] }) as Tensor, volume, "AvgPool3DGrad"],
    ["maxPool3d", (t) => tf.maxPool3d(last3(t), 2, 2, "valid"), (x) => max(blocks(x), { axis: [1, 3, 5] }) as Tensor, volume, "MaxPool3DGrad"],
    ["conv3d", (t) => tf.conv3d(last3(t), tf.ones([2, 2, 2, 1, 1]), 1, "valid"), sumOfShifts, volume, "Conv3DBackpropInputV2"],
    ["depthwiseConv2d", (t) => tf.depthwiseConv2d(last2(t), tf.ones([2, 2, 1, 1]), 1, "valid"), (x) => conv(x, onesOf(1, 1, 2, 2)), image, "DepthwiseConv2dNativeBackpropInput"],
  ];

  it.each(rows)("%s", (_name, raw, ours, x, op) => {
    const before = tf.memory().numTensors;
    near(gradient(loss(raw), ad, x)[0], gradient(expected(ours), AutoTape(), x)[0]);
    for (const twice of [() => hessian(loss(raw), ad, x), () => gradient((v: Tensor) => sum(gradient(loss(raw), ad, v)[0]), ad, x)]) {
      expect(twice).toThrow(UnsupportedError);
      expect(twice).toThrow(`tfjs: TensorFlow.js has no gradient for its op ${op}.`);
      expect(twice).toThrow("write this part of f in Polyad's ops: fromTf(t) leads there, and toTf(x) back.");
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("no derivative at all", () => {
  it.each([
    ["gatherND", (t: tf.Tensor) => tf.gatherND(t, tf.tensor2d([[0, 1]], [1, 2], "int32")), "GatherNd"],
    ["scatterND", (t: tf.Tensor) => tf.scatterND(tf.tensor2d([[1], [0]], [2, 1], "int32"), t, [3, 4]), "ScatterNd"],
    ["fft", (t: tf.Tensor) => tf.real(tf.spectral.fft(tf.complex(t, tf.zerosLike(t)))), "Real"],
    ["rfft", (t: tf.Tensor) => tf.real(tf.spectral.rfft(t)), "Real"],
  ] as const)("%s", (_name, raw, op) => {
    const before = tf.memory().numTensors;
    expect(() => gradient(loss(raw), ad, m)).toThrow(UnsupportedError);
    expect(() => gradient(loss(raw), ad, m)).toThrow(`tfjs: TensorFlow.js has no gradient for its op ${op}. Load its gradients with`);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ["equal", (t: tf.Tensor) => tf.equal(t, 0.5)],
    ["greater", (t: tf.Tensor) => tf.greater(t, 0)],
    ["logicalNot", (t: tf.Tensor) => tf.logicalNot(tf.cast(t, "bool"))],
    ["argMax", (t: tf.Tensor) => tf.argMax(t, 1)],
    ["step", (t: tf.Tensor) => tf.step(t)],
    ["floor", (t: tf.Tensor) => tf.floor(t)],
  ] as const)("that of %s is 0, and no error", (_name, raw) => {
    expect(gradient(loss((t) => tf.cast(raw(t), "float32")), ad, m)[0].toArray()).toEqual([[0, 0, 0, 0], [0, 0, 0, 0]]);
  });
});

it("where TensorFlow.js itself is silently wrong, the same f by its own grad and by ours", () => {
  // d²/dx² at 2; the left column is the table of mistakes that this engine exists for.
  const second = (raw: Raw): number => gradient((v: Tensor) => gradient((u: Tensor) => fromTf(raw(toTf(u))), ad, v)[0], ad, tensor(2))[0].item();
  const theirs = (raw: Raw): number => tf.tidy(() => tf.grad(tf.grad(raw))(tf.scalar(2)).dataSync()[0]!);
  const [e, th, s] = [Math.exp(2), Math.tanh(2), 1 / (1 + Math.exp(-2))];
  for (const [raw, wrong, right] of [
    [(t: tf.Tensor) => tf.mul(t, tf.exp(t)), 2 * e, 4 * e],
    [(t: tf.Tensor) => tf.mul(t, tf.tanh(t)), 2 * (1 - th * th), 2 * (1 - th * th) - 4 * th * (1 - th * th)],
    [(t: tf.Tensor) => tf.mul(t, tf.sigmoid(t)), 2 * s * (1 - s), 2 * s * (1 - s) + 2 * s * (1 - s) * (1 - 2 * s)],
    [(t: tf.Tensor) => tf.exp(tf.square(t)), 2 * Math.exp(4), 18 * Math.exp(4)],
  ] as const) {
    expect(theirs(raw) / wrong).toBeCloseTo(1, 4);
    expect(second(raw) / right).toBeCloseTo(1, 4);
  }
});
