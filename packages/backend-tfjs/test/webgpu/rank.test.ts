import { memory } from "@tensorflow/tfjs-core";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { argsort, AutoTape, dispose, generator, gradient, median, mul, quantile, rand, scope, searchsorted, sort, sum, tensor, toDevice, toHost, topK, UnsupportedError, zeros, type Tensor } from "polyad";
import { beforeAll, describe, expect, test } from "vitest";
import { startWebGpu } from "./adapter.js";

const missing = await startWebGpu();

describe.skipIf(missing !== null)("order on webgpu is the host's", () => {
  const ad = AutoTfjs({ device: "webgpu" });
  beforeAll(() => ready(ad));
  const there = (x: Tensor): Tensor => toDevice(x, tfjs("webgpu"));
  /** What f gives there and here, element by element; nothing is left. */
  const same = async (f: (...xs: Tensor[]) => Tensor | readonly Tensor[], ...xs: Tensor[]): Promise<void> => {
    const before = memory().numTensors;
    const moved = xs.map(there);
    const result = scope(() => [f(...moved)].flat() as Tensor[]);
    const expected = [f(...xs)].flat() as Tensor[];
    for (const [i, y] of (await toHost(result)).entries()) {
      expect([y.dtype, y.shape]).toEqual([expected[i]!.dtype, expected[i]!.shape]);
      expect(Array.from(y.dataSync(), (v) => v + 0)).toEqual(Array.from(expected[i]!.dataSync(), (v) => v + 0));
    }
    dispose([moved, result]);
    expect(memory().numTensors).toBe(before);
  };

  const odd = tensor(Float32Array.of(3, NaN, -0, 0, 1, -Infinity, Infinity, 3, 1e-30, -1e-30, NaN, -2), [2, 6]);
  const many = rand(generator(1), [3, 700], { dtype: "float32" });
  const ints = tensor(Int32Array.of(3, -1, 3, 0, 7, -1), [2, 3]);

  test.each([0, 1])("argsort, sort and topK along axis %i: ties, zeros, infinities, NaN, integers", async (axis) => {
    for (const x of [odd, ints]) {
      for (const descending of [false, true]) {
        await same((y) => argsort(y, { axis, descending }), x);
        await same((y) => sort(y, { axis, descending }), x);
      }
      for (const k of [0, 1, 2]) await same((y) => topK(y, k, { axis }), x);
    }
    await same((y) => sort(y, { axis }), many);
  });

  test("searchsorted, median and quantile", async () => {
    for (const side of ["left", "right"] as const) await same((edges, x) => searchsorted(edges, x, { side }), tensor(Float32Array.of(-1, 0, 0, 2, Infinity, NaN)), odd);
    await same((x) => median(x, { axis: 1 }) as Tensor, many);
    await same((x) => median(x) as Tensor, tensor(Float32Array.of(4, 1, 3, 2)));
    await same((x) => quantile(x, 0.25, { axis: 0 }) as Tensor, many);
  });

  test("derivatives go where elements come from", async () => {
    const f = (x: Tensor) => sum(mul(sort(x), [1, 2, 4]));
    const [g] = await gradient(f, ad, tensor(Float32Array.of(3, 1, 2)));
    expect(Array.from(await g.data())).toEqual([4, 1, 2]);
    const [h] = gradient((x: Tensor) => sum(mul(topK(x, 2)[0], [5, 7])), AutoTape(), there(tensor(Float32Array.of(3, 1, 2))));
    expect(Array.from(await h.data())).toEqual([5, 0, 7]);
    dispose([g, h]);
  });

  test("rows that would run too long are refused", () => {
    const x = there(zeros([2 ** 15 + 1], "float32"));
    expect(() => argsort(x)).toThrow(new UnsupportedError('argsort: tfjs webgpu puts at most 32768 elements in order, got 32769. Use AutoTfjs({ device: "wasm" }), or move the operands with toHost().'));
    expect(() => topK(x, 1)).toThrow("topK: tfjs webgpu puts at most 32768 elements in order");
    expect(() => searchsorted(x, 1)).toThrow("searchsorted: tfjs webgpu puts at most 32768 elements in order");
    x.dispose();
  });
});
