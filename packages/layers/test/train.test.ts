import {
  abs, AccumGrad, Adam, adjust, AutodiffError, AutoFiniteDiff, AutoForward, AutoTape, BatchNorm, Chain, DataLoader, Dense, Descent, Dropout, freeze, generator, gradient, isLayer, linearDecay, load, mean, mse, mul, OptimiserChain,
  rand, relu, save, setup, sqrt, square, sub, sum, tensor, testMode, toDevice, toHost, train, trainMode, TrainingError, TreeError, update, withGenerator, Tensor, type Device, type TrainOptions, type Value,
} from "polyad";
import { HostTensor } from "@polyad/core/extend";
import { describe, expect, expectTypeOf, test } from "vitest";
import { engines, expectClose, plain } from "../../../test/support.js";

const loss = (m: { w: Tensor; b: Tensor }, x: Tensor, y: Tensor): Tensor => mean(square(sub(mul(m.w, x).add(m.b), y)));
const model = { w: tensor(0), b: tensor(0) };
const data = [-1, 0, 1, 2].map((x) => [tensor([x]), tensor([3 * x + 1])] as const);

/** A device that computes as the host does, and reads later. */
function laterDevice(): Device {
  class Later extends Tensor {
    readonly trace = null;
    readonly device = device;
    constructor(readonly x: HostTensor) {
      super();
    }
    get shape() {
      return this.x.shape;
    }
    get dtype() {
      return this.x.dtype;
    }
    dataSync(): never {
      throw new Error("read too early");
    }
    override data() {
      return new Promise<ReturnType<HostTensor["dataSync"]>>((resolve) => { setTimeout(() => resolve(this.x.dataSync()), 1); });
    }
  }
  const put = <T>(y: T) => (y instanceof HostTensor ? new Later(y) : y);
  const device: Device = {
    name: "later",
    reads: "async",
    put: (x) => new Later(x),
    evaluate: (primitive, inputs, attrs) => {
      const y = primitive.evaluate(inputs.map((x) => (x instanceof Later ? x.x : x)), attrs);
      return Array.isArray(y) ? y.map(put) : put(y);
    },
  };
  return device;
}

/** What a promise is rejected with. */
async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(() => { throw new Error("nothing was thrown"); }, (error: Error) => error);
}

