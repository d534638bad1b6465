import * as tf from "@tensorflow/tfjs-core";
import { AutoTfjs, fromTf, ready, tfjs, toTf } from "@polyad/backend-tfjs";
import { abs, add, argmax, AutoTape, broadcastTo, cast, ceil, clamp, cumsum, flip, floor, gradient, greater, less, min, mod, mul, neg, pad, prod, relu, round, scatterAdd, scope, sign, slice, sort, sum, tensor, tile, toDevice, where, type Tensor } from "polyad";
import { beforeAll, describe, expect, test } from "vitest";
import { startWebGpu } from "./adapter.js";

const missing = await startWebGpu();
const of = (shape: number[]): Tensor => tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7919) % 23) - 11), shape);

describe.skipIf(missing !== null)("webgpu as the host", () => {
  const there = (x: Tensor): Tensor => toDevice(x, tfjs("webgpu"));
  beforeAll(async () => {
    await ready(AutoTfjs({ device: "webgpu" }));
    tf.env().set("WEBGPU_CPU_FORWARD", false);
  });
  const same = async (f: (...xs: Tensor[]) => Tensor, ...xs: Tensor[]): Promise<void> => {
    const before = tf.memory().numTensors;
    const moved = xs.map(there);
    const [got, expected] = [scope(() => f(...moved)), f(...xs)];
    expect([got.dtype, got.shape]).toEqual([expected.dtype, expected.shape]);
    expect(Array.from(await got.data(), (v) => v + 0)).toEqual(Array.from(expected.dataSync(), (v) => v + 0));
    for (const x of [...moved, got]) x.dispose();
    expect(tf.memory().numTensors).toBe(before);
  };

  describe.each([[[2, 3, 1, 2, 3]], [[2, 1, 3, 2, 2, 3]]])("%j", (shape) => {
    const every = shape.map(() => [1, 0] as const);
    test.each<[string, (x: Tensor) => Tensor]>([
      ["abs", abs],
      ["relu", relu],
      ["sign", sign],
      ["clamp", (x) => clamp(x, -3, 4)],
      ["a row added", (x) => add(x, tensor(Float32Array.of(1, 2, 3)))],
      ["a row repeated", (x) => mul(broadcastTo(tensor(Float32Array.of(1, 2, 3)), shape), x)],
      ["integers compared with a row", (x) => less(cast(x, "int32"), tensor(Int32Array.of(1, 2, 3)))],
      ["where", (x) => where(greater(x, 0), x, tensor(Float32Array.of(1, 2, 3)))],
      ["pad", (x) => pad(x, every)],
      ["slice", (x) => slice(x, null, [null, null, -1], null, [0, 2])],
      ["flip", (x) => flip(x, { axis: 1 })],
      ["cumsum", (x) => cumsum(x, { axis: 3, reverse: true })],
      ["argmax", (x) => argmax(x, { axis: 1 })],
      ["sort", (x) => sort(x, { axis: 0 })],
      ["min", (x) => min(x, { axis: [0, 3] })],
    ])("%s, and its derivative", async (_name, f) => {
      await same(f, of(shape));
      if (f(of(shape)).dtype === "float32") await same((x) => gradient((x) => sum(mul(f(x), f(x))), AutoTape(), x)[0], of(shape));
    });
  });

  test("of four axes: tile, and the derivative of prod", async () => {
    await same((x) => tile(x, [2, 1, 3, 1]), of([2, 2, 2, 2]));
    await same((x) => gradient((x) => sum(prod(x, { axis: 2, keepDims: true })), AutoTape(), x)[0], of([2, 3, 3, 2]));
  });

  test("integers and truth values", async () => {
    const [i, b] = [tensor(Int32Array.of(5, -7, 0, 3), [2, 2]), cast(tensor([[1, 0], [1, 1]]), "bool")];
    for (const f of [neg, floor, ceil, round]) for (const x of [i, b]) await same(f as (x: Tensor) => Tensor, x);
    await same((x) => mod(x, tensor(Int32Array.of(0, 2))), i);
    await same((x) => scatterAdd(x, tensor(Int32Array.of(0, 0)), x, { axis: 1 }), i);
  });

  test("a shader that the driver refuses is an error, and not zeros", async () => {
    const x = there(of([1, 1, 1, 1, 2]));
    const y = fromTf(tf.tidy(() => tf.pad(toTf(x), [[1, 0], [0, 0], [0, 0], [0, 0], [0, 0]])));
    await expect(y.data()).rejects.toThrow(/^tfjs webgpu: the driver refused what a kernel of TensorFlow.js asked of it, so that what was computed there may be wrong: Error while parsing WGSL/);
    await expect(x.data()).rejects.toThrow("Leave that out, await ready(AutoTfjs({ device: \"webgpu\" })) again"); // work of the same batch is lost, too
    await ready(AutoTfjs({ device: "webgpu" }));
    await same(neg, of([3])); // what comes after is right
    for (const t of [x, y]) t.dispose();
  });
});
