import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  add, AutoFiniteDiff, AutoForward, AutoTape, byteSize, checkGradient, checkpoint, Const, Descent, destructure, fmap, fmapWith, generator, gradient, identityOf, LSTM, mul, parameterCount, params, pow, pushforward,
  randn, setup, square, stopGradient, sum, tensor, update, withGenerator, withgradient, zeros, type Tensor, type Value,
} from "polyad";
import { AutoTfjs, ready } from "@polyad/backend-tfjs";
import { expectClose, plain } from "../../../test/support.js";

// An array that lies at several places of an argument is one inside of a differentiated function, too, with a derivative at
// each of its places.

const w = tensor([1, 2]);
const model = { a: w, b: { c: w }, d: tensor([5]) };
type Model = typeof model;
const pair = { a: w, b: w };
type Pair = typeof pair;
const double = <T>(tree: T): T => fmap((x) => mul(x as Tensor, 2), tree);

const cases: readonly [string, (m: Model) => Value][] = [
  ["destructure", (m) => sum(square(destructure(m)[0]))],
  ["destructure after fmap", (m) => sum(square(destructure(double(m))[0]))],
  ["params", (m) => [...params(m)].map((x) => sum(square(x))).reduce((x, y) => add(x, y))],
  ["identityOf", (m) => (identityOf(m.a) === identityOf(m.b.c) ? sum(mul(m.a, m.d)) : mul(sum(m.a), 100))],
  ["identityOf after fmap", (m) => {
    const { a, b } = double(m);
    return identityOf(a) === identityOf(b.c) ? sum(mul(a, m.d)) : mul(sum(m.a), 100);
  }],
  ["fmapWith prune", (m) => (fmapWith({ prune: null }, (x) => x, m).b.c === null ? sum(mul(m.a, m.d)) : mul(sum(m.a), 100))],
  ["parameterCount", (m) => mul(parameterCount(m), sum(mul(m.a, m.b.c)))],
  ["a checkpoint", (m) => sum(square(checkpoint((n: Model) => destructure(n)[0])(m)))],
  ["update", (m) => {
    const [grad] = gradient((n) => sum(mul(square(n.a), n.b.c)), AutoTape(), m);
    const { model: next } = update(setup(Descent(0.1), m), m, grad);
    return sum(mul(next.a, next.b.c));
  }],
  ["gradients by params", (m) => {
    const grads = gradient(() => sum(mul(m.a, m.b.c)), AutoTape(), params(m));
    expect([grads.size, params(m).delete(m.b.c).size, params(m).has(m.b.c)]).toEqual([2, 1, true]);
    return add(sum(square(grads.get(m.b.c))), sum(pow(grads.get(m.a), 3)));
  }],
];

