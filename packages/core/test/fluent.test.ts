import { inspect } from "node:util";
import { describe, expect, expectTypeOf, test } from "vitest";
import { notMethods, type Methods } from "../src/fluent.js";
import { arange, ones } from "../src/create.js";
import * as ops from "../src/ops/all.js";
import * as primitives from "../src/primitives/all.js";
import { trace } from "../src/graph/trace.js";
import { Tensor, tensor, type Value } from "../src/tensor.js";
import { pullback } from "../../backend-tape/src/tape.js";
import { pushforward } from "../../backend-forward/src/dual.js";

const functions = { ...primitives, ...ops };
const names = Object.keys(functions) as (keyof typeof functions)[];
const x = tensor([[0.5, 0.25], [0.125, 1]]);

/** Methods whose function does not take a tensor first: there must be none. */
type Misplaced = { [K in keyof Methods]: Tensor extends Parameters<(typeof functions)[K]>[0] ? never : K }[keyof Methods];
/** Methods that may give a plain number, which a tensor's never do. */
type Numeric = { [K in keyof Methods]: number extends ReturnType<Methods[K]> ? K : never }[keyof Methods];
/** Methods whose function's type says nothing of its other arguments. */
type Untyped = { [K in keyof Methods]: [Methods[K]] extends [never] ? K : never }[keyof Methods];

describe("methods", () => {
  test.each(names.filter((name) => !(name in notMethods)))("x.%s() is the function, with x first", (name) => {
    const method: unknown = x[name as keyof Methods];
    expect(method).toBeTypeOf("function");
    const outcome = (f: () => unknown): unknown => {
      try {
        return f();
      } catch (e) {
        return (e as Error).message;
      }
    };
    // With arguments that suit one- and two-operand functions; for others, both refuse alike.
    for (const rest of [[], [x], [[4]], [1, { axis: 0 }]]) {
      const direct = outcome(() => (functions[name] as (...args: readonly unknown[]) => unknown)(x, ...rest));
      expect(outcome(() => (method as (...args: readonly unknown[]) => unknown).call(x, ...rest))).toEqual(direct);
    }
  });

  test("every function has its method, or a reason why not; each first argument is a tensor", () => {
    for (const name of Object.keys(notMethods)) {
      expect(names).toContain(name);
      expect(name in x).toBe(false);
    }
    expectTypeOf<Misplaced>().toEqualTypeOf<never>();
    expectTypeOf<Numeric>().toEqualTypeOf<never>();
    expectTypeOf<Untyped>().toEqualTypeOf<never>();
  });

  test("chain, and are typed", () => {
    const y = x.mul(2).add(1).tanh().sum({ axis: 0 });
    expect(y).toEqual(primitives.sum(primitives.tanh(primitives.add(primitives.mul(x, 2), 1)), { axis: 0 }));
    expectTypeOf(y).toEqualTypeOf<Tensor>();
    expectTypeOf(x.sum()).toEqualTypeOf<Tensor>();
    expectTypeOf(x.cast("int32")).toEqualTypeOf<Tensor>();
    expectTypeOf(x.topK(1)).toEqualTypeOf<readonly [values: Tensor, indices: Tensor]>();
    expect(x.matmul(x, { transposeB: true }).reshape([4]).slice([1, 3]).shape).toEqual([2]);
    expect(arange(6).reshape([2, 3]).transpose().shape).toEqual([3, 2]);
    // @ts-expect-error a method of a tensor gives a tensor
    expect(tensor(2.5).cast("number")).toBe(2.5);
    // @ts-expect-error there is no such method
    expect(() => x.concat([x])).toThrow(TypeError);
  });

  test("are the tracers' too", () => {
    const f = (x: Tensor): Tensor => x.mul(x).exp().sum();
    const at = ones([2]);
    const [dx] = pullback(([t]) => [f(t as Tensor)], [at]).pull([tensor(1)]);
    expect(dx).toEqual(at.mul(2 * Math.E));
    expect(pushforward(([t]) => [f(t as Tensor)], [at], [[at]]).tangents[0]![0]).toEqual(tensor(4 * Math.E));
    expect(trace(f, at).size).toBe(3);
    // a traced number is a tensor that stays weak
    const square = (t: Value): Value => (t as Tensor).mul(t);
    expect(pullback(([t]) => [square(t!)], [3]).pull([1])).toEqual([6]);
  });

  test("are no properties of their own: trees and loops do not see them", () => {
    expect(Object.keys(x)).toEqual(["shape", "dtype", "elements"]);
    const seen: string[] = [];
    for (const key in x) seen.push(key);
    expect(seen).toEqual(["shape", "dtype", "elements"]);
  });
});

test("console.log shows a tensor as it prints", () => {
  expect(inspect(x)).toBe("Tensor(float64[2, 2], [[0.5, 0.25], [0.125, 1]])");
  expect(inspect({ x: tensor(1) })).toBe("{ x: Tensor(float64[], 1) }");
  expect(trace((x: Tensor) => inspect(x), x).evaluate(x)).toBe("Traced(float64[2, 2] by capture)");
});
