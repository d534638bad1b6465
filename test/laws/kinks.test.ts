import { describe, expect, test } from "vitest";
import { pullback } from "../../packages/backend-tape/src/tape.js";
import { pushforward } from "../../packages/backend-forward/src/dual.js";
import * as p from "../../packages/core/src/primitives/all.js";
import { corePrimitives, type CorePrimitiveName } from "../../packages/core/src/primitives/index.js";
import { isFinite } from "../../packages/core/src/ops/isFinite.js";
import { isNaN } from "../../packages/core/src/ops/isNaN.js";
import { whereSafe } from "../../packages/core/src/ops/whereSafe.js";
import { tensor, type Tensor, type Value } from "../../packages/core/src/tensor.js";
import { bind } from "../../packages/core/src/trace.js";
import { numbersOf } from "./compare.js";
import { higherOrders } from "../../conformance/src/scenarios/kinks.js";
import { reference } from "../../conformance/src/scenarios/reference.js";

type Unary = (x: Value) => Value;
type Derive = (f: Unary) => Unary;

/** f′ by each engine; of a tensor, elementwise. */
const engines: Readonly<Record<"tape" | "forward", Derive>> = {
  tape: (f) => (x) => pullback(([t]) => [f(t!)], [x]).pull([onesLike(x)])[0] ?? p.mul(x, 0),
  forward: (f) => (x) => pushforward(([t]) => [f(t!)], [x], [[onesLike(x)]]).tangents[0]![0] ?? p.mul(x, 0),
};

function onesLike(x: Value): Value {
  return typeof x === "number" || x.weak ? 1 : tensor(new Float64Array(x.size).fill(1), x.shape);
}

/** Numbers, and tensors whose every element is that number. */
const containers: Readonly<Record<string, (x: number) => Value>> = { number: (x) => x, tensor: (x) => tensor([x, x]) };

/** Every nesting of the engines of this order. */
function nestings(order: number): [string, Derive][] {
  if (order === 0) return [["plain", (f) => f]];
  return nestings(order - 1).flatMap(([name, inner]) =>
    (["tape", "forward"] as const).map((engine): [string, Derive] => [order === 1 ? engine : `${engine} over ${name}`, (f) => engines[engine](inner(f))]),
  );
}

/** Equal, NaN to NaN and 0 to −0, or within `ulps` units in the last place, of `terms` if those are larger. */
function expectUlps(actual: Value, expected: number, ulps: number, where: string, terms = 0): void {
  for (const x of numbersOf(actual)) {
    if (x === expected || (x !== x && expected !== expected)) continue;
    const close = Math.abs(x - expected) <= ulps * Math.max(2 ** -52 * Math.max(Math.abs(expected), terms), 2 ** -1074);
    expect(close ? expected : x, where).toBe(expected);
  }
}

describe("elementary functions and three derivatives, in ulps", () => {
  test.each(Object.entries(reference))("%s", (name, rows) => {
    const primitive = corePrimitives[name as CorePrimitiveName];
    const f: Unary = (x) => bind(primitive, [x], null) as Value;
    for (const [x, ...derivatives] of rows) {
      derivatives.forEach((expected, order) => {
        // Near x = 0 a higher derivative may pass through 0, as exact as the terms that cancel there.
        const terms = order > 1 && Math.abs(x) < 1 ? Math.max(...derivatives.slice(0, order).map(Math.abs)) : 0;
        for (const [how, derive] of nestings(order)) {
          for (const [container, make] of Object.entries(containers)) {
            expectUlps(derive(f)(make(x)), expected, [2, 8, 16, 32][order]!, `derivative ${order} of ${name} at ${x}, ${container}, ${how}`, terms);
          }
        }
      });
    }
  });
});

describe("higher orders at kinks", () => {
  test.each(higherOrders.map(([name], i) => ({ name, i })))("$name", ({ i }) => {
    const [name, , f, x, derivatives] = higherOrders[i]!;
    derivatives.forEach((expected, order) => {
      for (const [how, derive] of nestings(order)) {
        for (const [container, make] of Object.entries(containers)) {
          expectUlps(derive(f)(make(x)), expected, 8 * (order + 1), `derivative ${order} of ${name} at ${x}, ${container}, ${how}`);
        }
      }
    });
  });

  test("mixed partials of pow agree", () => {
    const mixed = (x: number, y: number): number[] => [
      Number(engines.tape((s) => engines.forward((t) => p.pow(s, t))(y))(x)),
      Number(engines.forward((s) => engines.tape((t) => p.pow(s, t))(y))(x)),
      Number(engines.tape((t) => engines.forward((s) => p.pow(s, t))(x))(y)),
    ];
    for (const [x, y] of [[2, 3], [2, 0], [0.5, 0], [3, -1], [0, 2], [0, 3]] as const) {
      const expected = x === 0 ? 0 : x ** (y - 1) * (1 + y * Math.log(x)); // ∂²xʸ/∂x∂y
      for (const got of mixed(x, y)) expectUlps(got, expected, 8, `at (${x}, ${y})`);
    }
  });
});

