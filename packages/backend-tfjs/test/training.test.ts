import * as tf from "@tensorflow/tfjs-core";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { Adam, AutoTape, BatchNorm, Chain, Dense, Descent, destructure, dispose, Duplicated, generator, gradient, leaves, mse, mul, rand, setup, sum, tensor, toDevice, trace, train, TrainingError, trainMode, update, updateState, withgradient, withGenerator, withState, type Tensor } from "polyad";
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
