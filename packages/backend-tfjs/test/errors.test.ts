import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import { add, AutodiffError, AutoTape, gradient, mul, params, prepareGradient, sin, sum, tensor, toDevice, UnsupportedError, type Value } from "polyad";
import { AutoTfjs, fromTf, ready, tfjs, toTf } from "@polyad/backend-tfjs";

// In order: a device is made ready on the way.
describe("before a device is ready", () => {
  it("every use says so", () => {
    const message = 'tfjs cpu is not ready. Call `await ready(AutoTfjs({ device: "cpu" }))` first, once.';
    expect(() => gradient((x) => mul(x, x), AutoTfjs(), 2)).toThrow(new AutodiffError(message));
    expect(() => prepareGradient((x) => mul(x, x), AutoTfjs(), 2)).toThrow(message);
    expect(() => toDevice(tensor([1]), tfjs("cpu"))).toThrow(message);
  });

  it("a package that is missing is named, with how to install it", async () => {
    vi.doMock("@tensorflow/tfjs-backend-webgpu", () => { throw new Error("Cannot find package"); });
    await expect(ready(AutoTfjs({ device: "webgpu" }))).rejects.toThrow(
      "tfjs: the package @tensorflow/tfjs-backend-webgpu could not be loaded. Install it with `npm install @tensorflow/tfjs-backend-webgpu`.",
    );
    vi.doUnmock("@tensorflow/tfjs-backend-webgpu");
  });

  it("a package of another version than the core is named, with the one that fits", async () => {
    vi.doMock("@tensorflow/tfjs-backend-cpu", () => ({ version_cpu: "3.9.0" }));
    await expect(ready(AutoTfjs())).rejects.toThrow(
      new AutodiffError(
        `tfjs: @tensorflow/tfjs-backend-cpu is of version 3.9.0, and @tensorflow/tfjs-core of ${tf.version_core}; they work together in one version only. ` +
          `Install it with \`npm install @tensorflow/tfjs-backend-cpu@${tf.version_core}\`.`,
      ),
    );
    vi.doUnmock("@tensorflow/tfjs-backend-cpu");
  });

  it("a device that there is not is named, with those that there are", async () => {
    const message = 'tfjs: there is no device "webgl". Use one of cpu, wasm, webgpu.';
    expect(() => tfjs("webgl" as never)).toThrow(message);
    await expect(ready({ device: "webgl" as never })).rejects.toThrow(message);
    expect(() => gradient((x) => mul(x, x), AutoTfjs({ device: "webgl" as never }), 2)).toThrow(message);
    expect(() => prepareGradient((x) => mul(x, x), AutoTfjs({ device: "webgl" as never }), 2)).toThrow(message);
    await expect(Reflect.apply(ready, undefined, [])).rejects.toThrow('tfjs: expected a token, await ready(AutoTfjs({ device: "wasm" })), or { device: "wasm" }.');
  });

  it("f is not called", () => {
    const f = vi.fn<(x: Value) => Value>((x) => x);
    expect(() => gradient(f, AutoTfjs({ device: "wasm" }), 2)).toThrow("tfjs wasm is not ready");
    expect(f).not.toHaveBeenCalled();
  });
});

describe("devices", () => {
  const [cpu, wasm] = [AutoTfjs({ device: "cpu" }), AutoTfjs({ device: "wasm" })];

  it("leave TensorFlow.js's current backend as it was", async () => {
    await ready(cpu);
    await ready(wasm);
    expect(tf.getBackend()).toBe("cpu");
    expect(gradient((x) => mul(x, x), wasm, 3)).toEqual([6]);
    expect(tf.getBackend()).toBe("cpu");
    const x = toDevice(tensor([1]), tfjs("wasm"));
    expect(add(x, 1).toArray()).toEqual([2]);
    expect(tf.getBackend()).toBe("cpu");
    expect(() => gradient(() => { throw new RangeError("mine"); }, wasm, 3)).toThrow("mine");
    expect(tf.getBackend()).toBe("cpu");
    x.dispose();
  });

  it("do not mix", () => {
    const [x, y] = [toDevice(tensor([1]), tfjs("cpu")), toDevice(tensor([2]), tfjs("wasm"))];
    expect(() => add(x, y)).toThrow("add: operands live on two devices, tfjs cpu and tfjs wasm. Move one with toDevice(x, device).");
    expect(() => gradient((x) => sum(x), wasm, x)).toThrow(
      'tfjs: an argument lives on tfjs cpu, and AutoTfjs({ device: "wasm" }) works on tfjs wasm. Name that device, or move the argument with toDevice(), a tf.Tensor with toDevice(fromTf(t), device).',
    );
    expect(() => gradient((y) => sum(mul(y, x)), wasm, y)).toThrow("operands live on two devices");
    const t = tf.tensor([1]);
    expect(() => gradient((x) => sum(x), wasm, t)).toThrow("an argument lives on tfjs cpu");
    for (const z of [x, y, t]) z.dispose();
  });

  it("do not mix across an inner derivative either", () => {
    const inner = () => gradient((y) => mul(y, mul(y, y)), cpu, 2)[0];
    expect(() => gradient((x) => mul(x, inner()), wasm, 3)).toThrow("operands live on two devices, tfjs wasm and tfjs cpu");
    expect(inner()).toBe(12);
  });

  it("that were lost say so, and what to do", () => {
    const device = tfjs("wasm");
    const x = toDevice(tensor([1]), device);
    device.lost = "a driver was reset";
    try {
      expect(() => add(x, 1)).toThrow('tfjs wasm: the device was lost: a driver was reset. What lived there is gone.');
      expect(() => gradient((x) => mul(x, x), wasm, 2)).toThrow("the device was lost");
      expect(() => prepareGradient((x) => mul(x, x), wasm, 2)).toThrow("the device was lost");
    } finally {
      device.lost = null;
    }
    x.dispose();
  });

  it("without a kernel say which primitive needs it", () => {
    const kernel = tf.getKernel("Sin", "cpu");
    tf.unregisterKernel("Sin", "cpu");
    try {
      expect(() => gradient((x) => sin(x), cpu, 2)).toThrow(UnsupportedError);
      expect(() => gradient((x) => sin(x), cpu, 2)).toThrow(
        `sin: tfjs cpu has no kernel Sin. Install a version of @tensorflow/tfjs-backend-cpu that fits @tensorflow/tfjs-core ${tf.version_core}, or name another device.`,
      );
    } finally {
      tf.registerKernel(kernel);
    }
    expect(gradient((x) => sin(x), cpu, 0)).toEqual([1]);
  });
});

