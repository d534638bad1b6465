import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { generator, mean, rand, reshape, sum, tensor, toDevice, variance, type Tensor } from "polyad";
import { beforeAll, describe, expect, it } from "vitest";

describe.each(["cpu", "wasm"] as const)("sums of many on %s keep their digits", (name) => {
  beforeAll(() => ready(AutoTfjs({ device: name })));
  const x = rand(generator(1), [1_000_000], { dtype: "float32" });
  const exact = tensor(Float64Array.from(x.dataSync()));

  it.each<[string, (x: Tensor) => unknown]>([
    ["sum", (x) => sum(x)],
    ["mean", (x) => mean(x)],
    ["variance", (x) => variance(x)],
    ["a prime number of them", (x) => sum(x.slice([0, 999_983]))],
    ["of columns", (x) => sum(reshape(x, [250_000, 4]), { axis: 0, keepDims: true })],
    ["of rows", (x) => sum(reshape(x, [2, 500_000]), { axis: 1 })],
    ["over outer axes", (x) => sum(reshape(x, [100, 2, 5000]), { axis: [0, 2] })],
  ])("%s", (_name, f) => {
    const [got, expected] = [toDevice(f(toDevice(x, tfjs(name))) as Tensor, "host"), f(exact) as Tensor];
    expect(got.shape).toEqual(expected.shape);
    expected.dataSync().forEach((e, i) => expect(Math.abs(got.dataSync()[i]! / e - 1)).toBeLessThan(2e-6));
  });
});
