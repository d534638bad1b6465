import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import { add, AutoTape, broadcastTo, cast, clamp, concat, exp, flip, gradient, hvp, jacobian, mul, pad, qr, reshape, scope, sin, slice, square, sum, tensor, toDevice, transpose, withgradient, type Tensor, type Value } from "polyad";
import { AutoTfjs, fromTf, ready, tfjs, toTf } from "@polyad/backend-tfjs";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const nothingLeft = (before: number) => expect(tf.memory().numTensors, "tensors").toBe(before);

/** Lets finalizers run, which come after collection in turns of their own. */
async function finalized(done: () => boolean): Promise<void> {
  for (let i = 0; i < 50 && !done(); i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe.each(["cpu", "wasm"] as const)("memory on %s", (device) => {
  const ad = AutoTfjs({ device });
  let before = 0;

  beforeEach(async () => {
    await ready(ad);
    await tf.setBackend(device);
    before = tf.memory().numTensors;
  });
  afterEach(() => nothingLeft(before));

  it("stays flat over 10,000 gradients, tensors and heap, with and without exceptions", { timeout: 240_000 }, () => {
    const x = tensor([1, 2, 3, 4]);
    const f = (x: Value): Value => sum(square(sin(x)));
    const uses = [
      () => gradient(f, ad, x),
      () => expect(() => gradient((x) => { throw new RangeError(String(f(x))); }, ad, x)).toThrow(RangeError),
    ];
    for (const use of uses) {
      const growth: number[] = [];
      for (let round = 0; round < 5; round++) {
        collect();
        const heap = process.memoryUsage().heapUsed;
        for (let i = 0; i < 2000; i++) use();
        collect();
        growth.push((process.memoryUsage().heapUsed - heap) / 2000);
        nothingLeft(before);
      }
      expect(Math.min(...growth), "bytes of heap a call").toBeLessThan(48);
    }
  });

  it("keeps nothing of a gradient that threw while TensorFlow.js had saved tensors for its own", () => {
    const x = tensor([[4, 1], [1, 3]]);
    tf.registerGradient({ kernelName: "Erf", inputsToSave: ["x"], outputsToSave: [true], gradFunc: (dy) => ({ x: () => dy as tf.Tensor }) });
    try {
      const f = (x: Tensor): Value => {
        for (let i = 0; i < 85; i++) tf.erf(toTf(x));
        throw new RangeError("in the middle");
      };
      expect(() => gradient(f, ad, x)).toThrow("in the middle");
      nothingLeft(before);
      expect(() => gradient((y) => sum(gradient(f, ad, y)[0]), ad, x)).toThrow("in the middle");
      nothingLeft(before);
      const caught = (y: Tensor): Value => {
        expect(() => gradient(f, ad, y)).toThrow("in the middle");
        return sum(square(y));
      };
      expect(gradient(caught, ad, x)[0].toArray()).toEqual([[8, 2], [2, 6]]);
      nothingLeft(before);
      expect(tf.memory().numTensors).toBe(before);
    } finally {
      tf.unregisterGradient("Erf");
    }
    expect(() => gradient((x) => { throw new RangeError(String(qr(x))); }, ad, x)).toThrow(RangeError);
  });

  it("keeps nothing of wrong results, Jacobians and products", () => {
    const x = tensor([1, 2, 3]);
    expect(() => gradient((x) => exp(x) as Value, ad, x)).toThrow("Use jacobian()");
    nothingLeft(before);
    jacobian((x) => exp(x), ad, x);
    hvp((x) => sum(exp(x)), ad, x, x);
    nothingLeft(before);
    expect(() => jacobian((x) => { throw new RangeError(String(exp(x))); }, ad, x)).toThrow(RangeError);
  });

  it("is freed by dispose(), once", () => {
    const x = toDevice(tensor([1, 2]), tfjs(device));
    expect(tf.memory().numTensors).toBe(before + 1);
    const y = add(x, 1);
    x.dispose();
    x.dispose();
    expect(y.toArray()).toEqual([2, 3]);
    y.dispose();
    nothingLeft(before);
    expect(() => add(x, 1)).toThrow("used after it had been freed");
    expect(() => x.toArray()).toThrow("used after it had been freed");
  });

  it("of a result is its own, also where the values are an operand's", () => {
    const same: readonly ((x: Tensor) => Tensor)[] = [
      (x) => reshape(x, [2, 1]), (x) => transpose(x, [0, 1]), (x) => slice(x, [0, 2]), (x) => cast(x, "float32"), (x) => sum(x, { axis: [] }),
      (x) => broadcastTo(x, [2, 1]), (x) => concat([x]), (x) => pad(x, [[0, 0], [0, 0]]), (x) => flip(x, { axis: 1 }), (x) => clamp(x, -9, 9), (x) => add(x, 0),
    ];
    for (const f of same) {
      const x = toDevice(tensor([[1], [2]]), tfjs(device));
      const y = f(x);
      if (y !== x) x.dispose();
      expect(y.toArray(), String(f)).toEqual([[1], [2]]);
      y.dispose();
      nothingLeft(before);
      expect(gradient((x: Tensor) => sum(f(x)), ad, tensor([[1], [2]]))[0].toArray(), String(f)).toEqual([[1], [1]]);
    }
  });

  it("is freed at the end of a block by `using`", () => {
    {
      using x = toDevice(tensor([1, 2]), tfjs(device));
      expect(tf.memory().numTensors).toBe(before + 1);
      expect(x.toArray()).toEqual([1, 2]);
    }
    nothingLeft(before);
  });

  it("is freed by scope(), which keeps its result", () => {
    const x = toDevice(tensor([1, 2]), tfjs(device));
    let inner = x;
    const y = scope(() => {
      inner = exp(x);
      return { y: [add(inner, 1)] };
    }).y[0]!;
    expect(tf.memory().numTensors).toBe(before + 2);
    expect(() => inner.toArray()).toThrow("at the end of the operator, scope() or tidy() in which it was made");
    expect(() => scope(() => { throw new RangeError(exp(x).toString()); })).toThrow(RangeError);
    expect(tf.memory().numTensors).toBe(before + 2);
    for (const t of [x, y]) t.dispose();
  });

  it("of results is kept, extra ones too", () => {
    const x = toDevice(tensor([1, 2]), tfjs(device));
    const { val, grad } = withgradient((x) => { const e = exp(x); return { loss: sum(e), e }; }, ad, x);
    expect(val.e.device).toBe(tfjs(device));
    expect(grad[0].toArray()).toEqual(val.e.toArray());
    for (const t of [x, val.loss as typeof x, val.e, grad[0]]) t.dispose();
  });

  it("belongs to tf.tidy() where that is around", () => {
    tf.tidy(() => {
      const x = toDevice(tensor([1, 2]), tfjs(device));
      const [g] = gradient((x) => sum(mul(x, x)), ad, x);
      expect(g.toArray()).toEqual([2, 4]);
      expect(add(g, x).toArray()).toEqual([3, 6]);
    });
  });

  it("is left to the user by tf.keep()", () => {
    const kept: tf.Tensor[] = [];
    gradient((x) => { kept.push(tf.keep(toTf(exp(x)))); return sum(x); }, ad, tensor([0]));
    expect([...kept[0]!.dataSync()]).toEqual([1]);
    kept[0]!.dispose();
  });

  it("is freed by garbage collection where nothing else does", async () => {
    const make = () => {
      const x = toDevice(tensor([1, 2]), tfjs(device));
      for (const engine of [ad, AutoTape()]) gradient((x) => sum(exp(x)), engine, x);
      return exp(add(x, 1)).shape;
    };
    for (let i = 0; i < 20; i++) make();
    expect(tf.memory().numTensors).toBeGreaterThan(before);
    await finalized(() => tf.memory().numTensors <= before);
    nothingLeft(before);
  });

  it("of tf.Tensors is never freed by garbage collection of their views", async () => {
    const t = tf.tensor([1, 2]);
    let view: WeakRef<object> | undefined;
    (() => {
      const seen = fromTf(t);
      view = new WeakRef(seen);
      expect(sum(seen).item()).toBe(3);
    })();
    await finalized(() => tf.memory().numTensors <= before + 1);
    expect(view!.deref()).toBeUndefined();
    expect([...t.dataSync()]).toEqual([1, 2]);
    t.dispose();
  });
});
