import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { add, AutoForward, AutoTape, customRule, gradient, params, prepareGradient, pullback, pushforward, sin, sum, tensor, toDevice, type Tensor } from "polyad";
import { beforeAll, describe, expect, it } from "vitest";

describe.each([AutoTape(), AutoForward(), AutoTfjs({ device: "wasm" })])("gradients by $adtype of arguments that share a cotangent", (ad) => {
  beforeAll(() => ready(AutoTfjs({ device: "wasm" })));
  const there = (x: number[]): Tensor => toDevice(tensor(x), tfjs("wasm"));
  const f = (x: Tensor, y: Tensor) => sum(sin(add(x, y)));

  it("and derivatives along a direction, of results that share one", () => {
    const [x, d] = [there([1, 2]), there([1, 0])];
    const { a, b } = pushforward((v: Tensor) => ({ a: v, b: v }), ad, x, d);
    expect(a).not.toBe(b);
    a.dispose();
    expect(b.toArray()).toEqual([1, 0]);
  });

  it("are tensors of their own: one is freed, the other stays", () => {
    const [x, y] = [there([1, 2]), there([3, 4])];
    const implicit = () => {
      const g = gradient(() => f(x, y), ad, params(x, y));
      return [g.get(x), g.get(y)];
    };
    for (const of of [() => gradient(f, ad, x, y), implicit, () => prepareGradient(f, ad, x, y)(x, y)]) {
      const [dx, dy] = of() as [Tensor, Tensor];
      expect(dx).not.toBe(dy);
      const expected = dx.toArray();
      dx.dispose();
      expect(dy.toArray()).toEqual(expected);
    }
  });

  it("and none is an argument, nor what a rule captured", () => {
    const [x, d, captured] = [there([1, 2]), there([1, 1]), there([5, 6])];
    for (const given of [null, captured]) {
      const odd = customRule((v: Tensor) => sin(v), { jvp: (_y, [v]) => [() => given ?? v!], vjp: (_y, [v]) => [() => given ?? v!] });
      const scalar = (v: Tensor) => sum(odd(v));
      const all = [() => gradient(scalar, ad, x)[0], () => pullback(odd as never, ad, x, d), () => pushforward(odd as never, ad, x, d)] as readonly (() => Tensor)[];
      for (const of of all) {
        of().dispose();
        expect([x, captured].map((t) => t.toArray())).toEqual([[1, 2], [5, 6]]);
      }
    }
  });
});