describe("train", () => {
  test.each(engines.map((engine) => [JSON.stringify(engine), engine] as const))("takes the steps of the loop by hand, on %s", async (_name, engine) => {
    let [byHand, state] = [model, setup(Adam(0.1), model)];
    const losses: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const [x, y] of data) {
        losses.push(loss(byHand, x, y).item());
        ({ model: byHand, state } = update(state, byHand, gradient((m) => loss(m, x, y), engine, byHand)[0]));
      }
    }
    const seen: number[] = [];
    const run = await train(loss, model, data, Adam(0.1), { engine, epochs: 3, onStep: (step) => void seen.push(step.loss) });
    expect(plain(run.model)).toEqual(plain(byHand));
    expect(save(run.state)).toEqual(save(state));
    expect(seen).toEqual(losses);
    expect([run.epochs, run.steps, run.stopped]).toEqual([3, 12, false]);
    expectClose(run.loss, losses.slice(8).reduce((a, b) => a + b) / 4, 1e-15);
    expect(plain(model)).toEqual({ w: 0, b: 0 });
  });

  test("fits, with the default engine, a bare rule or a state", async () => {
    const fitted = await train(loss, model, data, Descent(0.1), { epochs: 200 });
    expectClose(fitted.model, { w: 3, b: 1 }, 1e-6);
    const onwards = await train(loss, fitted.model, data, fitted.state);
    expect(onwards.steps).toBe(4);
    expectTypeOf(fitted.model).toEqualTypeOf<{ w: Tensor; b: Tensor }>();
    expectTypeOf(onwards.state).toEqualTypeOf<typeof fitted.state>();
  });

  test("tuples are splatted, all else is passed whole", async () => {
    const seen: unknown[] = [];
    const spy = (m: Tensor, ...item: unknown[]): Tensor => (seen.push(item), square(m));
    const items = [[1, 2], { x: 1 }, 3, "four", new Float32Array([5]), new Map([[6, 6]]), null, [[7, 8]], []];
    await train(spy, tensor(1), items, Descent(0));
    expect(seen).toEqual([[1, 2], [{ x: 1 }], [3], ["four"], [new Float32Array([5])], [new Map([[6, 6]])], [null], [[7, 8]], []]);
    const xs = tensor([1, 2]);
    await train((m: Tensor, x: Tensor) => (expect(x).toBe(xs), sum(mul(m, x))), tensor(1), [xs], Descent(0.1));
  });

  test("data: arrays, loaders, generators, async iterables, functions that make them", async () => {
    const total = async (source: Parameters<typeof train<Tensor, number, Descent, Tensor>>[2], epochs = 1): Promise<number> =>
      (await train((m: Tensor, x: number) => mul(m, x), tensor(0), source, Descent(1), { epochs })).model.item();
    async function* late(): AsyncGenerator<number> {
      for (const x of [1, 2, 3]) yield await Promise.resolve(x);
    }
    expect(await total([1, 2, 3])).toBe(-6);
    expect(await total(new Set([1, 2, 3]), 2)).toBe(-12);
    expect(await total([1, 2, 3].values())).toBe(-6);
    expect(await total(late())).toBe(-6);
    expect(await total(late, 2)).toBe(-12);
    expect(await total(() => [1, 2, 3], 2)).toBe(-12);
    const once = (await rejection(total([1, 2, 3].values(), 2))) as TrainingError;
    expect(once.message).toBe("train: the data is empty in epoch 2: it can be read only once. Pass a function that makes it anew, () => …. In this error, training has the last good model and state.");
    expect([once.training.epochs, once.training.steps, plain(once.training.model)]).toEqual([1, 3, -6]); // what was learned is not lost
    const loader = DataLoader([tensor([1, 2, 3]), tensor([1, 2, 3])], { batchSize: 2 });
    const fitted = await train((m: Tensor, x: Tensor, y: Tensor) => mse(mul(m, x), y), tensor(0), loader, Descent(0.1), { epochs: 50 });
    expectClose(fitted.model, 1, 1e-6);
    expect(fitted.steps).toBe(100);
  });

  test("aux of the loss reaches onStep; items and counters do, too", async () => {
    const steps: unknown[] = [];
    const tuple = await train((m: Tensor, x: number) => [mul(m, x), x, "note"] as const, tensor(2), [1, 2], Descent(0), {
      onStep: ({ model, loss, aux, item, index, steps: count, epochs }) => {
        expectTypeOf(aux).toEqualTypeOf<[number, "note"]>();
        expectTypeOf(item).toEqualTypeOf<1 | 2>();
        steps.push([model.item(), loss, plain(aux), item, index, count, epochs]);
      },
    });
    expect(steps).toEqual([[2, 2, [1, "note"], 1, 0, 1, 0], [2, 4, [2, "note"], 2, 1, 2, 0]]);
    expect(tuple.loss).toBe(3);
    const seen: unknown[] = [];
    await train((m: Tensor, x: number) => ({ loss: mul(m, x), predicted: mul(m, x) }), tensor(2), [5], Descent(0), {
      onStep: ({ aux }) => {
        expectTypeOf(aux).toEqualTypeOf<{ predicted: Tensor }>();
        seen.push(plain(aux));
      },
    });
    await train((m: Tensor) => square(m), tensor(2), [[]], Descent(0), { onStep: ({ aux }) => void seen.push(aux) });
    expect(seen).toEqual([{ predicted: 10 }, undefined]);
  });

  test("callbacks may be slow, and may stop", async () => {
    const order: string[] = [];
    const wait = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 1); });
    const run = await train(loss, model, data, Descent(0.1), {
      epochs: 5,
      onStep: async ({ steps }) => { await wait(); order.push(`step ${steps}`); },
      onEpoch: async ({ epochs, steps, loss: value }) => { await wait(); order.push(`epoch ${epochs}`); expect([steps, value > 0]).toEqual([4 * epochs, true]); return epochs === 2 ? "stop" : undefined; },
    });
    expect(order).toEqual(["step 1", "step 2", "step 3", "step 4", "epoch 1", "step 5", "step 6", "step 7", "step 8", "epoch 2"]);
    expect([run.epochs, run.steps, run.stopped]).toEqual([2, 8, true]);
    const early = await train(loss, model, data, Descent(0.1), { epochs: 5, onStep: ({ steps }) => (steps === 6 ? "stop" : undefined) });
    expect([early.epochs, early.steps, early.stopped]).toEqual([1, 6, true]);
  });

  test("an abort keeps what was learned, and touches neither data nor generators after", async () => {
    const controller = new AbortController();
    const run = await train(loss, model, data, Descent(0.1), { epochs: Infinity, signal: controller.signal, onStep: ({ steps }) => { if (steps === 7) controller.abort(); } });
    expect([run.epochs, run.steps, run.stopped]).toEqual([1, 7, true]);
    const straight = await train(loss, model, [...data, ...data.slice(0, 3)], Descent(0.1));
    expect(plain(run.model)).toEqual(plain(straight.model));
    const rng = generator(1);
    const before = await train(loss, model, DataLoader([tensor([[1]]), tensor([[1]])], { shuffle: rng }), Descent(0.1), { signal: AbortSignal.abort() });
    expect([before.model, before.steps, before.stopped, before.loss]).toEqual([model, 0, true, NaN]);
    expect(rng.state()).toEqual(generator(1).state());
  });

  const sources: readonly [string, () => Iterable<(typeof data)[number]> | AsyncIterable<(typeof data)[number]>][] = [
    ["an array", () => data],
    ["a stream", async function* () { yield* data; }],
  ];
  test.each(sources)("an abort within an epoch over %s: the epoch is not finished", async (_name, source) => {
    const controller = new AbortController();
    let epochs = 0;
    const run = await train(loss, model, source, Descent(0.1), { epochs: 3, signal: controller.signal, onStep: () => controller.abort(), onEpoch: () => void epochs++ });
    expect([run.epochs, run.steps, run.stopped, epochs]).toEqual([0, 1, true, 0]);
  });

  test.each(sources)("an abort at the last item over %s: the epoch is finished", async (_name, source) => {
    const controller = new AbortController();
    let epochs = 0;
    const abort = ({ steps }: { steps: number }): void => void (steps === data.length && controller.abort());
    const run = await train(loss, model, source, Descent(0.1), { epochs: 3, signal: controller.signal, onStep: abort, onEpoch: () => void epochs++ });
    expect([run.epochs, run.steps, run.stopped, epochs]).toEqual([1, data.length, true, 1]);
  });

  test("an abort ends the wait for an item that does not come, and closes its source", { timeout: 5000 }, async () => {
    let closed = 0;
    async function* stalled() {
      try {
        yield data[0]!;
        await new Promise<void>((resolve) => setTimeout(resolve, 300));
        yield data[1]!;
      } finally {
        closed++;
      }
    }
    const controller = new AbortController();
    const start = performance.now();
    const run = await train(loss, model, stalled, Descent(0.1), { signal: controller.signal, onStep: () => void setTimeout(() => controller.abort(), 20) });
    expect([run.epochs, run.steps, run.stopped, closed]).toEqual([0, 1, true, 0]);
    await new Promise((resolve) => setTimeout(resolve, 400 - (performance.now() - start)));
    expect(closed).toBe(1);
    const unhurried = await train(loss, model, stalled, Descent(0.1), { epochs: 2, signal: new AbortController().signal });
    expect([unhurried.epochs, unhurried.steps, unhurried.stopped, closed]).toEqual([2, 4, false, 3]);
  });

  test("with a signal, a source is closed once, if it has not ended, and its errors come through", async () => {
    const signal = new AbortController().signal;
    const log: string[] = [];
    const source = (fail: boolean) => (): AsyncIterable<(typeof data)[number]> => ({
      [Symbol.asyncIterator]: () => {
        let i = 0;
        return {
          next: async () => {
            if (fail) throw new Error("no disk");
            return i < 2 ? { value: data[i++]!, done: false } : { value: undefined, done: true };
          },
          return: async () => {
            await new Promise((resolve) => setTimeout(resolve, 10));
            log.push("closed");
            return { value: undefined, done: true };
          },
        };
      },
    });
    expect((await train(loss, model, source(false), Descent(0.1), { signal })).steps).toBe(2);
    await expect(train(loss, model, source(true), Descent(0.1), { signal })).rejects.toThrow("no disk");
    expect(log).toEqual([]);
    await train(loss, model, source(false), Descent(0.1), { signal, onStep: () => "stop" });
    expect(log).toEqual(["closed"]);
    const controller = new AbortController();
    const never = (): AsyncIterable<(typeof data)[number]> => (controller.abort(), { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) });
    expect((await train(loss, model, never, Descent(0.1), { signal: controller.signal })).stopped).toBe(true);
  });

  test("timers fire while it runs: a signal of a timeout stops it", async () => {
    const run = await train(loss, model, data, Descent(0.01), { epochs: Infinity, signal: AbortSignal.timeout(150) });
    expect(run.stopped).toBe(true);
    expect(run.steps).toBeGreaterThan(0);
  });

  test("a schedule sets the learning rate of each step, counted over all runs", async () => {
    const schedule = linearDecay(0.2, 8);
    let [byHand, state] = [model, setup(Descent(9), model)];
    for (let step = 0; step < 8; step++) {
      const [x, y] = data[step % 4]!;
      state = adjust(state, schedule(step));
      ({ model: byHand, state } = update(state, byHand, gradient((m) => loss(m, x, y), AutoTape(), byHand)[0]));
    }
    const once = await train(loss, model, data, Descent(9), { schedule, epochs: 2 });
    expect(plain(once.model)).toEqual(plain(byHand));
    const first = await train(loss, model, data, Descent(9), { schedule });
    const second = await train(loss, first.model, data, first.state, { schedule, start: first });
    expect(plain(second.model)).toEqual(plain(byHand));
    expect([second.epochs, second.steps]).toEqual([2, 8]);
  });

  test("on a device that reads asynchronously the gradient and the loss are awaited", async () => {
    const device = laterDevice();
    const there = toDevice({ w: tensor(0), b: tensor(0), n: 3 }, device);
    const f = (m: typeof model & { n: Value }, x: Tensor, y: Tensor): Tensor => loss(m, x, y).add(mul(0, m.n));
    const run = await train(f, there, data, Adam(0.1), { epochs: 3 });
    expect(run.model.w.device).toBe(device);
    const here = await train(loss, model, data, Adam(0.1), { epochs: 3 });
    expect(await Promise.all([run.model.w.data(), run.model.b.data()])).toEqual([here.model.w.dataSync(), here.model.b.dataSync()]);
    expect(run.loss).toBe(here.loss);
    expect(() => save(run)).toThrow('encodeSafetensors: "model.b" lives on later, which reads asynchronously. Save await toHost(tree).');
    expect(save(await toHost(run.state))).toEqual(save({ ...here.state, n: null }));
  });

  test("an epoch count of 0 changes nothing", async () => {
    const run = await train(loss, model, data, Adam(), { epochs: 0 });
    expect([run.model, run.steps, run.epochs, run.stopped]).toEqual([model, 0, 0, false]);
  });
});

