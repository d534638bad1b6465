import {
  AdaptiveMaxPool, AdaptiveMeanPool, add, AlphaDropout, AutoFiniteDiff, AutoForward, AutoTape, BatchNorm, Bilinear, callable, cast, Chain, checkpoint, compose, Const, Conv, ConvTranspose, Dense,
  DepthwiseConv, Dropout, Embedding, Flatten, flatten, fmap, fmapWithPath, generator, GlobalMaxPool, GlobalMeanPool, gradient, GroupNorm, GRU, hvp, InstanceNorm, LayerNorm, load, loadState, LSTM, LSTMCell, matmul,
  Maxout, MaxPool, MeanPool, mul, MultiHeadAttention, outputSize, PairwiseFusion, Parallel, prepareGradient, randn, Recurrence, relu, RNN, RNNCell, SamePad, save, Scale, SecondOrder, sin, SkipConnection,
  slice, square, state, summary, sum, tanh, tensor, Tensor, testMode, trace, trainMode, transpose, WeightNorm, withgradient, withState, zeros,
} from "polyad";
import { describe, expect, test } from "vitest";
import { expectClose, plain } from "../../../test/support.js";

/** What every layer must do, whoever wrote it: the same on every engine, in both modes, captured, saved and loaded. */
const x = (...shape: number[]): Tensor => randn(generator(3), shape);
const first = (ys: readonly unknown[]): unknown => ys[0];
const rng = (): ReturnType<typeof generator> => generator(3);
const layers: Readonly<Record<string, readonly [make: () => Function, ...inputs: Tensor[]]>> = {
  Dense: [() => Dense(3, 2, tanh), x(4, 3)],
  "Dense without bias": [() => Dense(3, 2, tanh, { bias: false }), x(4, 3)],
  Scale: [() => Scale([2, 3], tanh), x(4, 2, 3)],
  Bilinear: [() => Bilinear([3, 2], 2, tanh), x(4, 3), x(4, 2)],
  Embedding: [() => Embedding(5, 3), tensor([[0, 1], [4, 4]], null, "int32")],
  Chain: [() => Chain({ a: Dense(3, 4, tanh), norm: LayerNorm(4), b: Dense(4, 2) }), x(4, 3)],
  SkipConnection: [() => SkipConnection(Dense(3, 3, tanh), add), x(4, 3)],
  Parallel: [() => Parallel(mul, Dense(3, 3, tanh), Dense(3, 3)), x(4, 3)],
  PairwiseFusion: [() => Chain(PairwiseFusion(add, Dense(3, 3, tanh), Dense(3, 2)), (ys) => ys[1]), x(4, 3)],
  WeightNorm: [() => WeightNorm(Dense(3, 2, tanh), "weight"), x(4, 3)],
  "WeightNorm of a convolution": [() => WeightNorm(ConvTranspose(3, [2, 4], tanh), "weight", { axis: 1 }), x(2, 2, 4)],
  Maxout: [() => Maxout(Dense(3, 2), Dense(3, 2)), x(4, 3)],
  Dropout: [() => Dropout(0.4, rng(), { axis: [0, 1] }), x(4, 3, 2)],
  AlphaDropout: [() => AlphaDropout(0.4, rng()), x(4, 3)],
  LayerNorm: [() => LayerNorm([3, 2], tanh), x(4, 3, 2)],
  BatchNorm: [() => BatchNorm(3, tanh), x(4, 3, 2, 2)],
  "BatchNorm, bare": [() => BatchNorm(3, tanh, { affine: false, trackStats: false }), x(4, 3)],
  GroupNorm: [() => GroupNorm(4, 2, tanh), x(2, 4, 3)],
  InstanceNorm: [() => InstanceNorm(2, tanh, { affine: true }), x(2, 2, 3)],
  "Conv 1-d": [() => Conv(3, [2, 4], tanh, { strides: 2, padding: [[1, 2]], groups: 2 }), x(2, 2, 6)],
  "Conv 2-d": [() => Conv([2, 3], [2, 3], tanh, { padding: SamePad(), dilation: [1, 2], flip: true }), x(2, 2, 4, 5)],
  DepthwiseConv: [() => DepthwiseConv([2, 2], [2, 4], tanh, { bias: false }), x(2, 2, 4, 3)],
  "ConvTranspose 1-d": [() => ConvTranspose(3, [2, 4], tanh, { strides: 2, groups: 2, padding: 1, outputPadding: 1 }), x(2, 2, 4)],
  "ConvTranspose 2-d": [() => ConvTranspose([2, 3], [2, 3], tanh, { strides: 2, padding: SamePad() }), x(2, 2, 2, 3)],
  MaxPool: [() => MaxPool([3, 3], { strides: 2, padding: 1 }), add(x(2, 2, 4, 5), -5)],
  MeanPool: [() => MeanPool(2, { padding: "same" }), x(2, 2, 5)],
  GlobalMaxPool: [() => GlobalMaxPool(), x(2, 2, 5)],
  GlobalMeanPool: [() => GlobalMeanPool(), x(2, 2, 5, 2)],
  AdaptiveMaxPool: [() => AdaptiveMaxPool([2, 3]), x(2, 2, 5, 7)],
  AdaptiveMeanPool: [() => AdaptiveMeanPool(2), x(2, 2, 5)],
  Flatten: [() => Flatten(), x(2, 2, 5)],
  RNNCell: [() => Chain(RNNCell(3, 2), first), x(4, 3)],
  RNN: [() => RNN(3, 2, relu, { bias: false }), x(5, 3)],
  LSTM: [() => LSTM(3, 2), x(4, 5, 3)],
  GRU: [() => GRU(3, 2), x(4, 5, 3)],
  Recurrence: [() => Recurrence(LSTMCell(3, 2)), x(2, 3, 5, 3)],
  MultiHeadAttention: [() => Chain(MultiHeadAttention(4, { heads: 2, dropout: 0.3, bias: true, rng: rng() }), first), x(2, 3, 4)],
  "an own one": [() => callable({ W: zeros([2, 3], "float32"), drop: Dropout(0.5, rng()) }, (self, v: Tensor) => matmul(self.drop(v), transpose(self.W))), x(4, 3)],
  compose: [() => compose(Dense(2, 2), Dense(3, 2, tanh)), x(4, 3)],
};