for (const engine of [AutoTape(), AutoForward(), AutoForward({ chunkSize: 2 }), AutoFiniteDiff()]) {
  const close = (got: unknown, expected: unknown): void => expectClose(got as Value, expected as Value, 1e-6);
  const places = (f: (m: Pair) => Value): unknown => plain(gradient(f, engine, pair)[0]);

  describe(`on ${JSON.stringify(engine)}`, () => {
    test.each(cases)("%s meets it once", (_name, f) => {
      const { val, grad } = withgradient(f, engine, model);
      expect(plain(val)).toEqual(plain(f(model)));
      // Together the places' gradients are that by w alone.
      const [alone] = gradient((x: Tensor) => f({ a: x, b: { c: x }, d: model.d }), AutoTape(), w);
      expectClose(add(grad[0].a, grad[0].b.c), alone, 1e-6);
    });

    test("fmap has a derivative at each place", () => {
      const f = ({ a, b }: Pair): Value => add(sum(a), mul(3, sum(b)));
      close(places((m) => f(double(m))), { a: [2, 2], b: [6, 6] });
      close(plain(pushforward((m: Pair) => f(double(m)), engine, pair, { a: tensor([0, 0]), b: tensor([1, 0]) })), 6);
    });

    test("what is done once to an array is done at its first place", () => {
      close(places((m) => sum(square(destructure(m)[0]))), { a: [2, 4], b: [0, 0] });
      close(places((m) => sum(gradient((n: Pair) => sum(pow(destructure(n)[0], 3)), AutoTape(), m)[0].a)), { a: [6, 12], b: [0, 0] });
    });

    test("two arguments are two variables", () => {
      const f = (x: Tensor, y: Tensor): Value => {
        const [a, b] = double([x, y] as const);
        return sum(mul(a, b));
      };
      close(plain(gradient(f, engine, w, w)), [[4, 8], [4, 8]]);
      close(plain(gradient((x: Tensor, y: Tensor) => sum(square(destructure([x, y])[0])), engine, w, w)), [[2, 4], [2, 4]]);
    });

    test("constants and captured arrays are none of the places", () => {
      const f = (m: Pair, t: Pair): Value => {
        const n = fmap((x) => square(x as Tensor), { m, t });
        return sum(mul(n.m.a, n.t.a));
      };
      close(plain(gradient(f, engine, pair, Const(pair))[0].a), [2, 16]);
      close(places((m) => f(m, pair)), { a: [2, 16], b: [0, 0] });
    });

    test("where parameters are differentiated outside, a place is one of them", () => {
      const grads = gradient(() => sum(gradient((m: Pair) => sum(mul(square(m.a), m.b)), engine, pair)[0].a), AutoTape(), params(w));
      close(plain(grads.get(w)), [4, 8]);
    });

    test("an LSTM that starts from one tensor twice has two derivatives", () => {
      const lstm = withGenerator(generator(1), () => LSTM(2, 2));
      const steps = randn(generator(2), [1, 3, 2], { dtype: "float32" });
      const by = (h: Tensor, c: Tensor): unknown => plain(gradient((s: readonly [Tensor, Tensor]) => sum(lstm(steps, s)), engine, [h, c] as const));
      const zero = zeros([1, 2], "float32");
      close(by(zero, zero), by(zero, zeros([1, 2], "float32")));
    });

    test("a result is no place of what it was computed from", () => {
      const array = Float64Array.of(1, 2);
      const { val } = withgradient((m: Pair) => ({ loss: sum(m.a), kept: m.a }), engine, { a: array, b: array } as never) as never as { val: { kept: Tensor } };
      array[0] = 100;
      expect(plain(fmap((x) => x, { kept: val.kept, array }))).toEqual({ kept: [1, 2], array: [100, 2] });
      expect(plain(destructure({ kept: val.kept, array })[0])).toEqual([1, 2, 100, 2]);
    });
  });
}

test("stopGradient of a place is a constant", () => {
  for (const engine of [AutoTape(), AutoForward()]) {
    const f = (m: Pair): Value => {
      const n = fmap((x) => x, { m, s: stopGradient(m.a) });
      return sum(mul(n.m.a, n.s));
    };
    expect(plain(gradient(f, engine, pair)[0])).toEqual({ a: [1, 2], b: [0, 0] });
  }
});

test("checkGradient keeps ties, and its differences meet them", () => {
  expect(checkGradient((m: Pair) => sum(square(destructure(m)[0])), AutoTape(), pair).map(({ ok }) => ok)).toEqual([true, true]);
});

test("a tf.Tensor at two places counts once", async () => {
  await ready(AutoTfjs({ device: "cpu" }));
  const t = tf.tensor1d([1, 2]);
  const counts: number[] = [];
  for (const engine of [AutoTape(), AutoTfjs({ device: "cpu" })]) {
    const [grad] = gradient((m) => (counts.push(parameterCount(m), byteSize(m)), sum(mul(m.a, m.b))), engine, { a: t, b: t });
    tf.dispose([grad.a, grad.b]);
  }
  expect(counts).toEqual([2, 8, 2, 8]);
  t.dispose();
});