describe("layers with modes and running statistics", () => {
  const build = () => withGenerator(generator(3), () => Chain(Dense(2, 4, relu), BatchNorm(4), Dropout(0.25, generator(9)), Dense(4, 1)));
  const x = rand(generator(1), [8, 2], { dtype: "float32" });
  const y = rand(generator(2), [8, 1], { dtype: "float32" });
  const error = (m: ReturnType<typeof build>, x: Tensor, y: Tensor): Tensor => mean(square(sub(m(x), y)));

  test("are trained in trainMode, and come back in testMode, with what they recorded", async () => {
    const run = await train(error, build(), [[x, y]], Adam(0.01), {
      epochs: 3,
      onStep: ({ model }) => expect([model.layers[1].training, model.layers[2].training]).toEqual([true, true]),
      onEpoch: ({ model }) => expect([model.layers[1].training, model.layers[2].training]).toEqual([false, false]),
    });
    expect([run.model.layers[1].training, run.model.layers[2].training]).toEqual([false, false]);
    expect(isLayer(run.model)).toBe(true);
    const hidden = build().layers[0](x);
    const means = mean(hidden, { axis: 0 }).mul(0.1);
    const one = await train(error, build(), [[x, y]], Adam(0.01));
    expectClose(one.model.layers[1].mean, means, 1e-6);
    expect(run.model(x).shape).toEqual([8, 1]);
    expect(plain(run.model(x))).toEqual(plain(run.model(x)));
  });

  test("the same numbers whether the model came in trainMode, testMode or neither", async () => {
    const models = [build(), trainMode(build()), testMode(build())];
    const files = await Promise.all(models.map(async (m) => save((await train(error, m, [[x, y]], Adam(0.01), { epochs: 2 })).model)));
    expect(files[1]).toEqual(files[0]);
    expect(files[2]).toEqual(files[0]);
  });

  test("with aux as well", async () => {
    const seen: unknown[] = [];
    const onStep = ({ aux }: { readonly aux: unknown }): void => void seen.push(aux);
    await train((m: ReturnType<typeof build>, x: Tensor, y: Tensor) => [error(m, x, y), 7] as const, build(), [[x, y]], Descent(0), { onStep });
    await train((m: ReturnType<typeof build>, x: Tensor, y: Tensor) => ({ loss: error(m, x, y), aux: 8 }), build(), [[x, y]], Descent(0), { onStep });
    expect(seen).toEqual([[7], { aux: 8 }]);
  });
});

