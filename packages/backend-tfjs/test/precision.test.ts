import { beforeAll, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import {
  add, argmax, AutoFiniteDiff, AutoTape, concat, equal, gather, gradient, hessian, jacobian, matmul, max, mul, reshape, square, stack, sum, tensor, toDevice, transpose, where, withgradient,
  type DType, type Tensor, type Value,
} from "polyad";
import { AutoTfjs, fromTf, ready, tfjs, toTf } from "@polyad/backend-tfjs";

describe.each(["cpu", "wasm"] as const)("dtypes on %s", (name) => {
  const ad = AutoTfjs({ device: name });
  const device = tfjs(name);
  const there = (x: Tensor): Tensor => toDevice(x, device);
  beforeAll(async () => {
    await ready(ad);
    await tf.setBackend(name);
  });

  it.each([
    ["float64", Float64Array, "float32"],
    ["float32", Float32Array, "float32"],
    ["int32", Int32Array, "int32"],
    ["bool", Uint8Array, "bool"],
  ] as const)("%s goes there and comes back", (dtype, array, stored) =>
    tf.tidy(() => {
      const x = tensor([0, 1, 1], null, dtype);
      const y = there(x);
      expect([y.dtype, y.dataSync().constructor, toDevice(y, "host").dtype, toTf(y).dtype]).toEqual([dtype, array, dtype, stored]);
      expect([...toDevice(y, "host").dataSync()]).toEqual([0, 1, 1]);
      const moved = [reshape(y, [3, 1]), transpose(reshape(y, [1, 3])), concat([y, y]), stack([y, y]), gather(y, tensor([2, 0], null, "int32")), y.slice(1), where(tensor([true, false, true] as never as number[], null, "bool"), y, y)];
      expect(moved.map((t) => [t.dtype, t.device.name])).toEqual(moved.map(() => [dtype, device.name]));
    }),
  );

  it("what an op makes of them is what it makes on the host", () =>
    tf.tidy(() => {
      const types: readonly DType[] = ["float64", "float32", "int32", "bool"];
      for (const a of types) {
        for (const b of types) {
          const [x, y] = [tensor([1, 0], null, a), tensor([1, 1], null, b)];
          for (const f of [add, mul, equal, (u: Tensor, v: Tensor) => concat([u, v]), (u: Tensor, v: Tensor) => matmul(u, v)]) {
            const [host, here] = [f(x, y), f(there(x), there(y))];
            expect([here.dtype, ...here.dataSync()], `${a}, ${b}`).toEqual([host.dtype, ...host.dataSync()]);
          }
        }
        expect([sum(there(tensor([1, 1], null, a))).dtype, max(there(tensor([1, 1], null, a))).dtype, argmax(there(tensor([1, 0], null, a))).dtype]).toEqual([
          sum(tensor([1, 1], null, a)).dtype, max(tensor([1, 1], null, a)).dtype, "int32",
        ]);
      }
    }));

  it("float64 arguments keep their dtype, to seven digits; float32 ones theirs", () => {
    const f = (x: Tensor): Value => sum(mul(x, square(x)));
    const third = 1 / 3;
    for (const [x, dtype] of [[tensor([third, 2]), "float64"], [tensor(Float32Array.of(third, 2)), "float32"]] as const) {
      const { val, grad: [g] } = withgradient(f, ad, x);
      expect([(val as Tensor).dtype, g.dtype, g.device.name]).toEqual([dtype, dtype, "host"]);
      expect(Math.abs(g.dataSync()[0]! - third)).toBeLessThan(1e-7);
      expect(g.dataSync()[1]).toBe(12);
      expect(withgradient(f, AutoTape(), x).grad[0].dtype).toBe(dtype);
    }
    const [scalar] = gradient((x) => mul(x, x), ad, third);
    expect(scalar).toBe(Math.fround(2 * Math.fround(third)));
    const [array] = gradient((x: Tensor) => f(x), ad, Float64Array.of(third, 2));
    expect(array).toBeInstanceOf(Float64Array);
  });

  it("the device says that it computes in float32", () => {
    expect(device.precision).toBe("float32");
  });

  it("leaves of integers and truth values are null, and pass as they are", () =>
    tf.tidy(() => {
      const tree = { w: tf.tensor([1, 2]), i: tf.tensor([3, 4], [2], "int32"), b: tf.tensor([1, 0], [2], "bool"), s: "name", v: there(tensor([1, 2], null, "int32")) };
      for (const engine of [ad, AutoTape()]) {
        const [g] = gradient((m) => sum(where(m.b, mul(m.w, add(m.i, m.v)), 0)), engine, tree);
        expect([...g.w.dataSync()]).toEqual([4, 0]);
        expect([g.i, g.b, g.s, g.v]).toEqual([null, null, null, null]);
      }
    }));

  it("finite differences step for float32 there", () =>
    tf.tidy(() => {
      const f = (x: Tensor): Value => sum(mul(x, square(x)));
      for (const x of [there(tensor([1, 2, 3])), there(tensor(Float32Array.of(1, 2, 3))), fromTf(tf.tensor([1, 2, 3]))]) {
        const g = gradient(f, AutoFiniteDiff(), x)[0].dataSync();
        [3, 12, 27].forEach((e, i) => expect(Math.abs(g[i]! - e)).toBeLessThan(27e-4)); // 1e-4 of the largest; one rounding of f = 36 makes 4e-4
        const H = hessian(f, AutoFiniteDiff(), x);
        expect(H.shape).toEqual([3, 3]);
        H.dataSync().forEach((h, i) => expect(Math.abs(h - (i % 4 === 0 ? 6 * (i / 4 + 1) : 0))).toBeLessThan(0.18)); // 1e-2 of the largest
      }
      const J = jacobian((x: Tensor) => matmul(tensor([[1, 2, 3], [4, 5, 6]]), x), AutoFiniteDiff(), there(tensor([1, 2, 3])));
      J.dataSync().forEach((e, i) => expect(Math.abs(e - (i + 1))).toBeLessThan(6e-4));
    }));
});
