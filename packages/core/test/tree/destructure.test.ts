import { describe, expect, it } from "vitest";
import { batched } from "../../src/batch.js";
import type { Device } from "../../src/device.js";
import { ShapeError } from "../../src/errors.js";
import { capture } from "../../src/graph/capture.js";
import { evaluateGraph } from "../../src/graph/evaluate.js";
import { mul } from "../../src/primitives/mul.js";
import { hostDevice, HostTensor, Tensor, tensor } from "../../src/tensor.js";
import { destructure } from "../../src/tree/destructure.js";
import { callable } from "../../src/tree/layer.js";
import { toDevice, toHost } from "../../src/tree/toDevice.js";

describe("destructure", () => {
  const W = tensor([[1, 2], [3, 4]], null, "float32");
  const tree = { W, act: Math.sin, n: [5, 6], tied: W, data: Float64Array.of(7), ints: tensor([1], null, "int32") };

  it("is a vector in tree order, row-major, ties once, in the widest dtype", () => {
    const [v, rebuild] = destructure(tree);
    expect(v.toArray()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(v.dtype).toBe("float64");
    const back = rebuild(mul(v, 2));
    expect(back.W.toArray()).toEqual([[2, 4], [6, 8]]);
    expect(back.W.dtype).toBe("float32");
    expect(back.tied).toBe(back.W);
    expect(back.n).toEqual([10, 12]);
    expect(back.data).toEqual(Float64Array.of(14));
    expect(back.act).toBe(Math.sin);
    expect(back.ints).toBe(tree.ints);
  });

  it("lets numbers follow the tensors' dtype", () => {
    expect(destructure([W, 1])[0].dtype).toBe("float32");
    expect(destructure([1, 2])[0].dtype).toBe("float64");
    expect(destructure({ a: "none" })[0].shape).toEqual([0]);
  });

  it("leaves out what a layer does not train", () => {
    const [v, rebuild] = destructure(callable({ a: 1, b: 2 }, (self) => self.b, { trainable: ["a"] }));
    expect(v.toArray()).toEqual([1]);
    expect(rebuild([9])()).toBe(2);
  });

  it("takes arrays and typed arrays back", () => {
    const [, rebuild] = destructure({ a: 1, b: 2 });
    expect(rebuild([3, 4])).toEqual({ a: 3, b: 4 });
    expect(rebuild(new Float32Array([3, 4]))).toEqual({ a: 3, b: 4 });
  });

  it("names both lengths where they differ", () => {
    const [, rebuild] = destructure([1, 2, 3]);
    expect(() => rebuild([1, 2])).toThrow(ShapeError);
    expect(() => rebuild([1, 2])).toThrow("destructure: rebuild expected a vector of length 3, got 2.");
    expect(() => rebuild(tensor([[1, 2, 3]]))).toThrow("expected a vector of length 3, got shape [1, 3].");
  });

  it("passes tracers through both ways", () => {
    const there = capture(([x, n]) => [destructure({ x, k: [1, n, 2] })[0]], [
      { shape: [2], dtype: "float32", weak: false },
      { shape: [], dtype: "float64", weak: true },
    ]);
    expect((evaluateGraph(there, [tensor(new Float32Array([1, 2])), 9])[0] as Tensor).toArray()).toEqual([1, 2, 1, 9, 2]);
    const [, rebuild] = destructure(tree);
    const back = capture(
      ([v]) => {
        const { W, n, data } = rebuild(v!);
        expect(data).toBeInstanceOf(Tensor);
        return [mul(W, 2), mul(n[0]!, 3), data as unknown as Tensor];
      },
      [{ shape: [7], dtype: "float64", weak: false }],
    );
    const ys = evaluateGraph(back, [tensor([1, 2, 3, 4, 5, 6, 7])]);
    expect(ys.map((y) => (y instanceof Tensor ? y.toArray() : y))).toEqual([[[2, 4], [6, 8]], 15, [7]]);
    expect((ys[0] as Tensor).dtype).toBe("float32");
    const [rows] = batched(([v]) => [rebuild(v!).W], [tensor([[1, 2, 3, 4, 5, 6, 7], [0, 0, 0, 0, 0, 0, 0]])], [false]);
    expect(rows!.toArray()).toEqual([[[1, 2], [3, 4]], [[0, 0], [0, 0]]]);
  });
});

describe("toDevice", () => {
  class Elsewhere extends HostTensor {
    constructor(
      x: HostTensor,
      readonly where: Device,
    ) {
      super(x.shape, x.dtype, x.elements);
    }
    override get device(): Device {
      return this.where;
    }
  }
  const device = (reads: "sync" | "async"): Device => {
    const self: Device = { ...hostDevice, name: `far-${reads}`, reads, put: (x) => new Elsewhere(x, self) };
    return self;
  };
  const W = tensor([1, 2]);
  const tree = { W, tied: [W], n: 3, data: Float64Array.of(1), layer: callable({ W }, (self) => self.W) };

  it("moves tensors once, and leaves the rest", () => {
    const far = device("sync");
    const moved = toDevice(tree, far);
    expect(moved.W.device).toBe(far);
    expect(moved.tied[0]).toBe(moved.W);
    expect(moved.layer.W).toBe(moved.W);
    expect(moved.data).toBe(tree.data);
    expect(toDevice(moved, far).W).toBe(moved.W);
    const back = toDevice(moved, "host");
    expect(back.W.device).toBe(hostDevice);
    expect(back.W.toArray()).toEqual([1, 2]);
  });

  it("reads asynchronous devices with toHost", async () => {
    const far = toDevice(tree, device("async"));
    expect(() => toDevice(far, "host")).toThrow("far-async reads asynchronously. Use toDevice(await toHost(tree), device).");
    const back = await toHost(far);
    expect(back.W.device).toBe(hostDevice);
    expect(back.tied[0]).toBe(back.W);
    expect(() => toDevice(tree, "moon" as never)).toThrow('toDevice: expected a Device or "host", got moon.');
  });

  it("refuses traced tensors", () => {
    expect(() => batched(([x]) => [toDevice(x!, device("sync"))], [W], [false])).toThrow("this tensor is traced by vmap");
  });
});