describe("what is not finite", () => {
  const items = Array.from({ length: 60 }, (_, i) => [tensor([1]), tensor([i === 51 ? NaN : 1])] as const);

  test("a loss stops training before the step, and the error has the last good model", async () => {
    const error = await rejection(train(loss, model, items, Adam(0.1)));
    expect(error).toBeInstanceOf(TrainingError);
    expect(error).toBeInstanceOf(AutodiffError);
    expect(error.message).toBe("Loss is NaN on data item 51, stopping training before its step. In this error, item is the data item, and training has the last good model and state.");
    const { training, item, index } = error as TrainingError;
    const good = await train(loss, model, items.slice(0, 51), Adam(0.1));
    expect([item, index]).toEqual([items[51], 51]);
    expect(save(training.model)).toEqual(save(good.model));
    expect(save(training.state)).toEqual(save(good.state));
    expect([training.steps, training.epochs]).toEqual([51, 0]);
  });

  test.each([[Infinity, "Loss is Infinity"], [-Infinity, "Loss is -Infinity"]])("%s in the data", async (bad, message) => {
    const f = (m: Tensor, x: Tensor): Tensor => sum(mul(m, x));
    expect((await rejection(train(f, tensor([1]), [tensor([1]), tensor([bad])], Descent(0.1)))).message).toContain(`${message} on data item 1, stopping training`);
  });

  test("on every engine", async () => {
    for (const engine of [AutoTape(), AutoForward(), AutoFiniteDiff()]) {
      expect((await rejection(train(loss, model, items, Descent(0.1), { engine }))).message).toContain("Loss is NaN on data item 51");
    }
  });

  test("a gradient that is NaN where the loss is not is noticed before the parameters are", async () => {
    const f = (m: { a: Tensor; b: Tensor[] }, x: Tensor): Tensor => sum(sqrt(mul(m.b[0]!, x))).add(sum(m.a));
    const start = { a: tensor([1]), b: [tensor([1, 2])] };
    const error = await rejection(train(f, start, [tensor([1, 1]), tensor([0, -0])], Descent(0.1)));
    expect(error.message).toMatch(/^The loss is 0\.9\d*, but its step makes \.b\[0\] NaN or infinite on data item 1, stopping training before its step\./);
    expect(plain((error as TrainingError).training.model)).toEqual(plain((await train(f, start, [tensor([1, 1])], Descent(0.1))).model));
    const vector = await rejection(train((m: Tensor) => sum(sqrt(abs(m))), new Float64Array([4, 0]), [[]], Descent(1)));
    expect(vector.message).toContain("its step makes the model NaN or infinite on data item 0");
    // What waits in the optimiser's state is seen when it comes there, not when it is used.
    const gather = OptimiserChain(AccumGrad(4), Descent(0.1));
    const root = (m: { w: Tensor }, x: Tensor): Tensor => sum(sqrt(mul(m.w, x)));
    const waiting = await rejection(train(root, { w: tensor([1]) }, [[tensor([1])], [tensor([0])], [tensor([1])]], gather));
    expect(waiting.message).toBe(
      "The loss is 0, but its step makes the optimiser's state of .w NaN or infinite on data item 1, stopping training before its step. In this error, item is the data item, and training has the last good model and state.",
    );
    expect(plain(((waiting as TrainingError).training.state as { w: { state: readonly { sum: Tensor }[] } }).w.state[0]!.sum)).toEqual([0.5]);
    const huge = await rejection(train((m: Tensor, x: Tensor) => sum(mul(m, x)), tensor(new Float32Array([1])), [[tensor(new Float32Array([1e25]))]], Adam(0.1)));
    expect(huge.message).toContain("its step makes the optimiser's state NaN or infinite on data item 0");
    const runaway = await rejection(train((m: Tensor) => mul(m, 1e300), tensor([1e300]).reshape([]), [[]], Descent(1e10)));
    expect(runaway.message).toContain("Loss is Infinity");
  });

  test("parameters so large that their sum overflows are no error", async () => {
    const f = (m: Tensor): Tensor => sum(mul(m, 1e-300)); // not 0, of which a warning would come that a later test awaits
    const run = await train(f, tensor([1.5e308, 1.5e308]), [[]], Descent(1));
    expect(plain(run.model)).toEqual([1.5e308, 1.5e308]);
  });
});

