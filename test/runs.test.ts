import { add, AutoFiniteDiff, AutoTape, checkpoint, generator, gradient, hessian, isRerun, jacobian, mul, ones, rand, randn, sin, square, sum, tensor, Tensor, withgradient, type Value } from "polyad";
import { expect, it, test } from "vitest";
import { engines, expectClose, plain } from "./support.js";

// Engines that run f more than once draw the same numbers each time, and leave generators where one run leaves them.

const x = randn(generator(5), [40]);
const mask = rand(generator(1), [40]);
const drawing = (rng = generator(1)) => ({ rng, f: (v: Tensor) => sum(mul(rand(rng, [40]), square(v))) });

test.each(engines)("a random function has the gradient of what it computed, under $adtype", (ad) => {
  const { rng, f } = drawing();
  const { val, grad } = withgradient(f, ad, x);
  expectClose(val, sum(mul(mask, square(x))), 1e-14);
  expectClose(grad, [mul(mul(2, mask), x)], 1e-9);
  const once = generator(1);
  rand(once, [40]);
  expect(rng.state()).toEqual(once.state());
  expectClose(gradient(f, ad, x), [mul(mul(2, rand(once, [40])), x)], 1e-9); // the next numbers
});

test.each(engines)("so have Jacobians and Hessians, under $adtype", (ad) => {
  const [small, weights] = [tensor([1, 2, 3]), rand(generator(1), [3])];
  const rng = generator(1);
  expectClose(jacobian((v: Tensor) => mul(rand(rng, [3]), square(v)), ad, small), tensor([0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? 2 * weights.dataSync()[i]! * (i + 1) : 0)))), 1e-9);
  const second = generator(1);
  expectClose(hessian((v: Tensor) => sum(mul(rand(second, [3]), square(v))), ad, small), tensor([0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? 2 * weights.dataSync()[i]! : 0)))), 1e-4);
  expect(rng.state()).toEqual(second.state());
});

test.each(engines)("nested operators too, under $adtype", (ad) => {
  const rng = generator(1);
  const f = (v: Tensor) => {
    const [g] = gradient((w: Tensor) => sum(mul(rand(rng, [40]), mul(square(w), w))), AutoTape(), v);
    return add(sum(g), sum(mul(rand(rng, [40]), v)));
  };
  const [a, b] = [generator(1)].map((r) => [rand(r, [40]), rand(r, [40])])[0]!;
  expectClose(gradient(f, ad, x), [add(mul(mul(6, a!), x), b!)], 1e-6);
  const twice = generator(1);
  rand(twice, [80]);
  expect(rng.state()).toEqual(twice.state());
});

it("what checkpoint() computes again draws again", () => {
  for (const ad of engines) {
    const rng = generator(1);
    const part = checkpoint((v: Tensor) => mul(rand(rng, [40]), sin(v)));
    const f = (v: Tensor) => sum(part(part(v)));
    const plainly = generator(1);
    const [first, second] = [rand(plainly, [40]), rand(plainly, [40])];
    const g = (v: Tensor) => sum(mul(second, sin(mul(first, sin(v)))));
    expectClose(gradient(f, ad, x), gradient(g, AutoTape(), x), 1e-8);
    expect(rng.state()).toEqual(plainly.state());
  }
});

it("isRerun is false in the first run, and outside", () => {
  const seen: boolean[] = [];
  const f = (v: Value) => {
    seen.push(isRerun());
    return mul(v, v);
  };
  gradient(f, AutoFiniteDiff(), 3);
  expect(seen).toEqual([false, true, true]);
  expect(isRerun()).toBe(false);
  expect(plain(ones([1]))).toEqual([1]);
});
