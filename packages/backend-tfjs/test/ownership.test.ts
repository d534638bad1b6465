import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import {
  add, AutoForward, AutoTape, checkpoint, Const, customRule, derivative, div, Duplicated, exp, fmap, gradient, gradientAndHvp, hessian, hvp, jacobian, matmul, mul, prepareGradient, prepareHvp,
  prepareJacobian, pullback, pushforward, scope, secondDerivative, sin, slice, square, sum, tanh, tensor, toDevice, valueGradientAndHessian, withgradient, type Tensor, type Value,
} from "polyad";
import { AutoTfjs, fromTf, ready, tfjs, toTf } from "@polyad/backend-tfjs";

/** Who frees what: every operator by every engine, on success and on every kind of failure, leaves what it found. */

type Trio = { readonly host: Tensor; readonly there: Tensor; readonly theirs: tf.Tensor };
type Engine = AutoTape; // any sync one

/** Frees tensors of either library wherever they are. */
function release(tree: unknown): void {
  fmap((leaf: unknown) => {
    (leaf as { dispose?: () => void } | null)?.dispose?.();
    return leaf;
  }, tree);
}

describe.each(["cpu", "wasm"] as const)("ownership on %s", (device) => {
  const ad = AutoTfjs({ device });
  const engines = [["AutoTfjs", ad], ["AutoTape", AutoTape()], ["AutoForward", AutoForward()]] as readonly (readonly [string, Engine])[];
  const held = () => {
    const { numTensors, numDataBuffers, numBytes } = tf.memory();
    return { numTensors, numDataBuffers, numBytes };
  };
  let x: Trio;
  let start: ReturnType<typeof held>;
  let before: ReturnType<typeof held>;

  beforeEach(async () => {
    await ready(ad);
    await tf.setBackend(device);
    start = held();
    x = { host: tensor([0.5, -1, 2]), there: toDevice(tensor([0.25, 1.5, -1]), tfjs(device)), theirs: tf.tensor([1, 2, 3]) };
    before = held();
  });
  const asFound = (): void => {
    expect([...x.there.dataSync(), ...x.theirs.dataSync()], "arguments").toEqual([0.25, 1.5, -1, 1, 2, 3]);
    x.there.dispose();
    x.theirs.dispose();
    expect(held()).toEqual(start);
  };
  afterEach(asFound);

  type Seen = { host: Tensor; there: Tensor; theirs: Tensor };
  const f = (m: Seen): Value => sum(mul(tanh(m.host), exp(add(m.there, sin(m.theirs)))));
  const g = (m: Seen): Tensor => mul(tanh(m.host), exp(add(m.there, sin(m.theirs))));
  const operators: readonly (readonly [string, (engine: Engine) => unknown])[] = [
    ["gradient", (engine) => gradient(f, engine, x)],
    ["gradient of several arguments", (engine) => gradient((a: Tensor, b: Tensor, c: Tensor) => f({ host: a, there: b, theirs: c }), engine, x.host, Const(x.there) as never, x.theirs as never)],
    ["withgradient", (engine) => withgradient((m: Seen) => ({ loss: f(m), extra: [g(m), exp(m.there)] }), engine, x)],
    ["jacobian", (engine) => jacobian(g, engine, x)],
    ["hessian", (engine) => hessian(f, engine, x)],
    ["hvp", (engine) => hvp(f, engine, x, x)],
    ["hvp of several seeds", (engine) => hvp(f, engine, x, [x, x])],
    ["pushforward", (engine) => pushforward(g, engine, x, x)],
    ["pullback", (engine) => pullback(g, engine, x, x.there)],
    ["derivative", (engine) => derivative((s: Value) => mul(exp(s), x.there), engine, 0.5)],
    ["secondDerivative", (engine) => secondDerivative((s: Value) => sum(mul(exp(s), x.there)), engine, 0.5)],
    ["gradientAndHvp", (engine) => gradientAndHvp(f, engine, x, x)],
    ["valueGradientAndHessian", (engine) => valueGradientAndHessian(f, engine, x)],
    ["gradient through checkpoint", (engine) => gradient((m: Seen) => sum(checkpoint((v: Tensor) => exp(square(v)))(m.there)), engine, x)],
    ["a prepared gradient", (engine) => { const step = prepareGradient(f, engine, x); const first = step(x); return [first, step(x), step.dispose()]; }],
    ["a prepared hvp", (engine) => { const step = prepareHvp(f, engine, x, x); return [step(x, x), step(x, x), step.dispose()]; }],
    ["a prepared Jacobian", (engine) => { const step = prepareJacobian(g, engine, x); return [step(x), step.dispose()]; }],
    ["gradient into buffers", (engine) => gradient((v: Tensor) => sum(square(v)), engine, Duplicated(x.there) as never)],
  ];
  const rows = engines.flatMap(([name, engine]) => operators.map(([operator, run]) => [operator, name, run, engine] as const));

  it.each(rows)("%s by %s holds only what it returns", (_operator, _name, run, engine) => {
    for (let call = 0; call < 3; call++) {
      const result = run(engine);
      release(result);
      expect(held()).toEqual(before);
    }
    const returned = run(engine);
    const { numTensors } = tf.memory();
    const handles = new Set<unknown>();
    fmap((leaf: unknown) => {
      if (leaf instanceof tf.Tensor) handles.add(leaf);
      else if ((leaf as Tensor | null)?.device === tfjs(device)) handles.add((leaf as unknown as { handle: unknown }).handle);
      return leaf;
    }, returned);
    expect(numTensors - before.numTensors, "one tensor for each that is returned").toBe(handles.size);
    release(returned);
  });

  const failures: readonly (readonly [string, string | RegExp, (engine: Engine) => unknown])[] = [
    ["f throws", "mine", (engine) => gradient((m: Seen) => { g(m); throw new RangeError("mine"); }, engine, x)],
    ["f throws inside of another derivative", "mine", (engine) => gradient((m: Seen) => sum(gradient((v: Tensor) => { exp(v); throw new RangeError("mine"); }, AutoTape(), m.there)[0]), engine, x)],
    ["f throws with TensorFlow.js's own tensors in hand", "mine", (engine) => gradient((_m: Seen) => { tf.exp(tf.square(x.theirs)); throw new RangeError("mine"); }, engine, x)],
    ["an op refuses its operands", /broadcast/, (engine) => gradient((m: Seen) => sum(add(exp(m.there), tensor([1, 2]))), engine, x)],
    ["a kernel refuses its operands", /matmul/, (engine) => gradient((m: Seen) => sum(matmul(exp(m.there), tensor([[1, 2]]))), engine, x)],
    ["the result is no scalar", "Use jacobian()", (engine) => gradient(g as never, engine, x)],
    ["the result is nothing", "f must return a scalar", (engine) => gradient(((m: Seen) => void g(m)) as never, engine, x)],
    ["the seed has another shape", "seed must have the shape", (engine) => pullback(g, engine, x, tensor([1]))],
    ["the seed is another tree", /seed/, (engine) => hvp(f, engine, x, { host: x.host } as never)],
    ["a rule throws on the way", "in a rule", (engine) => {
      const broken = customRule((v: Tensor) => exp(v), { vjp: () => [() => { throw new RangeError("in a rule"); }], jvp: () => [() => { throw new RangeError("in a rule"); }] });
      return gradient((m: Seen) => sum(broken(square(m.there))), engine, x);
    }],
    ["a prepared operator gets another shape", "not like the example", (engine) => prepareGradient((v: Tensor) => sum(square(v)), engine, x.there)(slice(x.host, [0, 2]))],
  ];
  it.each(engines.flatMap(([name, engine]) => failures.map(([failure, message, run]) => [failure, name, message, run, engine] as const)))("%s, by %s: nothing is left", (_failure, _name, message, run, engine) => {
    for (let call = 0; call < 3; call++) {
      expect(() => run(engine)).toThrow(message);
      expect(held()).toEqual(before);
      expect(tf.engine().state.gradientDepth).toBe(0);
      expect(tf.engine().state.scopeStack).toHaveLength(0);
      expect(tf.getBackend()).toBe(device);
    }
  });

  it.each(engines)("%s: tensors of TensorFlow.js's among extra results live on, and captured ones", (_name, engine) => {
    const v = tf.variable(x.theirs);
    const { val, grad } = withgradient((m: Tensor) => ({ loss: sum(square(m)), fresh: tf.exp(x.theirs), own: x.theirs, v } as never), engine, x.there);
    const { loss, fresh, own, v: same } = val as { loss: Tensor; fresh: tf.Tensor; own: tf.Tensor; v: tf.Variable };
    for (const t of [fresh, own, same]) expect(t.isDisposed).toBe(false);
    expect([...same.dataSync()]).toEqual([1, 2, 3]);
    expect(fresh.dataSync()[0]).toBeCloseTo(Math.E, 5);
    if (own !== x.theirs) own.dispose();
    if (same !== v) same.dispose();
    release([loss, fresh, grad]);
    v.dispose();
  });

  it("scope() keeps tensors of TensorFlow.js's that it returns, wherever they are, and frees the rest", () => {
    const kept = scope(() => {
      tf.exp(x.theirs);
      return { list: [tf.square(x.theirs)], map: new Map([["k", tf.neg(x.theirs)]]), ours: exp(x.there) };
    });
    expect(tf.memory().numTensors).toBe(before.numTensors + 3);
    expect([...kept.list[0]!.dataSync(), ...kept.map.get("k")!.dataSync()]).toEqual([1, 4, 9, -1, -2, -3]);
    release([kept.list, kept.map.get("k"), kept.ours]);
  });

  it("`using` frees results of every engine at the end of the block", () => {
    for (const [, engine] of engines) {
      {
        using J = jacobian((v: Tensor) => square(v), engine, x.there);
        using p = pullback((v: Tensor) => square(v), engine, x.there, x.there);
        expect(J.shape).toEqual([3, 3]);
        expect(p.toArray()).toEqual([0.125, 4.5, 2]);
      }
      expect(held()).toEqual(before);
    }
  });

  it("a closed-over tensor of TensorFlow.js's is an error that says how to convert it, and a constant once it is", () => {
    const wrong = x.theirs as never as Tensor;
    for (const [, engine] of engines) {
      expect(() => gradient((v: Tensor) => sum(mul(v, wrong)), engine, x.there)).toThrow(/^mul: expected a number, a Tensor or an array of numbers, got .*fromTf\(t\)/);
      const [d] = gradient((v: Tensor) => sum(mul(v, fromTf(x.theirs))), engine, x.there);
      expect(d.toArray()).toEqual([1, 2, 3]);
      d.dispose();
    }
    expect(() => exp(wrong)).toThrow("as fromTf(t) does");
  });

  it("variables are updated between calls, by assign() and by an optimiser of TensorFlow.js's", () => {
    const v = tf.variable(x.theirs);
    const loss = (m: { v: Tensor }): Value => sum(div(square(m.v), 2)); // its gradient is v
    const [g] = gradient(loss, ad, { v });
    tf.tidy(() => v.assign(tf.sub(v, tf.mul(g.v, 0.5))));
    tf.dispose(g.v);
    const [h] = gradient(loss, AutoTape(), { v });
    expect([...h.v.dataSync()]).toEqual([0.5, 1, 1.5]);
    const sgd = tf.train.sgd(1);
    sgd.applyGradients({ [v.name]: h.v });
    expect([...v.dataSync()]).toEqual([0, 0, 0]);
    sgd.dispose();
    h.v.dispose();
    v.dispose();
  });

  it("tensors without elements, and without axes", () => {
    const [none, one] = [tf.tensor([], [0, 3]), tf.scalar(3)];
    const { val, grad: [dn, d1] } = withgradient((a: Tensor, b: Tensor) => mul(add(sum(exp(a)), b), b), ad, none, one);
    expect((val as Tensor).item()).toBe(9);
    expect([dn.shape, d1.shape, ...d1.dataSync()]).toEqual([[0, 3], [], 6]);
    release([val, dn, d1]);
    tf.dispose([none, one]);
  });

  it("tf.profile() around an operator sees its kernels", async () => {
    const { kernelNames, newTensors, result } = await tf.profile(() => gradient((v: Tensor) => sum(mul(square(v), 0.5)), ad, x.theirs)[0]);
    expect(kernelNames).toContain("Multiply");
    expect(newTensors).toBeGreaterThan(0);
    expect([...(result as tf.Tensor).dataSync()]).toEqual([1, 2, 3]);
    tf.dispose(result as tf.Tensor);
  });

  it("toTf() of a result is a tensor of its own", () => {
    const [d] = gradient((v: Tensor) => sum(square(v)), ad, x.there);
    const t = toTf(d);
    d.dispose();
    expect([...t.dataSync()]).toEqual([0.5, 3, -2]);
    t.dispose();
  });
});
