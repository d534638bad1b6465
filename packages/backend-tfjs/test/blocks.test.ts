import { expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import { AutoForward, AutoTape, hessian, jacobian, leaves, mul, sum, tensor, toDevice, type Tensor } from "polyad";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";

it("blocks of Jacobians and Hessians live where their argument does, also where they are constant", async () => {
  const ad = AutoTfjs({ device: "cpu" });
  await ready(ad);
  const device = tfjs("cpu");
  const x = toDevice(tensor([1, 2]), device);
  const before = tf.memory().numTensors;
  for (const engine of [ad, AutoTape(), AutoForward()] as AutoTape[]) {
    const made = [
      hessian((v: Tensor) => sum(v), engine, x),
      hessian((m: { a: Tensor; b: Tensor }) => sum(mul(m.a, m.b)), engine, { a: x, b: x }),
      jacobian((_v: Tensor) => tensor([1, 2, 3]), engine, x),
      jacobian((m: { a: Tensor; b: Tensor }) => m.a, engine, { a: x, b: x }),
    ];
    const all = leaves(made) as Tensor[];
    expect(all.map((t) => t.device.name)).toEqual(all.map(() => device.name));
    expect(all[1]!.toArray()).toEqual([[0, 0], [0, 0]]);
    expect(all[2]!.toArray()).toEqual([[1, 0], [0, 1]]);
    for (const t of all) t.dispose();
    expect(tf.memory().numTensors).toBe(before);
  }
  x.dispose();
});
