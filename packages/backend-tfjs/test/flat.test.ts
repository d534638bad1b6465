import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeAll, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import { AutoTape, exp, gradient, sin, square, sum, tensor, toDevice, type Tensor, type Value } from "polyad";
import { AutoTfjs, fromTf, ready, tfjs, toTf } from "@polyad/backend-tfjs";

/** Thousands of calls: nothing grows, be it tensors, buffers, bytes on the device, or the heap. */

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

describe.each(["cpu", "wasm"] as const)("gradients on %s", (device) => {
  const ad = AutoTfjs({ device });
  beforeAll(async () => {
    await ready(ad);
    await tf.setBackend(device);
  });

  const f = (x: Tensor): Value => sum(square(sin(x)));
  const rows: readonly (readonly [string, calls: number, (t: tf.Tensor, x: Tensor) => void])[] = [
    ["ten thousand of a tf.Tensor, by AutoTfjs", 10_000, (t) => gradient(f, ad, t)[0].dispose()],
    ["of a tensor there, by AutoTape", 2500, (_t, x) => gradient(f, AutoTape(), x)[0].dispose()],
    ["of a tensor there, which throw", 2500, (t, x) => expect(() => gradient((v: Tensor) => { tf.exp(toTf(exp(v))); fromTf(t); throw new RangeError("mine"); }, ad, x)).toThrow("mine")],
  ];

  it.each(rows)("%s", { timeout: 60_000 }, (_name, calls, use) => {
    const [t, x] = [tf.tensor([1, 2, 3]), toDevice(tensor([1, 2, 3]), tfjs(device))];
    const { numTensors, numDataBuffers, numBytes } = tf.memory();
    const growth: number[] = [];
    for (let round = 0; round < 5; round++) {
      collect();
      const heap = process.memoryUsage().heapUsed;
      for (let i = 0; i < calls / 5; i++) use(t, x);
      collect();
      growth.push((process.memoryUsage().heapUsed - heap) / (calls / 5));
      expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers, numBytes });
    }
    expect(Math.min(...growth), "bytes of heap a call").toBeLessThan(48);
    expect([...t.dataSync(), ...x.dataSync()]).toEqual([1, 2, 3, 1, 2, 3]);
    for (const own of [t, x]) own.dispose();
  });
});

it("the memory of wasm itself does not grow", async () => {
  await ready(AutoTfjs({ device: "wasm" }));
  await tf.setBackend("wasm");
  const { wasm } = tf.backend() as tf.KernelBackend & { readonly wasm: { readonly HEAPU8: Uint8Array } };
  const x = toDevice(tensor(new Float32Array(100_000).fill(0.5)), tfjs("wasm"));
  const run = (): void => {
    const [g] = gradient((v: Tensor) => sum(square(exp(v))), AutoTfjs({ device: "wasm" }), x);
    g.dispose();
    expect(() => gradient((v: Tensor) => { square(exp(v)); throw new RangeError("mine"); }, AutoTfjs({ device: "wasm" }), x)).toThrow("mine");
  };
  for (let i = 0; i < 3; i++) run();
  const bytes = wasm.HEAPU8.byteLength;
  for (let i = 0; i < 150; i++) run(); // of 1.2 MB each, were they kept
  expect(wasm.HEAPU8.byteLength).toBe(bytes);
  x.dispose();
});
