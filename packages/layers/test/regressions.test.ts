import {
  activations, AdaptiveMeanPool, Adam, AlphaDropout, AutodiffError, AutoTape, BatchNorm, Bilinear, causalMask, Chain, ClipNorm, Conv, ConvTranspose, Dense, Descent, Dropout, Embedding, encodeSafetensors, functor, generator, gradient, GroupNorm, GRU, GRUCell,
  identity, InstanceNorm, LayerNorm, load, loadState, LSTM, LSTMCell, MaxPool, mean, Momentum, mse, mul, MultiHeadAttention, ones, outputSize, randn, Recurrence, relu, RNN, RNNCell, save, Scale, scan, SkipConnection, square,
  state, sum, tensor, testMode, train, trainMode, update, withState, zeros, setup, add, type Tensor,
} from "polyad";
import { describe, expect, test } from "vitest";
import { expectClose, plain } from "../../../test/support.js";

/** Each was wrong once. */
const x = tensor([[1, 2], [3, 5]], null, "float32");
const data = [[x, tensor([[1], [2]], null, "float32")]] as const;

/** What `{ ...layer }` is. */
const fieldsOf = <F extends object>(layer: { [functor](): { readonly children: F } | null }): F => layer[functor]()!.children;

/** What a call that no compiler would let through gives. */
const untyped = (f: Function, ...args: unknown[]): unknown => Reflect.apply(f, undefined, args);
const message = async (f: () => unknown): Promise<string> => {
  try {
    await f();
  } catch (error) {
    expect(error).toBeInstanceOf(AutodiffError);
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
};

describe("every layer takes what Dense takes", () => {
  test.each([
    ["LayerNorm", LayerNorm(2)], ["LayerNorm without parameters", LayerNorm(2, identity, { affine: false })], ["BatchNorm", testMode(BatchNorm(2))], ["GroupNorm", GroupNorm(2, 1)],
    ["Dropout", testMode(Dropout(0.5, generator(1)))], ["RNN", RNN(2, 2)], ["LSTM", LSTM(2, 2)], ["GRU", GRU(2, 2)], ["Recurrence", Recurrence(GRUCell(2, 2))],
  ] as const)("%s: arrays of numbers", (_name, layer) => {
    const given = layer([[1, 2], [3, 5]]);
    expect(given.shape).toEqual([2, 2]);
    expectClose(given, layer(x), 1e-6);
  });

  test("MultiHeadAttention: keys as arrays, which were taken for options, and the queries for keys", () => {
    const attention = MultiHeadAttention(2, { heads: 1, rng: generator(1) });
    const keys = [[5, -1], [0, 2], [1, 1]];
    expect(plain(attention(x, keys)[0])).toEqual(plain(attention(x, tensor(keys, null, "float32"))[0]));
  });

  test.each([LayerNorm(2), testMode(BatchNorm(2)), GroupNorm(2, 1), InstanceNorm(2), testMode(Dropout(0.5, generator(1))), RNNCell(2, 2), LSTM(2, 2), GRU(2, 2)])("%s: what is no array is named", async (layer) => {
    for (const wrong of ["words", null, undefined, {}]) {
      expect(await message(() => untyped(layer, wrong))).toMatch(/^layer \w+\(.*\): expected a number, a Tensor or an array of numbers, got /);
    }
  });
});

describe("nothing is left out without a word", () => {
  test("arrays in place of truth values, of which a bias of zeros was made", async () => {
    const bias = tensor([1, 2, 3]);
    for (const make of [() => untyped(Dense, 2, 3, relu, { bias }), () => untyped(Conv, 3, [1, 3], relu, { bias }), () => untyped(LSTM, 2, 3, { bias: [1] }), () => untyped(MultiHeadAttention, 8, { bias: 1 })]) {
      expect(await message(make)).toMatch(/^\w+: expected true or false for bias, got /);
    }
    expect(await message(() => untyped(LayerNorm, 2, relu, { affine: 0 }))).toBe("LayerNorm: expected true or false for affine, got 0.");
  });

  test("options that do not exist", async () => {
    const wrong = { nonsense: 1 };
    const makers: readonly (() => unknown)[] = [
      () => untyped(Dense, 2, 3, relu, wrong), () => untyped(Scale, 2, relu, wrong), () => untyped(Bilinear, 2, 3, relu, wrong), () => untyped(Embedding, 2, 3, wrong), () => untyped(LayerNorm, 2, relu, wrong),
      () => untyped(BatchNorm, 2, relu, wrong), () => untyped(GroupNorm, 2, 1, relu, wrong), () => untyped(InstanceNorm, 2, relu, wrong), () => untyped(Dropout, 0.5, generator(1), wrong),
      () => untyped(Conv, 3, [1, 2], relu, wrong), () => untyped(ConvTranspose, 3, [1, 2], relu, wrong), () => untyped(MaxPool, 2, wrong), () => untyped(RNN, 2, 3, relu, wrong), () => untyped(LSTM, 2, 3, wrong),
      () => untyped(MultiHeadAttention, 8, wrong),
    ];
    for (const make of makers) expect(await message(make)).toMatch(/^\w+: there is no option nonsense\. It has /);
    expect(await message(() => untyped(Conv, 3, [1, 2], relu, { stride: 2 }))).toBe("Conv: there is no option stride. Write strides.");
    expect(await message(() => untyped(MaxPool, 2, { pad: 1 }))).toBe("MaxPool: there is no option pad. Write padding.");
    expect(await message(() => untyped(LSTM, 2, 3, relu))).toMatch(/^LSTMCell: expected an object of options, got .*Options are written { bias: … }\.$/s);
  });

  test("a hyperparameter by its place", async () => {
    expect(await message(() => untyped(Momentum, 0.1, 0.5))).toBe("Momentum: expected the other hyperparameters by name, got 0.5. Write Momentum(0.1, { … }).");
    expect(await message(() => untyped(Adam, 0.1, [0.9, 0.99]))).toBe("Adam: expected the other hyperparameters by name, got [0.9, 0.99]. Write Adam(0.1, { … }).");
    expect(await message(() => Descent(Infinity))).toBe("Descent: expected a learning rate of at least 0 for eta, got Infinity.");
  });

  test("a mask by its place, or misspelt", async () => {
    const attention = MultiHeadAttention(2, { heads: 1 });
    expect(await message(() => untyped(attention, x, x, x, causalMask(2)))).toBe("MultiHeadAttention: expected queries, keys and values, got 4 inputs. A mask is an option: { mask }.");
    expect(await message(() => untyped(attention, x, { msk: causalMask(2) }))).toBe("MultiHeadAttention: there is no option msk. It has mask.");
  });

  test("metadata that are no strings made a file that could not be read", async () => {
    expect(await message(() => untyped(encodeSafetensors, [["w", x]], { epoch: 3 }))).toBe('encodeSafetensors: metadata are strings, got number for "epoch". Write String(x).');
  });
});

describe("initialisers", () => {
  test("must be functions that give floats of the shape asked for", async () => {
    expect(await message(() => untyped(Dense, 2, 3, relu, { init: "glorot" }))).toBe("Dense: expected an initialiser such as glorotUniform for init, got glorot.");
    expect(await message(() => LSTM(2, 3, { init: (_rng, shape) => ones([...shape].reverse()) }))).toBe("LSTMCell: expected the initialiser to give shape [12, 2], got [2, 12]. It is called as init(rng, shape).");
    expect(await message(() => Embedding(2, 3, { init: (_rng, shape) => zeros(shape, "int32") }))).toBe("Embedding: expected the initialiser to give a float tensor, got int32.");
  });
});

describe("recurrent layers", () => {
  test("a state is in the precision of the weights, as inputs are", () => {
    const [y, h] = GRUCell(2, 2)(x, ones([2, 2]));
    expect([y.dtype, h.dtype]).toEqual(["float32", "float32"]);
  });

  test("a state of another kind of cell", async () => {
    expect(await message(() => untyped(GRUCell(2, 2), x, [ones([2, 2])]))).toBe("layer GRUCell(2 => 2) expects a tensor [2, 2] as its state, got tensors [2, 2].");
    expect(await message(() => untyped(LSTMCell(2, 2), x, ones([2, 2])))).toBe("layer LSTMCell(2 => 2) expects tensors [2, 2] and [2, 2] as its state, got a tensor [2, 2].");
    expect(await message(() => untyped(LSTMCell(2, 2), x, null))).toBe("layer LSTMCell(2 => 2) expects tensors [2, 2] and [2, 2] as its state, got a tensor null.");
  });

  test("what is no cell", async () => {
    expect(await message(() => untyped(Recurrence, 5))).toBe("Recurrence: expected a layer or function as cell, got 5.");
    expect(await message(() => untyped(scan, {}, x))).toBe("scan: expected a layer or function as cell, got an object.");
  });

  test("print as all layers do: the activation before what is left out", () => {
    expect(String(RNN(2, 3, relu, { bias: false }))).toBe("RNN(2 => 3, relu, bias=false)");
    expect(String(RNNCell(2, 3, identity))).toBe("RNNCell(2 => 3, identity)");
  });
});

describe("a gradient makes a layer of the same type", () => {
  test.each([["Dense", Dense(2, 2), Dense.from], ["Scale", Scale(2), Scale.from], ["Bilinear", Bilinear(2, 2), Bilinear.from], ["RNNCell", RNNCell(2, 2), RNNCell.from], ["Embedding", Embedding(3, 2), Embedding.from]] as const)("%s", (name, layer, from) => {
    const input = name === "Embedding" ? [2, 0] : [[1, 2]];
    const result = (f: Function): Tensor => [Reflect.apply(f, undefined, [input]) as Tensor | readonly Tensor[]].flat()[0] as Tensor;
    const [grad] = gradient((m: unknown) => sum(result(m as Function)), AutoTape(), layer as unknown);
    expect(result(untyped(from, grad) as Function).shape).toEqual(result(layer).shape);
  });

  test.each([
    ["LayerNorm", LayerNorm(2), LayerNorm.from, "a Const as size, got null, as in a gradient", "scale, bias"],
    ["BatchNorm", testMode(BatchNorm(2)), BatchNorm.from, "a Const as channels, got null, as in a gradient", "scale, bias, mean, variance"],
    ["GroupNorm", GroupNorm(2, 1), GroupNorm.from, "a Const as channels, got null, as in a gradient", "scale, bias"],
    ["InstanceNorm", InstanceNorm(2), InstanceNorm.from, "a Const as channels, got null, as in a gradient", ""],
    ["Dropout", Dropout(0.5, generator(1)), Dropout.from, "a Const as p, got null, as in a gradient", ""],
    ["AlphaDropout", AlphaDropout(0.5, generator(1)), AlphaDropout.from, "a Const as p, got null, as in a gradient", ""],
    ["MaxPool", MaxPool(2), MaxPool.from, "a Const as placement, got null, as in a gradient", ""],
    ["AdaptiveMeanPool", AdaptiveMeanPool(2), AdaptiveMeanPool.from, "a Const as size, got null, as in a gradient", ""],
    ["MultiHeadAttention", MultiHeadAttention(2, { heads: 1 }), MultiHeadAttention.from, "a Const as heads, got null, as in a gradient", ""],
    ["LSTM", LSTM(2, 2), LSTM.from, "a function as cell, got an object", ""],
    ["RNN", RNN(2, 2), RNN.from, "a function as cell, got an object", ""],
    ["Recurrence", Recurrence(GRUCell(2, 2)), Recurrence.from, "a function as cell, got an object", ""],
  ] as const)("%s: a gradient lacks settings and functions", async (name, layer, from, lacks, arrays) => {
    const [grad] = gradient((_m: unknown) => 0, AutoTape(), layer as unknown);
    const written = ["...layer", ...(arrays === "" ? [] : [arrays])].join(", ");
    expect(await message(() => untyped(from, grad))).toBe(`${name}.from: expected ${lacks}. Take it from a layer: ${name}.from({ ${written} }).`);
    expect(String(untyped(from, fieldsOf<object>(layer)))).toBe(String(layer));
  });

  test("around the fields of another, changed", async () => {
    const norm = LayerNorm(2);
    const [grad] = gradient((m) => sum(m(x)), AutoTape(), norm);
    expect(plain(LayerNorm.from({ ...fieldsOf(norm), scale: grad.scale, bias: grad.bias })(x))).toEqual(plain(add(grad.bias, mul(grad.scale, norm(x)))));
    expect(await message(() => untyped(LayerNorm.from, { ...fieldsOf(norm), eps: 1e-3 }))).toMatch(/^LayerNorm\.from: expected a Const as eps, got 0\.001\./);
    // The placement was lost.
    const signal = randn(generator(1), [1, 4, 9], { dtype: "float32" });
    const conv = Conv(3, [4, 4], relu, { strides: 2, groups: 2, flip: true, padding: "same" });
    const transposed = ConvTranspose(3, [4, 4], relu, { strides: 2, groups: 2, outputPadding: 1 });
    expect([plain(Conv.from(fieldsOf(conv))(signal)), String(Conv.from(fieldsOf(conv)))]).toEqual([plain(conv(signal)), String(conv)]);
    expect([plain(ConvTranspose.from(fieldsOf(transposed))(signal)), String(ConvTranspose.from(fieldsOf(transposed)))]).toEqual([plain(transposed(signal)), String(transposed)]);
    const [dConv] = gradient((m) => sum(m(signal)), AutoTape(), conv);
    expect(plain(Conv.from({ ...dConv, placement: conv.placement }).weight)).toEqual(plain(dConv.weight));
    expect(await message(() => Conv.from({ ...fieldsOf(conv), strides: 2 }))).toBe("Conv.from: got a placement and strides, which is part of it. Leave one of them out.");
    expect(await message(() => untyped(Conv.from, { weight: [[[1]]], stride: 2 }))).toBe("Conv.from: there is no option stride. Write strides.");
    expect(await message(() => untyped(ConvTranspose.from, { weight: [[[1]]], pad: 2 }))).toBe("ConvTranspose.from: there is no option pad. Write padding.");
  });

  test("around arrays that do not fit", async () => {
    expect(await message(() => Scale.from({ scale: [1, 2], bias: [1] }))).toBe("Scale: expected a bias of shape [2], as the scale has, got shape [1].");
    expect(await message(() => Bilinear.from({ weight: [[1, 2]] }))).toBe("Bilinear: expected a weight of shape [out, in1, in2], got shape [1, 2].");
    expect(await message(() => Embedding.from({ weight: [1, 2] }))).toBe("Embedding: expected a weight of shape [in, out], got shape [2].");
  });
});

describe("training", () => {
  test("options of the wrong kind are named before anything runs", async () => {
    const run = (options: unknown): Promise<string> => message(() => untyped(train, (m: Dense, a: Tensor, b: Tensor) => mse(m(a), b), Dense(2, 1), data, Descent(), options));
    expect(await run(null)).toBe("train: expected an object of options, got null. Options are written { engine: … }.");
    expect(await run({ onStep: 5 })).toBe("train: expected a function for onStep.");
    expect(await run({ onEpoch: "x" })).toBe("train: expected a function for onEpoch.");
    expect(await run({ progress: {} })).toBe("train: expected true, false, or a stream with write() for progress.");
    expect(await run({ start: null })).toBe("train: expected { epochs, steps } for start, both whole numbers.");
  });

  test("a loss of null is no scalar", async () => {
    expect(await message(() => gradient(untyped(withState, () => null) as () => Tensor, AutoTape(), x))).toMatch(/^gradient: f must return a scalar/);
  });

  test("running statistics are saved, loaded and used", async () => {
    const build = (seed: number) => Chain(Dense(2, 3, relu, { rng: generator(seed) }), BatchNorm(3), Dense(3, 1, identity, { rng: generator(seed) }));
    const batches = [randn(generator(1), [8, 2], { dtype: "float32" }), randn(generator(2), [8, 2], { dtype: "float32" })];
    const { model } = await train((m, v) => mean(square(m(v))), build(1), batches, Adam(0.1));
    expect(plain(model.layers[1].mean)).not.toEqual([0, 0, 0]);
    for (const loaded of [load(save(model), build(2)), loadState(build(2), state(model))]) {
      expect(plain(loaded.layers[1].mean)).toEqual(plain(model.layers[1].mean));
      expect(plain(loaded.layers[1].variance)).toEqual(plain(model.layers[1].variance));
      expect(plain(testMode(loaded)(x))).toEqual(plain(model(x)));
      // and the running mean goes on from there
      const recorded = withState((m: typeof model) => sum(m(x)))(trainMode(loaded)).state;
      expect(recorded.size).toBe(1);
      expect([...recorded.values()][0]!.mean).not.toEqual(model.layers[1].mean);
    }
  });

  test("ClipNorm is of the elements, not of the matrix as an operator", () => {
    const w = zeros([2, 2]);
    expectClose(update(setup(ClipNorm(1), w), w, tensor([[3, 0], [0, 4]])).model, [[-0.6, 0], [0, -0.8]], 1e-15);
  });
});

describe("model tools", () => {
  test("outputSize: sizes that no array has", async () => {
    expect(await message(() => outputSize(Dense(2, 1), [2], { batch: -1 }))).toBe("outputSize: expected whole numbers of at least 0 as the sizes of the input, got [-1, 2]. How many samples there are is an option: { batch: 32 }.");
    expect(await message(() => untyped(outputSize, Dense(2, 1), [null, 2]))).toBe(
      "outputSize: expected whole numbers of at least 0 as the sizes of the input, got [null, 2]. How many samples there are is an option: { batch: 32 }.",
    );
    expect(await message(() => untyped(outputSize, Dense(2, 1), 2))).toBe("outputSize: expected the shape of the input, as [784], or a list of shapes, got 2.");
    expect(outputSize((v: Tensor) => v, [])).toEqual([]);
    expect(await message(() => untyped(outputSize, { w: x }, [2]))).toMatch(/^outputSize: expected a model first, which is a function, got /);
  });

  test("a container around what is no layer, and activations of what is no Chain", async () => {
    expect(await message(() => untyped(untyped(Chain.from, { layers: [Dense(2, 2), null] }) as Function, x))).toBe("Chain: expected a layer or function as layer 1, got an object.");
    expect(await message(() => untyped(untyped(SkipConnection.from, { layer: 5, connection: add }) as Function, x))).toBe("SkipConnection: expected a layer or function as layer layer, got 5.");
    expect(await message(() => untyped(activations, Dense(2, 2), x))).toBe("activations: expected a Chain, whose layers give one result after the other.");
  });
});
