import { beforeAll, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import { AutoForward, AutoTape, exp, gradient, mul, prepareGradient, square, sum, tensor, toDevice, valueAndPullback, withgradient, type Tensor, type Value } from "polyad";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { startWebGpu } from "./webgpu/adapter.js";

const missing = await startWebGpu();
const ad = AutoTfjs({ device: "cpu" });

beforeAll(async () => {
  await ready(ad);
  await tf.setBackend("cpu");
});

/** As JavaScript calls it: types of buffers for a tf.Tensor are those of its gradient. */
interface Step {
  (x: unknown): unknown;
  buffers(): unknown;
  into(buffers: unknown, x: unknown): unknown;
}

it("prepared operators take tensors of TensorFlow.js's, and keep none", () => {
  const [a, b, c, i] = [tf.tensor([1, 2]), tf.tensor([3, 4]), tf.tensor([1, 2, 3]), tf.tensor([1, 2], [2], "int32")];
  const x = toDevice(tensor([1, 2]), tfjs("cpu"));
  const before = tf.memory().numTensors;
  const step = prepareGradient((v: Tensor) => sum(square(v)), ad, a as never) as unknown as Step;
  const buffers = step.buffers();
  expect(buffers).toEqual([new Float32Array(2)]);
  for (let k = 0; k < 3; k++) step.into(buffers, b);
  expect(buffers).toEqual([Float32Array.of(6, 8)]);
  expect(tf.memory().numTensors).toBe(before);
  expect(() => step(c)).toThrow("prepared for tfjs float32[2], got tfjs float32[3]");
  expect(() => step(i)).toThrow("MISMATCH");
  const on = prepareGradient((v: Tensor) => sum(square(v)), ad, x);
  const into = on.buffers();
  for (let k = 0; k < 3; k++) on.into(into, x);
  expect(into).toEqual([Float64Array.of(2, 4)]);
  expect(tf.memory().numTensors).toBe(before);
  expect(() => gradient((v) => sum(v as Value), ad, i)).toThrow('gradient: argument 0 is int32, which has no derivative. Pass Const(x), or cast(x, "float64").');
  tf.dispose([a, b, c, i]);
  x.dispose();
});

it("values are results of their own, also where they are the argument or captured", () => {
  const [s, w] = [toDevice(tensor(2), tfjs("cpu")), toDevice(tensor([5]), tfjs("cpu"))];
  const before = tf.memory().numTensors;
  for (const engine of [ad, AutoTape(), AutoForward()] as AutoTape[]) {
    const { val, grad } = withgradient((v: Tensor) => [v, v, w, exp(v)] as const, engine, s);
    for (const t of [...val, ...grad]) t.dispose();
    expect([s.item(), w.item()]).toEqual([2, 5]);
    const result = valueAndPullback((v: Tensor) => v, engine, s, s);
    result.val.dispose();
    result.grad.dispose();
    expect(s.item()).toBe(2);
    expect(tf.memory().numTensors).toBe(before);
  }
  s.dispose();
  w.dispose();
});

it.skipIf(missing !== null)("a refusal to wait for a read on webgpu frees what was computed", async () => {
  await ready(AutoTfjs({ device: "webgpu" }));
  const w = toDevice(tensor([1, 2]), tfjs("webgpu"));
  const count = tf.memory().numTensors;
  expect(() => gradient((v: Tensor, s: Value) => sum(mul(v, s)), AutoTape(), w, 3)).toThrow("Pass tensors in their place");
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(tf.memory().numTensors).toBe(count);
  w.dispose();
});
