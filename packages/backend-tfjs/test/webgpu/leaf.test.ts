import * as tf from "@tensorflow/tfjs-core";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { AutoTfjs, fromTf, ready, tfjs, toTf } from "@polyad/backend-tfjs";
import {
  add, AutoForward, AutoTape, cast, cholesky, det, digamma, eigh, gather, gradient, greater, hvp, inv, lgamma, logdet, matmul, mul, polygamma, pullback, pushforward, qr, solve, square,
  sum, svd, tanh, tensor, toDevice, triangularSolve, UnsupportedError, where, withgradient, type Tensor, type Value,
} from "polyad";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { startWebGpu } from "./adapter.js";

const missing = await startWebGpu();

describe.skipIf(missing !== null)("webgpu in Node", () => {
  const ad = AutoTfjs({ device: "webgpu" });
  let before = 0;
  beforeAll(async () => {
    await ready(ad);
    await tf.setBackend("webgpu");
    tf.env().set("WEBGPU_CPU_FORWARD", false);
  });
  beforeEach(() => {
    before = tf.memory().numTensors;
  });
  const nothingLeft = (): void => expect(tf.memory().numTensors, "tensors").toBe(before);
  afterEach(() => nothingLeft());

  const read = async (t: tf.Tensor): Promise<number[]> => Array.from(await t.data());
  const near = async (t: tf.Tensor, expected: readonly number[]): Promise<void> => (await read(t)).forEach((y, i) => expect(y / expected[i]!).toBeCloseTo(1, 4));

  /** d/dX Σ tanh(X²) = S·Xᵀ + Xᵀ·S with S = 1 − tanh² X² */
  const slopes = ((): number[] => {
    const x = [[0.1, 0.2], [0.3, 0.4]] as const;
    const dot = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] => a.map((row) => b[0]!.map((_, j) => row.reduce((all, e, k) => all + e * b[k]![j]!, 0)));
    const s = dot(x, x).map((row) => row.map((z) => 1 - Math.tanh(z) ** 2));
    const turned = [0, 1].map((i) => x.map((row) => row[i]!));
    const [left, right] = [dot(s, turned), dot(turned, s)];
    return left.flatMap((row, i) => row.map((e, j) => e + right[i]![j]!));
  })();

  test.each([["AutoTfjs", ad], ["AutoTape", AutoTape()], ["AutoForward", AutoForward()]] as const)("tf.Tensor and tf.Variable are leaves of %s, whose gradients never see the host", async (_name, engine) => {
    const x = tf.tensor2d([[0.1, 0.2], [0.3, 0.4]]);
    const v = tf.tidy(() => tf.variable(tf.tensor2d([[0.1, 0.2], [0.3, 0.4]])));
    const backend = tf.backend();
    const spies = (["read", "readSync"] as const).map((name) => vi.spyOn(backend, name));
    const write = vi.spyOn(backend, "write");
    const results = await gradient((a: Tensor, b: Tensor) => sum(tanh(matmul(a, b))), engine as AutoTfjs, x, x);
    const [g] = await gradient((m: { v: Tensor }) => sum(tanh(matmul(m.v, m.v))), engine as AutoTfjs, { v });
    spies.forEach((spy) => expect(spy).not.toHaveBeenCalled());
    for (const [values] of write.mock.calls) expect([...((values ?? []) as Float32Array)], "what is uploaded: constants and seeds").not.toContain(Math.fround(0.3));
    vi.restoreAllMocks();
    for (const t of [...results, g.v]) expect([t instanceof tf.Tensor, t.shape]).toEqual([true, [2, 2]]);
    await near(g.v, slopes);
    const total = tf.add(results[0], results[1]);
    await near(total, slopes);
    expect([x.isDisposed, v.isDisposed]).toEqual([false, false]);
    tf.dispose([x, ...results, g, total]);
    v.dispose();
  });

  test("trees mix; integers are null", async () => {
    const tree = { w: tf.tensor1d([1, 2]), i: tf.tensor1d([3, 4], "int32"), b: tf.tensor1d([1, 0], "bool"), n: 2, host: tensor([5, 6]) };
    const [g] = await gradient((m) => sum(where(m.b, mul(mul(m.w, m.i), mul(m.n, m.host)), 0)), ad, tree);
    expect(await read(g.w)).toEqual([30, 0]);
    expect([g.i, g.b, g.n, g.host.device.name, ...g.host.dataSync()]).toEqual([null, null, 15, "host", 6, 0]);
    tf.dispose([tree.w, tree.i, tree.b, g.w]);
  });

  test("seeds and products", async () => {
    const [x, v] = [tf.tensor1d([1, 2]), tf.tensor1d([1, 0.5])];
    const cube = (x: Tensor): Value => sum(mul(x, square(x)));
    const product = await hvp(cube, ad, x, v);
    expect(await read(product)).toEqual([6, 6]);
    const ct = await pullback((x) => x, ad, x, v);
    expect(ct).not.toBe(v);
    tf.dispose([product, ct]);
    expect(await read(v)).toEqual([1, 0.5]);
    const dy = await pushforward((x) => square(x), ad, x, v);
    expect(Array.from(await dy.data())).toEqual([2, 2]);
    dy.dispose();
    tf.dispose([x, v]);
  });

  test("TensorFlow.js's own ops inside of f", async () => {
    tf.registerGradient({ kernelName: "Exp", outputsToSave: [true], gradFunc: (dy, [y]) => ({ x: () => tf.mul(dy as tf.Tensor, y!) }) });
    tf.registerGradient({ kernelName: "Cast", gradFunc: (dy) => ({ x: () => tf.cast(dy as tf.Tensor, "float32") }) });
    tf.registerGradient({ kernelName: "Multiply", inputsToSave: ["a", "b"], gradFunc: (dy, [a, b]) => ({ a: () => tf.mul(dy as tf.Tensor, b!), b: () => tf.mul(dy as tf.Tensor, a!) }) });
    try {
      const x = tf.tensor1d([0.5, -1]);
      // Its own second derivative would be 0: it saves the result before it notes the op.
      const product = await hvp((x) => sum(fromTf(tf.exp(toTf(x)))), ad, x, x);
      await near(product, [0.5 * Math.exp(0.5), -Math.exp(-1)]);
      tf.dispose([x, product]);
    } finally {
      for (const name of ["Exp", "Cast", "Multiply"]) tf.unregisterGradient(name);
    }
  });

  test("reads at once are errors that say to await, also inside of f", async () => {
    const x = toDevice(tensor([1, 2]), tfjs("webgpu"));
    for (const use of [() => x.dataSync(), () => x.toArray(), () => sum(x).item()]) expect(() => tf.tidy(() => void use())).toThrow("tfjs webgpu reads asynchronously: await t.data() in place of dataSync(), toArray() or item().");
    await expect(gradient((v: Tensor) => mul(sum(v), v.dataSync()[0]!), ad, x)).rejects.toThrow("await t.data()");
    x.dispose();
  });

  const square2 = [[4, 1], [1, 3]];
  test.each([
    ["lgamma", (x: Tensor) => lgamma(x)],
    ["digamma", (x: Tensor) => digamma(x)],
    ["polygamma", (x: Tensor) => polygamma(2, x)],
    ["cholesky", (x: Tensor) => cholesky(x)],
    ["qr", (x: Tensor) => qr(x)[1]],
    ["svd", (x: Tensor) => svd(x)[1]],
    ["eigh", (x: Tensor) => eigh(x)[0]],
    ["det", (x: Tensor) => det(x)],
    ["slogdet", (x: Tensor) => logdet(x)],
    ["solve", (x: Tensor) => inv(x)],
    ["solve", (x: Tensor) => solve(x, tensor([1, 2]))],
    ["triangularSolve", (x: Tensor) => triangularSolve(x, tensor([1, 2]))],
  ] as const)("%s, which has no kernel, says who, where, and the way out", async (name, f) => {
    const x = toDevice(tensor(square2), tfjs("webgpu"));
    const message = `${name}: the host computes it, and cannot read at once from tfjs webgpu, which reads asynchronously. Use AutoTfjs({ device: "wasm" }), or move the operands with toHost().`;
    expect(() => tf.tidy(() => void f(x))).toThrow(new UnsupportedError(message));
    await expect(gradient((v: Tensor) => sum(f(v)), ad, tensor(square2))).rejects.toThrow(message);
    expect(() => gradient((v: Tensor) => sum(f(v)), AutoTape(), x)).toThrow(UnsupportedError);
    x.dispose();
  });

  test("a kernel that is missing is named", async () => {
    const kernel = tf.getKernel("Transpose", "webgpu");
    tf.unregisterKernel("Transpose", "webgpu");
    try {
      await expect(gradient((x: Tensor) => sum(x.transpose()), ad, tensor([[1, 2]]))).rejects.toThrow(
        `transpose: tfjs webgpu has no kernel Transpose. Install a version of @tensorflow/tfjs-backend-webgpu that fits @tensorflow/tfjs-core ${tf.version_core}, or name another device.`,
      );
    } finally {
      tf.registerKernel(kernel);
    }
  });

  test("dtypes stay", async () => {
    const types = ["float64", "float32", "int32", "bool"] as const;
    const xs = types.map((dtype) => toDevice(tensor([1, 0, 1], null, dtype), tfjs("webgpu")));
    for (const x of xs) expect([x.dtype, ...(await x.data())]).toEqual([x.dtype, 1, 0, 1]);
    const ys = tf.tidy(() => xs.map((x) => toTf(add(x, x))));
    expect(ys.map((y) => y.dtype)).toEqual(["float32", "float32", "int32", "int32"]);
    const made = [gather(xs[2]!, tensor([2, 1], null, "int32")), greater(xs[1]!, 0), cast(xs[3]!, "float32")];
    expect(made.map((y) => y.dtype)).toEqual(["int32", "bool", "float32"]);
    expect(await Promise.all(made.map(async (y) => Array.from(await y.data())))).toEqual([[1, 0], [1, 0, 1], [1, 0, 1]]);
    for (const t of [...xs, ...ys, ...made]) t.dispose();
    const { val, grad: [g] } = await withgradient((x: Tensor) => sum(square(x)), ad, tensor([0.5]));
    expect([(val as Tensor).dtype, g.dtype, g.device.name, ...g.dataSync()]).toEqual(["float64", "float64", "host", 1]);
  });

  // Last: nothing works here afterwards.
  test("a device that is lost in the middle says so, whatever comes next", async () => {
    const x = toDevice(tensor([1, 2]), tfjs("webgpu"));
    const { device } = tf.backend() as WebGPUBackend;
    await expect(
      (async () => {
        const [g] = await gradient((v: Tensor) => sum(square(v)), ad, x);
        device.destroy();
        await device.lost;
        return g.data().finally(() => g.dispose());
      })(),
    ).rejects.toThrow("tfjs webgpu: the device was lost");
    const lost = /^tfjs webgpu: the device was lost: .+\. What lived there is gone\. Load the page again, or start the process anew; AutoTfjs\({ device: "wasm" }\) needs no GPU\.$/;
    expect(() => add(x, 1)).toThrow(lost);
    expect(() => toDevice(tensor([1]), tfjs("webgpu"))).toThrow(lost);
    await expect(gradient((v: Tensor) => sum(v), ad, tensor([1]))).rejects.toThrow(lost);
    expect(() => gradient((v: Tensor) => sum(v), AutoTape(), x)).toThrow(lost);
    await expect(x.data()).rejects.toThrow(lost);
    await expect(ready(ad)).rejects.toThrow(lost);
    x.dispose();
  });
});
