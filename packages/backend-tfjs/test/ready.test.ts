import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import { gradient, mul, square, sum, tensor, type Tensor } from "polyad";
import { AutoTfjs, fromTf, ready, toTf } from "@polyad/backend-tfjs";

/** In order: devices start on the way. */

const [cpu, wasm] = [AutoTfjs({ device: "cpu" }), AutoTfjs({ device: "wasm" })];

it("ready() is asked for several devices at once, and for one several times", async () => {
  expect(tf.getBackend()).toBeUndefined();
  await Promise.all([ready(wasm), ready(cpu), ready(wasm), ready(cpu)]);
  expect(tf.getBackend()).toBe("wasm"); // the first, as there was none
  for (const ad of [cpu, wasm]) expect(gradient((x: Tensor) => sum(square(x)), ad, tensor([1, 2]))[0].toArray()).toEqual([2, 4]);
  expect(tf.memory().numTensors).toBe(0);
});

it("a device that fails to start leaves the others to start", async () => {
  const settled = await Promise.allSettled([ready({ device: "webgl" as never }), ready(AutoTfjs({ device: "webgpu" })), ready(wasm)]);
  expect(settled.map((s) => (s.status === "rejected" ? String(s.reason) : "ready"))).toEqual([
    'AutodiffError: tfjs: there is no device "webgl". Use one of cpu, wasm, webgpu.',
    'AutodiffError: tfjs: the device webgpu could not be started. There is no WebGPU here (navigator.gpu), or no GPU that it can use: AutoTfjs({ device: "wasm" }) needs none.',
    "ready",
  ]);
  expect(tf.getBackend()).toBe("wasm");
});

it("operators work while another device starts", async () => {
  await tf.setBackend("cpu");
  const starting = ready(wasm);
  expect(gradient((x) => mul(x, x), cpu, 3)).toEqual([6]);
  expect(gradient((x) => mul(x, x), wasm, 3)).toEqual([6]);
  await starting;
  expect(tf.getBackend()).toBe("cpu");
});

it("a copy of TensorFlow.js's core that loads later shares ours: its tensors, variables and ops work", async () => {
  const require = createRequire(import.meta.url);
  const folder = mkdtempSync(join(import.meta.dirname, "../../../node_modules/.tfjs-copy-"));
  let later: typeof tf;
  try {
    copyFileSync(require.resolve("@tensorflow/tfjs-core"), join(folder, "later.cjs"));
    later = require(join(folder, "later.cjs")) as typeof tf;
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect([later.Tensor === tf.Tensor, later.engine() === tf.engine()]).toEqual([false, true]);
  await ready(cpu);
  const t = later.tensor([1, 2]);
  const v = later.variable(t);
  const grads = gradient((a: Tensor, b: Tensor) => sum(mul(square(a), b)), cpu, t, v);
  expect(grads.map((g) => [g instanceof tf.Tensor, ...g.dataSync()])).toEqual([[true, 2, 8], [true, 1, 4]]);
  const [g] = gradient((a: Tensor) => sum(mul(a, fromTf(later.square(t)))), cpu, t);
  expect([...g.dataSync()]).toEqual([1, 4]);
  expect(gradient((a: Tensor) => sum(mul(fromTf(toTf(a)), 2)), cpu, tensor([1, 2]))[0].toArray()).toEqual([2, 2]);
  later.dispose([t, g, ...grads]);
  v.dispose();
  expect(tf.memory().numTensors).toBe(0);
});

it("a device that the user removed from TensorFlow.js is not ready any more, and says so", () => {
  tf.removeBackend("wasm");
  expect(() => gradient((x) => mul(x, x), wasm, 3)).toThrow('tfjs wasm is not ready. Call `await ready(AutoTfjs({ device: "wasm" }))` first, once.');
  expect(gradient((x) => mul(x, x), cpu, 3)).toEqual([6]);
});
