import * as tf from "@tensorflow/tfjs-core";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { AccumGrad, Adam, AutoTape, BatchNorm, Chain, customRule, Dense, Descent, destructure, dispose, Duplicated, generator, gradient, leaves, mse, mul, OptimiserChain, rand, setup, square, sub, sum, tensor, toDevice, trace, train, TrainingError, trainMode, update, updateState, withgradient, withGenerator, withState, zeros, Tensor } from "polyad";
import { beforeAll, describe, expect, test } from "vitest";

const device = "wasm";
const ad = AutoTfjs({ device });
beforeAll(() => ready(ad));

const made = () => toDevice(withGenerator(generator(1), () => Chain(Dense(3, 4), BatchNorm(4), Dense(4, 2))), tfjs(device));
const [x, y] = [rand(generator(2), [8, 3], { dtype: "float32" }), rand(generator(3), [8, 2], { dtype: "float32" })];
const data = Array.from({ length: 20 }, () => [x, y] as const);
const loss = (m: ReturnType<typeof made>, x: Tensor, y: Tensor) => mse(m(x), y);
const tensors = (tree: unknown): number => leaves(tree).filter((leaf) => (leaf as Tensor | null)?.device?.name === "tfjs wasm").length;

describe.each([ad, AutoTape()])("training on a device, by $adtype", (engine) => {
  test("train keeps what it gives, and nothing of the steps before", async () => {
    const model = made();
    const before = tf.memory().numTensors;
    const run = await train(loss, model, data, Adam(), { engine, epochs: 3 });
    expect(run.steps).toBe(60);
    expect(tf.memory().numTensors - before).toBe(tensors(run.model) + tensors(run.state));
    dispose([run.model, run.state]);
    expect(tf.memory().numTensors).toBe(before);
    expect(model.layers[0].weight.dataSync().length).toBe(12); // the first model is the caller's
    dispose(model);
  });

  test.each(["loss", "NaN", "data"])("train that fails by its %s leaves nothing", async (what) => {
    const model = made();
    const before = tf.memory().numTensors;
    let calls = 0;
    const failing = (m: typeof model, x: Tensor, y: Tensor) => {
      const third = calls++ === 3;
      if (third && what === "loss") throw new Error("of the loss");
      return mul(third && what === "NaN" ? NaN : 1, loss(m, x, y));
    };
    const items = function* () {
      yield* data.slice(0, what === "data" ? 3 : 20);
      throw new Error("of the data");
    };
    const error: unknown = await train(failing, model, items, Adam(), { engine }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Error);
    if (error instanceof TrainingError) dispose(error.training, model);
    expect(tf.memory().numTensors).toBe(before);
    expect(model.layers[0].weight.dataSync().length).toBe(12);
    dispose(model);
  });

  test("what a callback was given stays its own", async () => {
    const model = made();
    const seen: unknown[] = [];
    await train(loss, model, data.slice(0, 4), Adam(), { engine, onStep: ({ model, state }) => void seen.push({ model, state }) });
    for (const tree of seen) for (const leaf of leaves(tree)) if ((leaf as Tensor | null)?.device?.name === "tfjs wasm") expect((leaf as Tensor).dataSync().length).toBeGreaterThan(0);
    dispose([seen, model]);
  });

  test("what a step leaves unchanged stays whose it was", async () => {
    const w = toDevice(tensor([0.5], null, "float32"), tfjs(device));
    const rule = OptimiserChain(AccumGrad(2), Adam());
    const state = setup(rule, w);
    const kept: unknown[] = [];
    const items = [1, 2, 3].map((t) => [tensor([t], null, "float32")] as const);
    const run = await train((w: Tensor, t: Tensor) => sum(square(sub(w, t))), w, items, state, { engine, epochs: 3, onEpoch: (training) => void kept.push(training) });
    for (const leaf of leaves([w, state, kept, run])) if (leaf instanceof Tensor) expect(leaf.dataSync().length).toBe(leaf.size);
    dispose([w, state, kept, run]);
  });

  test("what the loss returns besides is freed, but for a callback; and a schedule that throws leaves nothing", async () => {
    const model = made();
    const before = tf.memory().numTensors;
    const run = await train((m: typeof model, x: Tensor, y: Tensor) => ({ loss: loss(m, x, y), out: m(x) }), model, data, Descent(0.1), { engine });
    expect(tf.memory().numTensors - before).toBe(tensors(run.model) + tensors(run.state));
    dispose(run, model);
    const late = (step: number): number => {
      if (step < 2) return 0.1;
      throw new Error("of the schedule");
    };
    await expect(train(loss, model, data, Descent(0.1), { engine, schedule: late })).rejects.toThrow("of the schedule");
    expect(tf.memory().numTensors).toBe(before);
    dispose(model);
  });

  test("data that a rule gives as a gradient stays the caller's", async () => {
    const x = toDevice(tensor([1, 2], null, "float32"), tfjs(device));
    const w = toDevice(tensor([1, 1], null, "float32"), tfjs(device));
    const own = customRule((w: Tensor, x: Tensor) => sum(mul(w, x)), { vjp: (_y, [, x]) => [() => x, () => zeros([2], "float32")] });
    const [dw] = gradient((w: Tensor) => own(w, x), engine, w);
    const [square] = gradient((w: Tensor) => customRule((v: Tensor) => sum(v), { vjp: (_y, [v]) => [() => v] })(w), engine, w);
    expect([dw === x, square === w]).toEqual([false, false]); // what f captured is not known
    dispose(dw);
    const run = await train((w: Tensor, x: Tensor) => own(w, x), w, [[x], [x]], Descent(0.1), { engine });
    expect(x.toArray()).toEqual([1, 2]);
    dispose([run, square, x, w]);
  });

  test("a loop by hand is flat with dispose()", () => {
    let model = trainMode(made());
    let state = setup(Adam(), model);
    let least = Infinity;
    for (let step = 0; step < 30; step++) {
      const { val, grad } = withgradient(withState(loss), engine, model, x, y);
      const next = update(state, model, grad[0]);
      const after = { model: updateState(next.model, val.state), state: next.state };
      dispose([model, state, next, val, grad], after);
      ({ model, state } = after);
      if (step === 5) least = tf.memory().numTensors;
    }
    expect(tf.memory().numTensors).toBe(least);
    dispose([model, state]);
  });
});

