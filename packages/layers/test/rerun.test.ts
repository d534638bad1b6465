import { AutoTape, BatchNorm, checkpoint, Const, Dropout, generator, gradient, mul, ones, randn, square, sum, Tensor, testMode, trainMode, updateState, withgradient, withState } from "polyad";
import { expect, it, test } from "vitest";
import { engines, expectClose, plain } from "../../../test/support.js";

const x = randn(generator(3), [4, 12], { dtype: "float64" });

test.each(engines)("Dropout has its mask for a derivative, however often f runs, under $adtype", (ad) => {
  const drop = trainMode(Dropout(0.5, generator(1)));
  const again = trainMode(Dropout(0.5, generator(1)));
  expectClose(gradient((v: Tensor) => sum(drop(v)), ad, x), [again(ones([4, 12]))], 1e-9);
  expectClose(gradient((v: Tensor) => sum(drop(v)), ad, x), [again(ones([4, 12]))], 1e-9);
});

it("BatchNorm records once where checkpoint() runs it again", () => {
  const model = trainMode(BatchNorm(12));
  const loss = withState((m: typeof model, v: Tensor) => sum(square(checkpoint((n: typeof model, w: Tensor) => n(mul(w, 2)))(m, v))));
  const plainly = withState((m: typeof model, v: Tensor) => sum(square(m(mul(v, 2)))));
  const [a, b] = [loss, plainly].map((f) => withgradient(f, AutoTape(), model, x));
  expect(plain(a!.grad)).toEqual(plain(b!.grad));
  expect(plain(updateState(model, a!.val.state).mean)).toEqual(plain(updateState(model, b!.val.state).mean));
});

test.each(engines.filter(({ adtype }) => adtype !== "finite-diff"))("what is constant in a layer is so in a gradient inside of another, under $adtype", (ad) => {
  const model = testMode(BatchNorm(12));
  const inner: unknown[] = [];
  const f = (m: typeof model, v: Tensor) => {
    const [g] = gradient((n: typeof model) => sum(square(n(v))), AutoTape(), m);
    inner.push(g.eps, g.momentum, g.channels, m.eps);
    return sum(square(g.scale!));
  };
  const [g] = gradient(f, ad, model, x);
  expect(inner.slice(0, 4)).toEqual([null, null, null, Const(1e-5)]);
  expect([g.eps, g.momentum, g.channels]).toEqual([null, null, null]);
});
