import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { backendOf, currentTrace, defineADType, registerBackend } from "@polyad/core/extend";
import {
  add, AutoForward, AutoTape, backward, checkpoint, derivative, Duplicated, exp, grad, gradient, hessian, hvp, jacobian, matmul, mul, param, params, prepareGradient, pullback, pushforward, secondDerivative, SecondOrder, sin, square, sub, sum,
  Tensor, tensor, withgradient, zeros, type Value,
} from "polyad";
import type { TapeTrace } from "../packages/backend-tape/src/tape.js";
import { engines, exact, expectClose } from "./support.js";

// What calls leave behind: nothing. What they cost: as much as f has operations.

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use when everything that can go has gone, typed arrays' storage included. */
async function bytesInUse(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect();
    await setImmediate(); // weak references are cleared between jobs
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

const boom = new Error("boom");
const f = (x: Value) => mul(sin(x), exp(mul(x, x)));
const v = tensor([1, 2, 3]);

test("2000 calls of each operator leave no trace", () => {
  for (const ad of engines) {
    for (let i = 0; i < 2000; i++) {
      gradient(f, ad, i / 2000);
      if (currentTrace() !== null) throw new Error(`left after call ${i}`);
    }
  }
  for (let i = 0; i < 500; i++) {
    jacobian(square, exact[i % 3]!, v);
    hvp((x) => sum(f2(x)), AutoTape(), v, v);
    withgradient(() => sum(f2(v)), AutoTape(), params(v));
    expect(currentTrace()).toBeNull();
  }
});

test("every pullback is disposed of, once", () => {
  const tape = backendOf(AutoTape());
  let [made, disposed] = [0, 0];
  registerBackend({ ...tape, adtype: "counted", pullback: (f, xs, ad) => {
    const right = tape.pullback!(f, xs, ad);
    made++;
    return { ...right, dispose: () => (disposed++, right.dispose()) };
  } });
  const ad = defineADType("counted", "sync")();
  const calls = [() => gradient(f, ad, 1), () => jacobian(square, ad, v), () => pullback(square, ad, v, v), () => pushforward(square, ad, v, v), () => derivative(f, ad, 1), () => secondDerivative(f, ad, 1), () => hvp((x) => sum(f2(x)), ad, v, v), () => hessian((x) => sum(f2(x)), ad, v)];
  for (const call of calls) {
    call();
    expect(disposed, String(call)).toBe(made);
  }
});

test("2000 calls that throw leave no trace, and the depth of the next one is 1", () => {
  for (const ad of engines) {
    for (let i = 0; i < 2000; i++) {
      try {
        // throws at a depth that changes: outside, in the middle, innermost
        gradient((x) => {
          if (i % 3 === 0) throw boom;
          return gradient((y) => {
            if (i % 3 === 1) throw boom;
            mul(x, y);
            throw boom;
          }, ad, x)[0];
        }, ad, 1);
      } catch (error) {
        if (error !== boom) throw error;
      }
      if (currentTrace() !== null) throw new Error(`left after call ${i}`);
    }
    const depths: (number | undefined)[] = [];
    gradient((x) => {
      depths.push(currentTrace()?.depth);
      return mul(x, x);
    }, AutoTape(), 1);
    expect(depths).toEqual([1]);
  }
});

test("a loop of 200,000 operations is differentiated, with the right value", { timeout: 60_000 }, () => {
  const n = 200_000;
  const growth = 1 + 1e-6;
  const loop = (x: Value) => {
    let y = x;
    for (let i = 0; i < n; i++) y = mul(y, growth);
    return y;
  };
  const expected = Math.exp(n * Math.log(growth));
  for (const ad of [AutoTape(), AutoForward()]) expectClose(gradient(loop, ad, 1), [expected], 1e-9);
  // through tensors, and through a sum in which every step is an input of the next two
  expectClose(gradient((x) => sum(loop(x)), AutoTape(), tensor([1, 2])), [[expected, expected]], 1e-9);
  const fibonacci = (x: Value) => {
    let [a, b]: [Value, Value] = [x, x];
    for (let i = 0; i < n; i++) [a, b] = [b, mul(add(a, b), 0.5)];
    return b;
  };
  expectClose(gradient(fibonacci, AutoTape(), 3), [1], 1e-9);
  // the tracker keeps parents and no tape
  const w = param(tensor(1));
  backward(loop(w));
  expectClose(grad(w), expected, 1e-9);
  // and one input used 200,000 times
  expectClose(gradient((x) => {
    let y: Value = 0;
    for (let i = 0; i < n; i++) y = add(y, x);
    return y;
  }, AutoTape(), 1), [n], 0);
});

/** How many times longer f(big) takes than f(small). */
function ratio(f: (n: number) => void, small: number, big: number): number {
  const timed = (n: number) => Math.min(...Array.from({ length: 5 }, () => {
    const start = performance.now();
    f(n);
    return performance.now() - start;
  }));
  f(small);
  return timed(big) / timed(small);
}

test("the tape's time is linear in the operations", { timeout: 60_000 }, () => {
  const chain = (n: number) => gradient((x) => {
    let y: Value = x;
    for (let i = 0; i < n; i++) y = sin(y);
    return y;
  }, AutoTape(), 1);
  expect(ratio(chain, 2_000, 64_000)).toBeLessThan(32 * 8); // a quadratic algorithm takes 1024 times as long
});

test("arrays of many numbers are linear, too", { timeout: 60_000 }, () => {
  const squares = (n: number) => gradient((xs) => sum(square(xs)), AutoTape(), Array.from({ length: n }, (_, i) => i))[0];
  expect(squares(8)[7]).toBe(14);
  expect(ratio(squares, 1_000, 32_000)).toBeLessThan(32 * 8);
});

const programs: readonly (readonly [string, () => void])[] = [
  ...engines.map((ad) => [`gradient, ${JSON.stringify(ad)}`, () => gradient(f, ad, 0.5)] as const),
  ["gradient of tensors", () => gradient((x) => sum(f2(x)), AutoTape(), v)],
  ["gradient that throws", () => expect(() => gradient((x) => { mul(x, x); throw boom; }, AutoTape(), 1)).toThrow(boom)],
  ["implicit", () => gradient(() => sum(f2(v)), params(v))],
  ["hessian", () => hessian((x) => sum(f2(x)), SecondOrder(AutoForward(), AutoTape()), v)],
  ["checkpoint", () => gradient((x) => sum(checkpoint(f2)(x)), AutoTape(), v)],
  ["tracker", () => {
    const w = param(v);
    backward(sum(f2(w)));
    w.update(grad(w));
  }],
  ["duplicated", () => gradient((x) => sum(f2(x)), AutoTape(), Duplicated(v))],
  ["prepared", () => {
    const step = prepareGradient((x) => sum(f2(x)), AutoTape(), v);
    step(v);
    step.dispose();
  }],
];

function f2(x: Tensor): Tensor {
  return mul(sin(x), exp(mul(x, 0.1)));
}

/**
 * What a call keeps, it keeps in every window; what the engine compiles and caches comes once. A window that keeps less
 * than 20 bytes a call, when a tracer has more than 50, shows that none is kept.
 */
async function expectNoGrowth(call: () => void): Promise<void> {
  const calls = 1500;
  let least = Infinity;
  for (let window = 0; window < 24 && least >= 20 * calls; window++) {
    const before = await bytesInUse();
    for (let i = 0; i < calls; i++) call();
    if (window > 0) least = Math.min(least, (await bytesInUse()) - before);
  }
  expect(least).toBeLessThan(20 * calls);
}

for (const [name, program] of programs) {
  test(`the heap does not grow: ${name}`, { timeout: 120_000 }, () => expectNoGrowth(program));
}

test("big intermediate results are garbage when the operator returns, though its results live", async () => {
  let kept: WeakRef<Tensor> | undefined;
  const W = tensor(new Float64Array(256 * 256), [256, 256]);
  const result = withgradient((W) => {
    const hidden = exp(matmul(W, W));
    const loss = sum(square(hidden));
    kept = new WeakRef(hidden);
    return { loss, size: hidden.size };
  }, AutoTape(), W);
  await bytesInUse();
  expect(kept!.deref()).toBeUndefined();
  expect(result.grad[0].shape).toEqual([256, 256]);
  expect(result.val.size).toBe(65536);
});

test("a checkpoint keeps arguments and results, not what lies between", () => {
  const depth = 30;
  const block = (x: Tensor) => sin(add(square(sin(x)), 1)); // four results
  /** The tensors that the tape holds when f has run. */
  const held = (step: (x: Tensor) => Tensor) => {
    let tensors = new Set<unknown>();
    gradient((x) => {
      let y: Tensor = x;
      for (let i = 0; i < depth; i++) y = step(y);
      const { tape } = currentTrace() as TapeTrace;
      tensors = new Set(tape.flatMap(({ out }) => out).filter((value) => value instanceof Tensor));
      return sum(y);
    }, AutoTape(), v);
    return tensors.size;
  };
  expect(held(block)).toBe(1 + 4 * depth);
  expect(held(checkpoint(block))).toBe(1 + depth);
});

test("a long run of descent keeps one model", { timeout: 120_000 }, async () => {
  let w: Tensor = zeros([1000]);
  const target = tensor(new Float64Array(1000).fill(1));
  await expectNoGrowth(() => {
    w = sub(w, mul(gradient((w) => sum(square(sub(w, target))), AutoTape(), w)[0], 0.01));
  });
  expect(w.toArray()).toEqual(Array.from({ length: 1000 }, () => expect.closeTo(1, 10)));
});