describe("bad input", () => {
  const given = (...args: unknown[]): Promise<unknown> => Reflect.apply(train as (...args: unknown[]) => Promise<unknown>, null, args);
  const rule = Descent(0.1);

  test.each<[string, readonly unknown[], string]>([
    ["the model first", [{ w: tensor(1) }, loss, data, rule], "train: expected a loss first: train(loss, model, data, optimiser), where loss(model, ...item) is a scalar."],
    ["no data", [loss, model, [], rule], "train: the data is empty."],
    ["no data in an iterator", [loss, model, new Set(), rule], "train: the data is empty."],
    ["a tensor for data", [loss, model, tensor([1, 2]), rule], "Items of a tensor are cut by DataLoader(x, { batchSize })."],
    ["a string for data", [loss, model, "data", rule], "train: expected the data as an array of items"],
    ["nothing for data", [loss, model, undefined, rule], "train: expected the data as an array of items"],
    ["a list of columns for data", [loss, model, [tensor([1]), tensor([2])], rule], "train: the data is a list of 2 tensors, each of them one item, and the loss takes 2 with the model. One item of all is [[x, y]]; batches are DataLoader([x, y], { batchSize })."],
    ["a model without parameters", [loss, { f: relu, n: 3, i: tensor([1], null, "int32") }, data, rule], "train: the model has no parameters to train. They are float tensors and typed arrays; a number is one as tensor(x)."],
    ["a rule that was not called", [loss, model, data, Descent], "train: expected a rule, as Adam(1e-3), or a state from setup(rule, model), as the optimiser. Call it: Adam()."],
    ["no rule", [loss, model, data, undefined], "train: expected a rule, as Adam(1e-3)"],
    ["a model for a state", [loss, model, data, model], "train: expected a rule, as Adam(1e-3)"],
    ["a frozen model", [loss, model, data, freeze(setup(rule, model))], "train: all parameters are frozen, so that nothing would be trained. Let some be with thaw(state)."],
    ["a callback", [loss, model, data, rule, { cb: () => {} }], "train: there is no option cb. train does not support callback functions as cb. Use onStep or onEpoch. For more control, write the loop with withgradient and update."],
    ["an unknown option", [loss, model, data, rule, { epoch: 3 }], "train: there is no option epoch. It has engine, epochs, onStep, onEpoch, signal, progress, schedule, start."],
    ["a batch size", [loss, model, data, rule, { batchSize: 3 }], "train: there is no option batchSize. Batches come from the data: DataLoader(data, { batchSize })."],
    ["half an epoch", [loss, model, data, rule, { epochs: 0.5 }], "train: expected a whole number of epochs, got 0.5."],
    ["minus one epoch", [loss, model, data, rule, { epochs: -1 }], "got -1."],
    ["a function that makes no data", [loss, model, () => 5, rule], "train: the function of the data must make something to iterate (async or not), got "],
    ["a function that promises data", [loss, model, async () => data, rule], "train: the function of the data must make something to iterate (async or not), got a"],
    ["a number for data", [loss, model, 5, rule], "train: expected the data as an array of items, a DataLoader, an iterable (async or not), or a function that makes one."],
    ["no data at all", [loss, model, null, rule], "train: expected the data as an array of items"],
    ["no engine", [loss, model, data, rule, { engine: AutoTape }], "train: expected a token such as AutoTape() for engine."],
    ["a controller for a signal", [loss, model, data, rule, { signal: new AbortController() }], "train: expected an AbortSignal for signal"],
    ["a number for a schedule", [loss, model, data, rule, { schedule: 0.1 }], "train: expected a function from the step to the learning rate for schedule."],
    ["a number for a start", [loss, model, data, rule, { start: 3 }], "train: expected { epochs, steps } for start, both whole numbers."],
  ])("%s", async (_name, args, message) => {
    const error = await rejection(given(...args));
    expect(error).toBeInstanceOf(AutodiffError);
    expect(error.message).toContain(message);
  });

  test("the state of another model", async () => {
    const other = setup(Adam(), { w: tensor([1, 2]), b: tensor(0) });
    expect(await rejection(given(loss, model, data, other))).toBeInstanceOf(TreeError);
    expect((await rejection(given(loss, model, data, other))).message).toContain("update: expected the state of float64[] at .w, got that of float64[2]");
  });

  test("targets of a wrong shape, a loss that is no scalar, a loss that throws", async () => {
    const bad = [[tensor([1, 2]), tensor([1, 2, 3])]] as const;
    expect((await rejection(train((m: Tensor, x: Tensor, y: Tensor) => mse(mul(m, x), y), tensor(0), bad, rule))).message).toMatch(/^mse: /);
    expect((await rejection(given((m: Tensor, x: Tensor) => mul(m, x), tensor(0), [tensor([1, 2])], rule))).message).toContain("f must return a scalar, got shape [2]");
    const boom = new Error("boom");
    expect(await rejection(given(() => { throw boom; }, model, data, rule))).toBe(boom);
    expect(await rejection(given(loss, model, data, rule, { onStep: () => Promise.reject(boom) } satisfies TrainOptions<unknown, unknown, unknown, unknown>))).toBe(boom);
  });
});

