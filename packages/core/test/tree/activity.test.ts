import { describe, expect, it } from "vitest";
import type { Device } from "../../src/device.js";
import type { TypedArray } from "../../src/dtype.js";
import { hostDevice, HostTensor, tensor } from "../../src/tensor.js";
import { Const, Duplicated, isConst, isDuplicated } from "../../src/tree/activity.js";
import { callable } from "../../src/tree/layer.js";

describe("Const", () => {
  it("marks a value", () => {
    expect(Const(5).value).toBe(5);
    expect(isConst(Const(5))).toBe(true);
    expect(isConst({ value: 5 })).toBe(false);
    expect(isDuplicated(Const(5))).toBe(false);
  });
});

describe("Duplicated", () => {
  const model = callable({ theta: [1, 2], W: tensor(new Float32Array([1, 2, 3, 4]), [2, 2]), data: new Float64Array(1), act: Math.sin, m: new Map([["k", 1]]) }, () => 0);
  const gradient = { theta: [3, 4], W: tensor(new Float32Array([1, 1, 1, 1]), [2, 2]), data: Float64Array.of(9), act: null, m: new Map([["k", 7]]) };

  it("has zeroed buffers like the gradient", () => {
    const d = Duplicated(model);
    expect(isDuplicated(d)).toBe(true);
    expect(d.value).toBe(model);
    expect(d.buffers).toStrictEqual({ theta: [0, 0], W: new Float32Array(4), data: new Float64Array(1), act: null, m: new Map([["k", 0]]) });
  });

  it("fills them in place", () => {
    const d = Duplicated(model);
    const { buffers } = d;
    const { W, theta } = buffers;
    void d.fill(gradient);
    void d.fill(gradient);
    expect(d.buffers).toBe(buffers);
    expect(d.buffers).toStrictEqual({ theta: [3, 4], W: new Float32Array([1, 1, 1, 1]), data: Float64Array.of(9), act: null, m: new Map([["k", 7]]) });
    expect(d.buffers.W).toBe(W);
    expect(d.buffers.theta).toBe(theta);
  });

  it("accumulates on request, into given buffers", () => {
    const first = Duplicated(model);
    void first.fill(gradient);
    const d = Duplicated(model, { buffers: first.buffers, zero: false });
    void d.fill(gradient);
    expect(d.buffers.theta).toEqual([6, 8]);
    expect([...d.buffers.W]).toEqual([2, 2, 2, 2]);
    expect([...d.buffers.data]).toEqual([18]);
    expect(d.buffers.m.get("k")).toBe(14);
  });

  it("keeps the gradient of a bare number, array or tensor", () => {
    const n = Duplicated(5, { zero: false });
    void n.fill(2);
    void n.fill(3);
    expect(n.buffers).toBe(5);
    const x = Duplicated(tensor([1, 2]));
    void x.fill(tensor([3, 4]));
    expect(x.buffers).toEqual(Float64Array.of(3, 4));
  });

  it("waits for devices that read asynchronously", async () => {
    class Far extends HostTensor {
      override get device(): Device {
        return { ...hostDevice, reads: "async" };
      }
      override dataSync(): never {
        throw new Error("read synchronously");
      }
      override data(): Promise<TypedArray> {
        return Promise.resolve(this.elements.slice());
      }
    }
    const d = Duplicated({ W: tensor([0, 0]), n: 1 });
    const filled = d.fill({ W: new Far([2], "float64", Float64Array.of(1, 2)), n: 3 });
    expect(d.buffers.n).toBe(0);
    await filled;
    expect(d.buffers).toEqual({ W: Float64Array.of(1, 2), n: 3 });
  });

  it("refuses buffers that do not fit", () => {
    expect(() => Duplicated({ a: 1, b: 2 }, { buffers: { a: 0 } as never }).fill({ a: 1, b: 2 })).toThrow("the buffers have 1 leaves and the gradient 2");
    expect(() => Duplicated(tensor([1, 2]), { buffers: new Float64Array(3) }).fill(tensor([1, 2]))).toThrow("must be a typed array of 2");
  });
});