describe("tf.Tensors", () => {
  it("that are disposed of are refused", () => {
    const t = tf.tensor([1]);
    t.dispose();
    expect(() => fromTf(t)).toThrow("tfjs: a tf.Tensor was used after it had been disposed of.");
    expect(() => gradient((x) => sum(x), AutoTfjs(), t)).toThrow("disposed of");
  });

  it("of dtypes that Polyad does not have are refused", () => {
    const t = tf.tensor(["a"]);
    expect(() => fromTf(t)).toThrow("tfjs: a tf.Tensor of dtype string is no tensor of Polyad's, which has float32, int32 and bool here. Pass Const(t).");
    t.dispose();
  });

  it("of another copy of TensorFlow.js are refused, with how to find it", () => {
    const require = createRequire(import.meta.url);
    const folder = join(import.meta.dirname, "../../../node_modules/.cache/tfjs-copy");
    mkdirSync(folder, { recursive: true });
    copyFileSync(require.resolve("@tensorflow/tfjs-core"), join(folder, "core.cjs"));
    const globals = globalThis as { _tfengine?: unknown };
    const engine = globals._tfengine;
    delete globals._tfengine;
    let other: typeof tf;
    try {
      other = require(join(folder, "core.cjs")) as typeof tf;
    } finally {
      globals._tfengine = engine;
    }
    other.registerBackend("cpu", () => tf.backend() as never);
    const t = other.tensor([1, 2]);
    expect(() => fromTf(t)).toThrow("it was made by another copy of @tensorflow/tfjs-core. `npm ls @tensorflow/tfjs-core` shows the copies.");
    expect(() => gradient((x) => sum(x), AutoTfjs(), t)).toThrow("another copy");
  });

  it("are not made of host tensors, nor of what is no tensor, and the reverse", () => {
    expect(() => Reflect.apply(toTf, undefined, [[1, 2]])).toThrow("toTf: expected a tensor of Polyad's, got an array of length 2. TensorFlow.js makes its own of numbers and arrays by tf.tensor().");
    expect(() => Reflect.apply(fromTf, undefined, [3])).toThrow("fromTf: expected a tf.Tensor, got the number 3.");
    expect(() => toTf(tensor([1]))).toThrow('toTf: this tensor is on the host. Move it with toDevice(x, tfjs("wasm")), or use tf.tensor(x.dataSync(), x.shape).');
    expect(() => gradient((x) => { toTf(x); return sum(x); }, AutoTape(), tensor([1]))).toThrow("toTf: this tensor is traced by tape");
  });

  it("on another device are not moved in silence, and say how they are", () => {
    const t = tf.tidy(() => tfjs("wasm").within(() => tf.tensor([1, 2])));
    expect(() => gradient((x) => sum(x), AutoTfjs(), t)).toThrow("move the argument with toDevice(), a tf.Tensor with toDevice(fromTf(t), device).");
    expect(() => toDevice({ t }, tfjs("cpu"))).toThrow(
      new UnsupportedError("toDevice: an array of tfjs lives on tfjs wasm, and its library moves it. A tensor made of it can be moved here (for a tf.Tensor, toDevice(fromTf(t), device))."),
    );
    expect([toDevice(t, tfjs("wasm")), toDevice(t, "host")]).toEqual([t, t]);
    const moved = toDevice(fromTf(t), tfjs("cpu"));
    expect(gradient((x) => sum(mul(x, x)), AutoTfjs(), moved)[0].toArray()).toEqual([2, 4]);
    tf.dispose(t);
  });

  it("are no captured parameters", () => {
    const t = tf.tensor([1]);
    expect(() => params(t)).toThrow("params: expected float tensors and models of them, got an array of tfjs as argument 0. Closures capture parameters by identity");
    t.dispose();
  });
});
