import * as tf from "@tensorflow/tfjs-core";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";
import { Adam, AutoTape, BatchNorm, Chain, Dense, dispose, generator, gradient, leaves, mse, rand, setup, toDevice, train, trainMode, update, updateState, withgradient, withGenerator, withState, type Tensor } from "polyad";
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
