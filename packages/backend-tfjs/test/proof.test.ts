import { expect, test } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import { AutoTape, add, exp, gradient, mul, sin, tanh, type Value } from "polyad";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";

test.each(["cpu", "wasm"] as const)("proof %s", async (device) => {
  const ad = AutoTfjs({ device });
  await ready(ad);
  const before = tf.memory().numTensors;
  const f = (x: Value) => mul(x, exp(x));
  expect(gradient(f, ad, 2)[0]).toBeCloseTo(3 * Math.exp(2), 4);
  const g = (x: Value) => gradient(f, ad, x as number)[0];
  expect(gradient(g as never, ad, 2)[0]).toBeCloseTo(4 * Math.exp(2), 4);
  const h = (x: Value) => gradient(g as never, ad, x as number)[0];
  expect(gradient(h as never, ad, 2)[0]).toBeCloseTo(5 * Math.exp(2), 4);
  const t = (x: Value) => gradient(f, AutoTape(), x as number)[0];
  expect(gradient(t as never, ad, 2)[0]).toBeCloseTo(4 * Math.exp(2), 4);
  expect(tf.memory().numTensors).toBe(before);
  void [add, sin, tanh, tfjs];
});
