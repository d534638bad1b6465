import * as tf from "@tensorflow/tfjs-core";
import { AutoTfjs, fromTf, ready, tfjs } from "@polyad/backend-tfjs";
import {
  add, AutoForward, AutoTape, derivative, exp, fmap, gradient, hessian, hvp, jacobian, leaves, mul, prepareGradient, pullback, pushforward, secondDerivative, SecondOrder, square, sum, tanh, tensor, Tensor, toDevice, UnsupportedError,
  valueGradientAndHessian, withgradient, type Value,
} from "polyad";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startWebGpu } from "./adapter.js";

const missing = await startWebGpu();

/** The promises of webgpu: every operator, several at once, sync engines over its tensors. */
describe.skipIf(missing !== null)("operators on webgpu in Node", () => {
  const ad = AutoTfjs({ device: "webgpu" });
  const device = tfjs("webgpu");
  let before = 0;
  beforeAll(async () => {
    await Promise.all([ready(ad), ready(AutoTfjs({ device: "wasm" })), ready(ad)]);
    await tf.setBackend("webgpu");
    tf.env().set("WEBGPU_CPU_FORWARD", false);
  });
  beforeEach(() => {
    before = tf.memory().numTensors;
  });
  const nothingLeft = (): void => expect(tf.memory().numTensors, "tensors").toBe(before);
  afterEach(nothingLeft);

  const [a, b] = [0.5, -1];
  const near = (expected: readonly number[]): unknown[] => expected.map((e) => expect.closeTo(e, 4) as unknown);
  /** Elements of all leaves, in order; device tensors among them are freed. */
  const read = async (tree: unknown): Promise<number[]> => {
    const parts = leaves(tree).map(async (leaf) => {
      if (!(leaf instanceof Tensor) && !(leaf instanceof tf.Tensor)) return typeof leaf === "number" ? [leaf] : Array.from(leaf as Float64Array);
      const data = Array.from(await leaf.data());
      if (leaf instanceof tf.Tensor || leaf.device === device) leaf.dispose();
      return data;
    });
    return (await Promise.all(parts)).flat();
  };

  const f = (x: Tensor): Value => sum(exp(square(x)));
  const slope = (x: number): number => 2 * x * Math.exp(x * x);
  const bend = (x: number): number => (2 + 4 * x * x) * Math.exp(x * x);

  test.each([["host", () => tensor([a, b])], ["device", () => toDevice(tensor([a, b]), device)], ["tf", () => tf.tensor1d([a, b])]] as const)("all of them give promises: an argument on %s", async (where, make) => {
    const x = make() as Tensor;
    const promises = [
      gradient(f, ad, x), jacobian((v: Tensor) => exp(square(v)), ad, x), hessian(f, ad, x), hvp(f, ad, x, x), pushforward((v: Tensor) => exp(square(v)), ad, x, x),
      pullback((v: Tensor) => exp(square(v)), ad, x, x), hessian(f, SecondOrder(ad, AutoTape()), x),
    ];
    for (const promise of promises) expect(promise).toBeInstanceOf(Promise);
    const [sa, sb] = [slope(a), slope(b)];
    const rows = [[sa, sb], [sa, 0, 0, sb], [bend(a), 0, 0, bend(b)], [a * bend(a), b * bend(b)], [a * sa, b * sb], [a * sa, b * sb], [bend(a), 0, 0, bend(b)]];
    for (const [i, row] of rows.entries()) {
      const result = await promises[i];
      for (const leaf of leaves(result)) expect(leaf instanceof tf.Tensor ? "tf" : (leaf as Tensor).device.name, `${i}`).toBe(where === "host" ? "host" : leaf instanceof tf.Tensor ? "tf" : device.name);
      expect(await read(result)).toEqual(near(row));
    }
    const { val, grad, hessian: H } = await valueGradientAndHessian(f, ad, x);
    expect(await read([val, grad, H])).toEqual(near([Math.exp(a * a) + Math.exp(b * b), sa, sb, bend(a), 0, 0, bend(b)]));
    if (where !== "host") x.dispose();
  });

  test("numbers and typed arrays are read before the promise resolves", async () => {
    expect(await gradient((s: Value, v: Tensor, list: Value[]) => mul(mul(s, sum(v)), list[1]!), ad, 3, Float32Array.of(1, 2), [5, 6])).toEqual([18, Float32Array.of(18, 18), [0, 9]]);
    expect(await derivative((s) => mul(s, square(s)), ad, 2)).toBe(12);
    expect(await secondDerivative((s) => mul(s, square(s)), ad, 2)).toBe(12);
    const { val, grad } = await withgradient((s: Value) => [square(s), s] as const, ad, 3);
    expect([val, grad]).toEqual([[9, 3], [6]]);
  });

  test("several at once, one of which fails", async () => {
    const runs = [1, 2, 3, 4].map((k) =>
      gradient((x: Tensor) => {
        if (k === 3) throw new RangeError(`mine ${String(exp(x).shape)}`);
        return mul(k, f(x));
      }, ad, tensor([a, b])),
    );
    const settled = await Promise.allSettled(runs);
    expect(settled.map((s) => (s.status === "rejected" ? String(s.reason) : s.value[0].dataSync()[0]))).toEqual([...near([slope(a), 2 * slope(a)]), "RangeError: mine 2", ...near([4 * slope(a)])]);
  });

  test("host work goes on while a promise is pending", async () => {
    const pending = gradient(f, ad, tensor([a, b]));
    expect(gradient((x) => square(x), AutoTape(), 3)).toEqual([6]);
    expect(gradient((x: Tensor) => sum(square(x)), AutoTfjs({ device: "wasm" }), tensor([1, 2]))[0].toArray()).toEqual([2, 4]);
    const x = toDevice(tensor([1, 2]), device);
    const y = add(x, 1);
    expect(await read(await pending)).toEqual(near([slope(a), slope(b)]));
    expect(await read([y, x])).toEqual([2, 3, 1, 2]);
  });

  test.each([["AutoTape", AutoTape()], ["AutoForward", AutoForward()]] as const)("%s over tensors there gives tensors there, at once; numbers and typed arrays are refused", async (_name, engine) => {
    const x = toDevice(tensor([a, b]), device);
    const results = [gradient(f, engine as AutoTape, x), hessian(f, engine as AutoTape, x), hvp(f, engine as AutoTape, x, x), jacobian((v: Tensor) => tanh(v), engine as AutoTape, x)];
    for (const t of leaves(results) as Tensor[]) expect(t.device).toBe(device);
    const t = (z: number): number => 1 - Math.tanh(z) ** 2;
    expect(await read(results)).toEqual(near([slope(a), slope(b), bend(a), 0, 0, bend(b), a * bend(a), b * bend(b), t(a), 0, 0, t(b)]));
    for (const other of [3, Float64Array.of(1, 2)]) {
      const refused = () => gradient((s: Value) => sum(mul(x, s)), engine as AutoTape, other as never);
      expect(refused).toThrow(UnsupportedError);
      expect(refused).toThrow(/a number or typed array is to be read from a device that reads asynchronously, and this engine gives its results at once\. Pass tensors in their place, or use the device's own engine\.$/);
    }
    await x.data(); // what was refused is freed once it would have been read
    await new Promise((resolve) => setTimeout(resolve, 50));
    x.dispose();
  });

  test("a prepared gradient, many times, and into buffers", async () => {
    const step = prepareGradient(f, ad, tensor([a, b]));
    const buffers = [new Float64Array(2)] as const;
    for (const x of [[a, b], [0.25, 0.75]] as const) {
      expect(await read(await step(tensor([...x])))).toEqual(near(x.map(slope)));
      expect(await step.into(buffers as never, tensor([...x]))).toBe(buffers);
      expect(Array.from(buffers[0])).toEqual(near(x.map(slope)));
    }
    expect(() => step(tensor([1]))).toThrow("not like the example");
    step.dispose();
  });

  test("300 gradients leave nothing, with and without exceptions", async () => {
    const x = tf.tensor1d([a, b]);
    for (let i = 0; i < 150; i++) {
      const [g] = await gradient(f, ad, x);
      g.dispose();
      await expect(gradient((v: Tensor) => exp(v) as Value, ad, x)).rejects.toThrow("Use jacobian()");
    }
    expect(tf.memory().numTensors).toBe(before + 1);
    expect(await read(fmap((leaf) => leaf, { x: fromTf(x) }))).toEqual(near([a, b]));
    x.dispose();
  });
});