/** With random float64 arrays, so that finite differences mean something, and no bias is zero. */
function wide<T>(model: T): T {
  const from = generator(5);
  return fmapWithPath((path, leaf) => {
    if (!(leaf instanceof Tensor)) return leaf;
    const drawn = randn(from, leaf.shape);
    return path.at(-1) === "variance" ? add(square(drawn), 0.5) : drawn;
  }, model);
}

const call = (f: unknown, xs: readonly unknown[]): Tensor => Reflect.apply(f as Function, undefined, xs) as Tensor;
const bend = (y: Tensor): Tensor => sum(mul(y, sin(add(mul(y, 1.7), 0.3))));
const arrays = (tree: unknown): unknown => flatten(tree).leaves.filter((leaf) => leaf instanceof Tensor).map(plain);

for (const [name, [make, ...xs]] of Object.entries(layers)) {
  const args = xs.map((v) => (v.dtype === "int32" ? Const(v) : v));
  const narrow = xs.map((v) => (v.dtype === "int32" ? v : cast(v, "float32")));
  const loss = withState((m: unknown, ...inputs: unknown[]) => bend(call(m, inputs)));
  const plainLoss = (m: unknown, ...inputs: unknown[]): Tensor => loss(m, ...inputs).loss;

  describe.each([["training", trainMode], ["use", testMode]] as const)(`${name}, in %s`, (_mode, inMode) => {
    const fresh = (): unknown => inMode(wide(make()));

    test("has one gradient and one new state, on every engine", () => {
      const tape = withgradient(loss, AutoTape(), fresh(), ...args);
      for (const [engine, within] of [[AutoForward(), 1e-9], [AutoFiniteDiff(), 1e-5]] as const) {
        const { val, grad } = withgradient(loss, engine, fresh(), ...args);
        expectClose(arrays(grad), arrays(tape.grad), within);
        expectClose(val.loss, tape.val.loss, 1e-12);
        expect(arrays([...val.state.values()])).toEqual(arrays([...tape.val.state.values()]));
      }
    });

    test("has second derivatives, checkpoints, and is prepared", () => {
      const direction = fmap((leaf) => (leaf instanceof Tensor ? add(zeros(leaf.shape), 1) : leaf), fresh());
      if (flatten(direction).leaves.some((leaf) => leaf instanceof Tensor)) {
        const [nested, forward, tape] = [SecondOrder(AutoForward(), AutoTape()), AutoForward(), AutoTape()].map((ad) => arrays(hvp((m: unknown) => plainLoss(m, ...xs), ad, fresh(), direction)));
        expectClose(forward, nested, 1e-8);
        expectClose(tape, nested, 1e-8);
      }
      const expected = arrays(gradient(plainLoss, AutoTape(), fresh(), ...args));
      const again = withState((m: unknown, ...inputs: unknown[]) => bend(checkpoint((f: unknown, ...ys: unknown[]) => call(f, ys))(m, ...inputs)));
      expectClose(arrays(withgradient(again, AutoTape(), fresh(), ...args).grad), expected, 1e-10);
      expectClose(arrays(prepareGradient(plainLoss, AutoTape(), fresh(), ...args)(fresh(), ...xs)), expected, 1e-10);
    });
  });

  test(`${name}: captured, it gives the same numbers`, () => {
    const model = testMode(wide(make()));
    expect(plain(trace((...inputs: Tensor[]) => call(model, inputs), ...xs).evaluate(...xs))).toEqual(plain(call(model, xs)));
  });

  test(`${name}: its size is known before, for a batch and for none`, () => {
    const model = testMode(make());
    const dtype = xs[0]!.dtype === "int32" ? "int32" : "float32";
    const y = call(model, narrow);
    expect(outputSize(model, narrow.map(({ shape }) => shape), { dtype })).toEqual(y.shape);
    if (y.ndim === xs[0]!.ndim) expect(call(model, narrow.map((v) => slice(v, [0, 0]))).shape[0]).toBe(0);
  });

  test(`${name}: saved and loaded, it is the same; it prints`, () => {
    const [model, other] = [wide(make()), fmap((leaf) => (leaf instanceof Tensor ? zeros(leaf.shape) : leaf), wide(make()))];
    for (const loaded of [load(save(model), other), loadState(other, state(model)), loadState(other, model)]) {
      expect(arrays(loaded)).toEqual(arrays(model));
      expect(plain(call(testMode(loaded), xs))).toEqual(plain(call(testMode(model), xs)));
      expect(String(loaded)).toBe(String(model));
    }
    expect(summary(model)).not.toMatch(/undefined|\[object|NaN/);
  });
}
