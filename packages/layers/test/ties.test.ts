import { expect, test } from "vitest";
import { add, AutoFiniteDiff, AutoForward, AutoTape, Descent, destructure, fmap, gradient, mul, parameterCount, params, setup, square, sum, tensor, update, withgradient, type Tensor, type Value } from "polyad";
import { expectClose, plain } from "../../../test/support.js";

// An array that lies at several places is one inside of a differentiated function, too.

const w = tensor([1, 2]);
const model = { a: w, b: { c: w }, d: tensor([5]) };
type Model = typeof model;

const cases: readonly [string, (m: Model) => Value][] = [
  ["destructure", (m) => sum(square(destructure(m)[0]))],
  ["params", (m) => [...params(m)].map((x) => sum(square(x))).reduce((x, y) => add(x, y))],
  ["fmap", (m) => {
    const doubled = fmap((x) => mul(x as Tensor, 2), m);
    return doubled.a === doubled.b.c ? sum(mul(doubled.a, doubled.d)) : mul(sum(doubled.a), 100);
  }],
  ["parameterCount", (m) => mul(parameterCount(m), sum(mul(m.a, m.b.c)))],
  ["update", (m) => {
    const [grad] = gradient((n) => sum(mul(square(n.a), n.b.c)), AutoTape(), m);
    const { model: next } = update(setup(Descent(0.1), m), m, grad);
    return sum(mul(next.a, next.b.c));
  }],
];

for (const engine of [AutoTape(), AutoForward(), AutoFiniteDiff()]) {
  test.each(cases)(`%s meets it once, on ${engine.adtype}`, (_name, f) => {
    const { val, grad } = withgradient(f, engine, model);
    expect(plain(val)).toEqual(plain(f(model)));
    // Together the places' gradients are that by w alone.
    const [alone] = gradient((x: Tensor) => f({ a: x, b: { c: x }, d: model.d }), AutoTape(), w);
    expectClose(add(grad[0].a, grad[0].b.c), alone, 1e-6);
  });
}
