import { backend, env, memory } from "@tensorflow/tfjs-core";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { testBackend } from "@polyad/conformance";
import { matmul, mean, square, sub, sum, tanh, tensor, toDevice, withgradient, type Tensor, type Value } from "polyad";
import { afterAll, describe, expect, test } from "vitest";
import { beyondWebGpu, subset } from "../subset.js";
import { startWebGpu } from "./adapter.js";

const missing = await startWebGpu();

describe.runIf(missing !== null)("webgpu in Node", () => {
  test("runs where there is an adapter", (context) => context.skip(missing!));
});

if (missing === null) {
  const ad = AutoTfjs({ device: "webgpu" });
  await ready(ad);
  // TensorFlow.js logs what a driver refuses, and goes on with zeros.
  const refused: string[] = [];
  tfjs("webgpu").within(() => {
    (backend() as WebGPUBackend).device.addEventListener("uncapturederror", ({ error }) => refused.push(error.message));
  });
  env().set("WEBGPU_CPU_FORWARD", false); // or it would compute what is small on the host

  describe("webgpu in Node", () => {
    test("10 steps of training bring the loss down, and leave no tensor", async () => {
      const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]);
      const y = tensor([[0], [1], [1], [0]]);
      const loss = (m: { a: Value; b: Value }): Value => mean(square(sub(matmul(tanh(matmul(x, m.a)), m.b), y)));
      const model = { a: tensor([[1, -1.5, 0.5], [-1, 1.25, 0.75]]), b: tensor([[1], [0.5], [-0.5]]) };
      const before = memory().numTensors;
      const losses: number[] = [];
      let m = model;
      for (let step = 0; step < 10; step++) {
        const { val, grad: [g] } = await withgradient(loss, ad, m);
        losses.push((await val.data())[0]!);
        const next = async (w: Tensor, dw: Tensor): Promise<Tensor> => tensor((await dw.data()).map((d, i) => w.dataSync()[i]! - 0.3 * d), w.shape);
        m = { a: await next(m.a, g.a), b: await next(m.b, g.b) };
        for (const t of [val, g.a, g.b]) t.dispose();
      }
      expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
      expect(memory().numTensors).toBe(before);
    });

    test("tensors that live on the device give gradients there", async () => {
      const w = toDevice(tensor(Float32Array.of(1, -2, 3)), tfjs("webgpu"));
      const { val, grad: [g] } = await withgradient((v: Value) => sum(square(v)), ad, w);
      expect(g.device).toBe(tfjs("webgpu"));
      expect(await val.data()).toEqual(Float32Array.of(14));
      expect(await g.data()).toEqual(Float32Array.of(2, -4, 6));
      expect(() => g.dataSync()).toThrow("await t.data()");
      for (const t of [w, val, g]) t.dispose();
    });
  });

  testBackend(ad, { runs: 1, skip: beyondWebGpu, only: subset(24) });

  afterAll(() => expect(refused).toEqual([]));
}