test("dispose leaves alone what is kept, host tensors, and what is freed already", () => {
  const [a, b] = [toDevice(x, tfjs(device)), toDevice(y, tfjs(device))];
  dispose({ a, b, x, n: 1, text: "a" }, [b]);
  dispose(a);
  expect(() => a.dataSync()).toThrow("was used after it had been freed");
  expect(b.dataSync()).toEqual(y.dataSync());
  expect(x.dataSync().length).toBe(24);
  dispose(b);
  expect(gradient((z: Tensor) => mse(z, y), AutoTape(), y)[0].dataSync()[0]).toBe(0);
});

// A step's model and gradient are TensorFlow.js's tensors then, which no garbage collection frees.
test.each([ad, AutoTape()])("train on tf.Tensors keeps what it gives, and nothing of the steps before, by $adtype", async (engine) => {
  const [w, b] = tfjs(device).within(() => [tf.tensor([1, 2, 3]), tf.variable(tf.scalar(4))] as const);
  for (const rule of [Descent(0.1), Adam(0.1)]) {
    const before = tf.memory().numTensors;
    const run = await train((m: { w: Tensor; b: Tensor }, y: Tensor) => mse(m.w.mul(y), m.b.add(y)), { w, b } as never, Array.from({ length: 20 }, () => [tensor(Float32Array.of(1, 2, 3))] as const), rule, { engine });
    const { model } = run as { model: { w: tf.Tensor; b: tf.Tensor } };
    expect(model.w).toBeInstanceOf(tf.Tensor);
    expect(tf.memory().numTensors - before).toBe(2 + tensors(run.state));
    dispose([model, run.state]);
    expect(tf.memory().numTensors).toBe(before);
    expect([w.isDisposed, b.isDisposed]).toEqual([false, false]); // the first model is the caller's
  }
  dispose([w, b]);
  expect([w.isDisposed, b.isDisposed]).toEqual([true, true]);
});

test("what is made around operators is freed, too: buffers, graphs and flat vectors", () => {
  const t = tfjs(device).within(() => tf.tensor([1, 2, 3]));
  const before = tf.memory().numTensors;
  Duplicated(t);
  const graph = trace((v: Tensor) => sum(mul(v, v)), t);
  expect(tf.memory().numTensors).toBe(before);
  const value = graph.evaluate(t as never) as Tensor;
  expect(value.item()).toBe(14);
  const [flat, rebuild] = destructure({ t });
  const back = rebuild(mul(flat, 2));
  expect(Array.from(back.t.dataSync())).toEqual([2, 4, 6]);
  expect(tf.memory().numTensors).toBe(before + 4); // the value, the vector, twice the vector, what was made of it
  tf.dispose([t, back.t]);
  dispose([value, flat]);
});
