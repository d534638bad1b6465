import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import {
  add, AutoForward, AutoTape, cos, erf, exp, fmap, gradient, gradientAndHvp, hessian, hvp, jacobian, lgamma, log, log1p, logaddexp, matmul, max, mean, mul, pow, pullback, pushforward, relu, relu6, scope,
  SecondOrder, sigmoid, sin, softmax, softplus, sort, sqrt, square, sum, tanh, valueGradientAndHessian, withgradient, type ADType, type Tensor, type Value,
} from "polyad";
import { AutoTfjs, fromTf, ready, toTf } from "@polyad/backend-tfjs";

/** What crosses between the host and a device: of a tf.Tensor that is a leaf nothing does, whatever the operator. */

/** Elements that no constant or seed has. */
const marks = Float32Array.from({ length: 12 }, (_, i) => Math.sin(1.7 * i + 0.3));
const weights = Float32Array.from({ length: 12 }, (_, i) => Math.cos(0.9 * i) / 3);

describe.each(["cpu", "wasm"] as const)("between host and %s", (device) => {
  const ad = AutoTfjs({ device });
  let before = 0;
  beforeEach(async () => {
    await ready(ad);
    await tf.setBackend(device);
    before = tf.memory().numTensors;
  });
  const nothingLeft = (): void => expect(tf.memory().numTensors, "tensors").toBe(before);
  afterEach(() => vi.restoreAllMocks());
  afterEach(nothingLeft);

  /** What f read, and which elements it sent from the host. (Kernels look into the device's memory by themselves.) */
  const watched = <R>(f: () => R): { result: R; reads: number; sent: number[] } => {
    const reads = (["read", "readSync"] as const).map((name) => vi.spyOn(tf.engine(), name));
    const write = vi.spyOn(tf.backend(), "write");
    const result = f();
    const sent = write.mock.calls.flatMap(([values]) => ((values ?? null) === null ? [] : Array.from(values as Float32Array)));
    const count = reads.reduce((n, spy) => n + spy.mock.calls.length, 0);
    vi.restoreAllMocks();
    return { result, reads: count, sent };
  };

  const f = (m: { x: Tensor; w: Tensor }): Value => sum(tanh(add(matmul(m.x, m.w), square(m.x).slice(0, 0))));
  const g = (m: { x: Tensor; w: Tensor }): Tensor => tanh(matmul(m.x, m.w));
  const h = (m: { x: Tensor; w: Tensor }): Tensor => mul(m.x, m.x);
  type Model = { x: tf.Tensor; w: tf.Tensor };
  type Run = (engine: AutoTape, m: Model) => unknown;
  const operators: readonly (readonly [string, Run])[] = [
    ["gradient", (engine, m) => gradient(f, engine, m)],
    ["withgradient", (engine, m) => withgradient(f, engine, m)],
    ["jacobian", (engine, m) => jacobian(g, engine, m)],
    ["hessian", (engine, m) => hessian(f, engine, m)],
    ["hvp", (engine, m) => hvp(f, engine, m, m)],
    ["pushforward", (engine, m) => pushforward(g, engine, m, m)],
    ["pullback", (engine, m) => pullback(h, engine, m, m.x)],
    ["gradientAndHvp", (engine, m) => gradientAndHvp(f, engine, m, m)],
    ["valueGradientAndHessian", (engine, m) => valueGradientAndHessian(f, engine, m)],
  ];
  const engines: readonly (readonly [string, ADType])[] = [
    ["AutoTfjs", ad], ["AutoTape", AutoTape()], ["AutoForward", AutoForward()], ["AutoTfjs over AutoTape", SecondOrder(ad, AutoTape())],
  ];
  const rows = engines.flatMap(([name, engine]) =>
    operators.filter(([operator]) => engine.adtype !== "second-order" || /hessian|hvp/i.test(operator)).map(([operator, run]) => [operator, name, engine, run] as const),
  );

  it.each(rows)("%s by %s", (_operator, _name, engine, run) => {
    const m = { x: tf.tensor(marks, [3, 4]), w: tf.tensor(weights, [4, 3]) };
    const { result, reads, sent } = watched(() => run(engine as AutoTape, m));
    expect(reads, "reads").toBe(0);
    // On cpu the device is the host: kernels write their results like this too.
    if (device === "wasm") expect(sent.filter((value) => marks.includes(value) || weights.includes(value)), "what the host sent").toEqual([]);
    expect([m.x.isDisposed, m.w.isDisposed], "arguments are not ours to free").toEqual([false, false]);
    expect([...m.x.dataSync(), ...m.w.dataSync()]).toEqual([...marks, ...weights]);
    release(result);
    tf.dispose([m.x, m.w]);
  });

  it("what README says that the host computes is read, and nothing else of its kind", () => {
    const reads = (op: (x: Tensor) => Value): boolean => {
      const x = tf.tensor(marks);
      const { result, reads } = watched(() => gradient((v: Tensor) => sum(op(v)), ad, x));
      release(result);
      tf.dispose(x);
      return reads > 0;
    };
    for (const op of [erf, lgamma, (v: Tensor) => sort(v)]) expect(reads(op)).toBe(true);
    for (const op of [sin, cos, log1p, softplus, (v: Tensor) => logaddexp(v, 1)]) expect(reads(op)).toBe(device === "wasm");
    for (const op of [exp, log, sqrt, tanh, sigmoid, relu, relu6, (v: Tensor) => pow(v, 2), softmax, mean, (v: Tensor) => max(v)]) expect(reads(op), op.name).toBe(false);
  });

  it("what the host computes is read, and seen here", () => {
    const x = tf.tensor(marks);
    const { result, reads, sent } = watched(() => scope(() => sort(fromTf(x))));
    expect(reads).toBeGreaterThan(0);
    expect(sent.length).toBeGreaterThan(0);
    expect([...result.dataSync()]).toEqual([...marks].sort((a, b) => a - b));
    tf.dispose(x);
    release(result);
  });

  it("a conversion either way moves nothing, and holds one buffer", () => {
    const t = tf.tensor(marks);
    const { numDataBuffers } = tf.memory();
    const { result: views, reads, sent } = watched(() => tf.tidy(() => [toTf(fromTf(t)), toTf(fromTf(toTf(fromTf(t))))]));
    expect([reads, sent.filter((value) => marks.includes(value))]).toEqual([0, []]);
    expect(tf.memory().numDataBuffers).toBe(numDataBuffers);
    release(views);
    t.dispose();
  });
});

/** Frees tensors of either library wherever they are. */
function release(tree: unknown): void {
  fmap((leaf: unknown) => {
    (leaf as { dispose?: () => void } | null)?.dispose?.();
    return leaf;
  }, tree);
}
