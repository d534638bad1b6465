import { expect, test } from "vitest";
import { defineADType, registerBackend, type Backend, type Value } from "@polyad/core/extend";
import { AutoTape, gradient, mul, params, square, sum, tensor, withgradient, type Tensor } from "polyad";
import { backendOf } from "@polyad/core/extend";

// An engine may give withgradient itself; an asynchronous one does so by a promise.

const AutoNative = defineADType("native-sync", "sync");
const AutoLater = defineADType("native-later", "async");
const tape = backendOf(AutoTape());
const calls = { native: 0, pullback: 0 };

function native(adtype: string, execution: "sync" | "async", later: <T>(x: T) => T | Promise<T>): Backend {
  return {
    adtype,
    capabilities: { ...tape.capabilities, execution },
    pullback: (f, xs, ad) => {
      calls.pullback++;
      return tape.pullback!(f, xs, ad);
    },
    withgradient: (f, xs, ad) => {
      calls.native++;
      const { ys, pull } = tape.pullback!(f, xs, ad);
      const [loss] = ys;
      return later({ ys, grads: pull([typeof loss === "number" ? 1 : tensor(1), ...ys.slice(1).map(() => undefined)]) });
    },
  };
}

registerBackend(native("native-sync", "sync", (x) => x));
registerBackend(native("native-later", "async", (x) => Promise.resolve(x)));

test("an engine's own withgradient is what gradient and withgradient use", () => {
  calls.pullback = 0;
  const f = (x: Tensor): [Value, Tensor] => [sum(square(x)), x];
  const { val, grad } = withgradient(f, AutoNative(), tensor([1, 2]));
  expect([val[0] instanceof Object && val[0].toArray(), val[1].toArray(), grad[0].toArray()]).toEqual([5, [1, 2], [2, 4]]);
  expect(gradient((x: Value) => mul(x, x), AutoNative(), 3)).toEqual([6]);
  const W = tensor([1, 2]);
  expect(gradient(() => sum(square(W)), AutoNative(), params(W)).get(W).toArray()).toEqual([2, 4]);
  expect(calls).toEqual({ native: 3, pullback: 0 });
});

test("an asynchronous one gives promises, and rejects", async () => {
  const pending = gradient((x: Value) => mul(x, x), AutoLater(), 3);
  expect(pending).toBeInstanceOf(Promise);
  expect(await pending).toEqual([6]);
  const W = tensor([1, 2]);
  expect((await gradient(() => sum(square(W)), AutoLater(), params(W))).get(W).toArray()).toEqual([2, 4]);
  await expect(withgradient((x: Tensor) => x as never, AutoLater(), W)).rejects.toThrow("f must return a scalar");
});

test("what it returns is held to the contract", () => {
  const AutoBroken = defineADType("native-broken", "sync");
  registerBackend({ ...native("native-broken", "sync", (x) => x), withgradient: (f, xs) => ({ ys: f(xs), grads: [] }) });
  expect(() => gradient((x: Value) => mul(x, x), AutoBroken(), 3)).toThrow("native-broken: contract: withgradient must return one cotangent per input, 1 in all");
});
