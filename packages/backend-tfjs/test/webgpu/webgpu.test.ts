import { backend, env, memory } from "@tensorflow/tfjs-core";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { testBackend } from "@polyad/conformance";
import { AutoTape, cumsum, gradient, matmul, maxPool, mean, mul, square, sub, sum, tanh, Tensor, tensor, toDevice, transpose, withgradient, type Value } from "polyad";
import { beforeAll, describe, expect, test } from "vitest";
import { beyondWebGpu, subset } from "../subset.js";
import { startWebGpu } from "./adapter.js";

const missing = await startWebGpu();
if (missing !== null) console.info(`webgpu in Node is left out: ${missing}`);

const read = async (x: Value): Promise<number[]> => (typeof x === "number" ? [x] : Array.from(await x.data()));
const free = (...xs: Value[]): void => xs.forEach((x) => x instanceof Tensor && x.dispose());

describe.skipIf(missing !== null)("webgpu in Node", () => {
  const ad = AutoTfjs({ device: "webgpu" });
  /** What the driver refused: TensorFlow.js logs it, and goes on with zeros. */
  const refused: string[] = [];
  beforeAll(async () => {
    await ready(ad);
    tfjs("webgpu").within(() => {
      (backend() as WebGPUBackend).device.addEventListener("uncapturederror", ({ error }) => refused.push(error.message));
    });
    env().set("WEBGPU_CPU_FORWARD", false); // or it would compute what is small on the host
  });

  test("ten steps of training bring the loss down, and leave no tensor", async () => {
    const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]);
    const y = tensor([[0], [1], [1], [0]]);
    const loss = (m: { a: Value; b: Value }): Value => mean(square(sub(matmul(tanh(matmul(x, m.a)), m.b), y)));
    const losses: number[] = [];
    let m = { a: tensor([[1, -1.5, 0.5], [-1, 1.25, 0.75]]), b: tensor([[1], [0.5], [-0.5]]) };
    const before = memory().numTensors;
    for (let step = 0; step < 10; step++) {
      const { val, grad: [g] } = await withgradient(loss, ad, m);
      losses.push(...(await read(val)));
      const next = async (w: Tensor, dw: Tensor): Promise<Tensor> => tensor((await read(dw)).map((d, i) => w.dataSync()[i]! - 0.3 * d)).reshape(w.shape);
      m = { a: await next(m.a, g.a), b: await next(m.b, g.b) };
      free(val, g.a, g.b);
    }
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    expect(memory().numTensors).toBe(before);
  });

  test("tensors that live on the device give gradients there", async () => {
    const w = toDevice(tensor(Float32Array.of(1, -2, 3)), tfjs("webgpu"));
    const { val, grad: [g] } = await withgradient((v: Value) => sum(square(v)), ad, w);
    expect(g.device).toBe(tfjs("webgpu"));
    expect(await read(val)).toEqual([14]);
    expect(await read(g)).toEqual([2, -4, 6]);
    expect(() => g.dataSync()).toThrow("await t.data()");
    free(w, val, g);
  });

  test("an error thrown by f rejects the promise, and leaves no tensor", async () => {
    const before = memory().numTensors;
    const failing = gradient((x: Value) => {
      throw new RangeError(`mine ${String(sum(x) !== undefined)}`);
    }, ad, tensor([1, 2]));
    await expect(failing).rejects.toThrow("mine true");
    expect(memory().numTensors).toBe(before);
  });

  test("operators that wait at the same time do not meet", async () => {
    const before = memory().numTensors;
    const points = [1, 2, 3, 4].map((x) => tensor([x, -x]));
    const grads = await Promise.all(points.map((x, i) => withgradient((v: Value) => mul(i + 1, sum(square(v))), ad, x)));
    for (const [i, { val, grad: [g] }] of grads.entries()) {
      const x = i + 1;
      expect([await read(val), await read(g)]).toEqual([[2 * x ** 3], [2 * x * x, -2 * x * x]]);
      free(val, g);
    }
    const failing = Promise.allSettled([gradient((): Value => { throw new Error("mine"); }, ad, points[0]!), gradient((v: Value) => sum(v), ad, points[1]!)]);
    const [refused, given] = await failing;
    expect(refused.status).toBe("rejected");
    free(...(given as PromiseFulfilledResult<[Tensor]>).value);
    expect(memory().numTensors).toBe(before);
  });

  test("a gradient inside of a function is refused, where its promise could not be waited for", async () => {
    const before = memory().numTensors;
    const inner = (x: Value): Value => (gradient((y: Value) => sum(square(y)), ad, x) as unknown as Value[])[0]!;
    for (const engine of [ad, AutoTape()]) {
      await expect(Promise.resolve().then(() => gradient(inner, engine as typeof ad, tensor([1, 2])))).rejects.toThrow(
        "tfjs: this engine gives promises, for which a function that is being differentiated cannot wait. Name a synchronous engine inside of it, such as AutoTape(), or SecondOrder(outer, inner).",
      );
    }
    expect(memory().numTensors).toBe(before);
    const [g] = await gradient((x: Value) => sum(gradient((y: Value) => sum(square(square(y))), AutoTape(), x)[0] as Value), ad, tensor([1, 2]));
    expect(await read(g)).toEqual([12, 48]);
    free(g);
  });

  // Each of these came out wrong by TensorFlow.js's kernels, in silence.
  test("integers change their axes, at rank 3", async () => {
    const x = toDevice(tensor(Int32Array.from({ length: 24 }, (_, i) => i), [2, 3, 4]), tfjs("webgpu"));
    const y = transpose(x, [2, 0, 1]);
    expect(await read(y)).toEqual(Array.from(transpose(tensor(Int32Array.from({ length: 24 }, (_, i) => i), [2, 3, 4]), [2, 0, 1]).dataSync()));
    free(x, y);
  });

  test("sums from the end, of one length after another", async () => {
    for (const n of [2, 5, 3, 9]) {
      const x = toDevice(tensor(Float32Array.from({ length: n }, (_, i) => i + 1)), tfjs("webgpu"));
      const y = cumsum(x, { reverse: true });
      expect(await read(y)).toEqual(Array.from({ length: n }, (_, i) => ((n - i) * (n + i + 1)) / 2));
      free(x, y);
    }
  });

  test("the gradient of maxPool over windows of nine", async () => {
    const x = tensor(Float64Array.from({ length: 36 }, (_, i) => (i * 7) % 36), [1, 1, 6, 6]);
    const f = (v: Value): Value => sum(square(maxPool(v as Tensor, [3, 3])));
    const [g] = await gradient(f, ad, x);
    expect(await read(g)).toEqual(Array.from(gradient(f, AutoTape(), x)[0].dataSync()));
    free(g);
  });

  testBackend(ad, { runs: 1, skip: beyondWebGpu, only: subset(24), live: () => memory().numTensors });

  test("the driver refused nothing of all that", () => expect(refused).toEqual([]));
});