test("whereSafe keeps NaN and ∞ of the other branch out of every derivative", () => {
  const safe: Unary = (x) => whereSafe(p.greater(x, 0), (t) => p.mul(t, p.log(t)), x, 0);
  const x = tensor([0, 1, -2]);
  for (const [order, expected] of [[0, [0, 0, 0]], [1, [0, 1, 0]], [2, [0, 1, 0]], [3, [0, -1, 0]]] as const) {
    for (const [how, derive] of nestings(order)) expect(numbersOf(derive(safe)(x)).map((v) => v + 0), how).toEqual(expected);
  }
  const root: Unary = (t) => whereSafe(p.greater(t, 0), p.sqrt, t, 0);
  expect(numbersOf(engines.tape(root)(tensor([0, 4])))).toEqual([0, 0.25]);
  expect(engines.tape(root)(0)).toBe(0);
  // What f captures is safe too, where f is finite at the stand-in.
  const scale = pullback(([w]) => [p.sum(whereSafe(p.greater(x, 0), (t) => p.mul(w!, p.log(t)), x, 0))], [2]).pull([1])[0];
  expect(scale).toBe(0);
  const inverse = pullback(([w]) => [p.sum(whereSafe(p.less(x, 1), (t) => p.mul(w!, p.atanh(p.mul(t, 0.25))), x, 0, { at: 0 }))], [2]).pull([1])[0];
  expect(inverse).toBeCloseTo(Math.atanh(-0.5), 15);
});

test("isNaN and isFinite", () => {
  const x = tensor([1, NaN, Infinity, -Infinity]);
  expect([isNaN(x).dtype, numbersOf(isNaN(x)), numbersOf(isFinite(x))]).toEqual(["bool", [0, 1, 0, 0], [1, 0, 0, 0]]);
  expect([isNaN(NaN), isFinite(NaN), isFinite(3)]).toEqual([1, 0, 1]);
});

test("dtypes: whole numbers stay whole, float functions of them are float64, comparisons bool", () => {
  const whole = tensor(new Int32Array([-2, 3]));
  const whole2 = tensor(new Int32Array([2, -2]));
  const kept = [p.abs(whole), p.sign(whole), p.neg(whole), p.square(whole), p.floor(whole), p.ceil(whole), p.round(whole), p.relu(whole), p.mod(whole, whole2), p.maximum(whole, whole2), p.minimum(whole, 0), p.clamp(whole, 0, 1), p.add(whole, 1)] as Tensor[];
  for (const y of kept) expect(y.dtype).toBe("int32");
  for (const y of [p.div(whole, whole2), p.pow(whole, whole2), p.sqrt(whole), p.tanh(whole), p.hypot(whole, whole2)]) expect(y.dtype).toBe("float64");
  for (const y of [p.equal(whole, 0.5), p.logicalNot(whole), p.logicalXor(whole, 1)]) expect(y.dtype).toBe("bool");
  for (const y of [p.div(tensor(new Float32Array(2)), 3), p.pow(tensor(new Float32Array(2)), 0.3), p.maximum(tensor(new Float32Array(2)), 0.1)]) expect(y.dtype).toBe("float32");
  expect(numbersOf(p.mod(whole, whole2))).toEqual([0, -1]);
  expect(() => p.maximum(whole, 0.5)).toThrow('maximum: int32 tensor with the number 0.5: the result would be truncated. Use cast(x, "float64") first.');
});

test("float32 is computed in double and rounded once", () => {
  const x = new Float32Array([0.1, 0.7, 1.3]);
  for (const f of [p.exp, p.tan, p.asinh, p.sigmoid, p.softplus, p.rsqrt, p.sinh]) {
    expect(numbersOf(f(x)), f.name).toEqual(Array.from(x, (v) => Math.fround(f(v))));
  }
});