test("an interrupted run, saved and loaded, ends as one that went through", async () => {
  const [x, y] = [rand(generator(1), [20, 3], { dtype: "float32" }), rand(generator(2), [20, 1], { dtype: "float32" })];
  const build = () => {
    const [rng, noise] = generator(7).split();
    const net = withGenerator(generator(5), () => Chain(Dense(3, 8, relu), Dropout(0.2, noise!), BatchNorm(8), Dense(8, 1)));
    return { model: net, state: setup(Adam(0.01), net), rng: rng!, epochs: 0, steps: 0 };
  };
  type Run = ReturnType<typeof build>;
  const go = async (run: Run, epochs: number): Promise<Run> => {
    const batches = DataLoader([x, y], { batchSize: 6, shuffle: run.rng });
    const f = (m: Run["model"], x: Tensor, y: Tensor): Tensor => mse(m(x), y);
    const { model, state, ...counts } = await train(f, run.model, batches, run.state, { epochs, start: run, schedule: linearDecay(0.01, 12) });
    return { model, state, rng: run.rng, epochs: counts.epochs, steps: counts.steps };
  };
  const straight = await go(build(), 3);
  const half = await go(build(), 1);
  const resumed = await go(load(save(half), build()), 2);
  expect(save(resumed)).toEqual(save(straight));
  expect([resumed.epochs, resumed.steps]).toEqual([3, 12]);
});

test("a loss that does not use its model is warned of", async () => {
  const warned: string[] = [];
  const listen = (warning: Error) => warned.push(`${warning.name}: ${warning.message}`);
  process.on("warning", listen);
  const model = { w: tensor([1]) };
  const run = (loss: (m: { w: Tensor }, x: Tensor) => Value) => train(loss, model, [[tensor([2])]], Descent(0.1));
  await run((m, x) => sum(mul(m.w, x)));
  expect(warned).toEqual([]);
  await run((_, x) => sum(mul(model.w, x)));
  await new Promise(setImmediate);
  process.off("warning", listen);
  expect(warned).toEqual([
    "PolyadWarning: train: the gradient of the first item is zero in every parameter, so that it trains nothing. Use the model that the loss is given, (model, x, y) => …, not one from outside of it.",
  ]);
});
