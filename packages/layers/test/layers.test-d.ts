import { expectTypeOf } from "vitest";
import {
  activations, Adam, add, AutoTape, Bilinear, callable, Chain, compose, concat, Const, Dense, Descent, Embedding, Flatten, gradient, isLayer, LayerNorm, Maxout, mean, MixedPrecision, mul, only, OptimiserChain, outputSize, PairwiseFusion,
  Parallel, pow, relu, Scale, setup, SkipConnection, sigmoid, softmax, square, sub, sum, tanh, tensor, train, type Tensor, type Traced, type Value,
} from "polyad";

// What the compiler promises of layers. Nothing here runs: tsc is the test.

declare const x: Tensor;
const tape = AutoTape();

// Dense

const dense = Dense(2, 3, relu);
expectTypeOf(dense).toEqualTypeOf<Dense>();
expectTypeOf(dense(x)).toEqualTypeOf<Tensor>();
expectTypeOf(dense(0.5)).toEqualTypeOf<Tensor>();
expectTypeOf(dense([0.1, 0.2]).shape).toEqualTypeOf<readonly number[]>();
expectTypeOf(dense.bias).toEqualTypeOf<Tensor>();
const bare = Dense(2, 3, tanh, { bias: false });
expectTypeOf(bare.bias).toEqualTypeOf<null>();
expectTypeOf(Dense(2, 3, undefined, { bias: Math.random() > 2 }).bias).toEqualTypeOf<Tensor | null>();
expectTypeOf(gradient((m, v) => sum(m(v)), tape, dense, x)).toEqualTypeOf<[{ weight: Tensor; bias: Tensor; activation: null }, Tensor]>();
expectTypeOf(gradient((m) => sum(m(x)), tape, bare)[0].bias).toEqualTypeOf<null>();
expectTypeOf(Dense.from({ weight: [[3]] })).toEqualTypeOf<Dense>();
expectTypeOf(Dense.from({ weight: [[3]], bias: null })).toEqualTypeOf<Dense<null>>();
expectTypeOf(Dense.from(gradient((m) => sum(m(x)), tape, dense)[0])).toEqualTypeOf<Dense>();
// @ts-expect-error fields are read only
dense.weight = x;
// @ts-expect-error options come after the activation
Dense(2, 3, { bias: false });
// @ts-expect-error an activation takes a tensor
Dense(2, 3, (s: string) => s);
const unknown: unknown = dense;
if (unknown instanceof Dense) expectTypeOf(unknown.weight).toEqualTypeOf<Tensor>();

// Chain: every layer keeps its type, and the call has that of the first one's input and the last one's result.

const model = Chain(Dense(1, 20, sigmoid), Dense(20, 1), only);
expectTypeOf(model.layers[0].weight).toEqualTypeOf<Tensor>();
expectTypeOf(model.layers[1]).toEqualTypeOf<Dense>();
expectTypeOf(model([0.1])).toEqualTypeOf<Value>();
expectTypeOf(Chain(Dense(4, 3), relu, Dense(3, 2), softmax)(x)).toEqualTypeOf<Tensor>();
expectTypeOf(gradient((m) => square(m(0.1)), tape, model)).toEqualTypeOf<
  [{ layers: [{ weight: Tensor; bias: Tensor; activation: null }, { weight: Tensor; bias: Tensor; activation: null }, null] }]
>();
const loss = (m: typeof model, v: Tensor, y: Tensor) => mean(square(sub(m(v), y)));
expectTypeOf(gradient(loss, tape, model, x, Const(x))[0].layers[0].weight).toEqualTypeOf<Tensor>();
expectTypeOf(Chain(model, (y) => mul(y, 2))(x)).toEqualTypeOf<Value>();
expectTypeOf(Chain(Chain(Dense(1, 2), relu), LayerNorm(2), Flatten())(x)).toEqualTypeOf<Tensor>();
expectTypeOf(Chain(Dense(1, 2), relu, LayerNorm(2), relu, LayerNorm(2), relu, LayerNorm(2), relu, Dense(2, 1))(x)).toEqualTypeOf<Tensor>();
expectTypeOf(Chain(relu)(x)).toEqualTypeOf<Value>();

// A lambda's x is what the layer before gives.

expectTypeOf(Chain((v) => pow(v, 2), (v) => add(v, 1))(5)).toEqualTypeOf<Value>();
Chain(Dense(2, 3), (y) => {
  expectTypeOf(y).toEqualTypeOf<Tensor>();
  return y.mul(2);
});
Chain(Dense(2, 3), relu, (y) => y.shape, (shape) => {
  expectTypeOf(shape).toEqualTypeOf<readonly number[]>();
  return shape.length;
});
Chain(Dense(2, 3), relu, relu, relu, relu, relu, relu, (y) => y.reshape([-1]));
expectTypeOf(Chain(dense, (y) => y.mul(2), Dense(1, 2), (y) => y.shape, (shape) => shape.length)(x)).toEqualTypeOf<number>();
expectTypeOf(Chain((word: string) => word.length, (n) => n + 1)("a")).toEqualTypeOf<number>();
expectTypeOf(Chain(dense, (y) => mul(y, 2), Dense(1, 2), relu)(x)).toEqualTypeOf<Tensor>();
const indices: readonly string[] = ["a"];
expectTypeOf(Chain((word: string) => indices.indexOf(word), Embedding(5, 3), Dense(3, 2))("a")).toEqualTypeOf<Tensor>();
expectTypeOf(Chain((a: Tensor, b: Tensor) => a.add(b), Dense(3, 2))(x, x)).toEqualTypeOf<Tensor>();
// @ts-expect-error a string is not what Dense gives
Chain(Dense(2, 3), (y: string) => y);
// @ts-expect-error Dense takes no string
Chain((v: Tensor) => String(v), Dense(2, 3));
// @ts-expect-error a chain of tensors takes no string
model("a");
// @ts-expect-error a layer is a function
Chain(Dense(2, 3), 5);

// Slices, arrays and names

const part = Chain(...model.layers.slice(0, 2));
expectTypeOf(part.layers).toExtend<readonly Function[]>();
const list = Array.from({ length: 3 }, () => Dense(2, 2));
expectTypeOf(Chain(...list)(x)).toEqualTypeOf<Tensor>();
expectTypeOf(Chain(...list).layers[0]!).toEqualTypeOf<Dense>();
expectTypeOf(Chain(Dense(1, 2), ...list)(x)).toEqualTypeOf<Tensor>();
const named = Chain({ encoder: Dense(4, 2, relu), half: (y) => y.div(2), decoder: Dense(2, 4) });
expectTypeOf(named.layers.encoder.weight).toEqualTypeOf<Tensor>();
expectTypeOf(named(x)).toEqualTypeOf<Tensor>();
expectTypeOf(gradient((m) => sum(m(x)), tape, named)[0].layers.decoder.bias).toEqualTypeOf<Tensor>();
expectTypeOf(Chain.from({ layers: [dense, relu] as const })(x)).toEqualTypeOf<Tensor>();
const results = activations(Chain(Dense(2, 3), relu, (y) => y.shape), x);
expectTypeOf(results).toEqualTypeOf<[Tensor, Tensor, readonly number[]]>();
expectTypeOf(activations(named, x).encoder).toEqualTypeOf<Tensor>();
expectTypeOf(activations(Chain(...list), x)).toEqualTypeOf<Tensor[]>();

// The others

const skip = SkipConnection(Dense(2, 2), add);
expectTypeOf(skip(x)).toEqualTypeOf<Tensor>();
expectTypeOf(skip.layer.weight).toEqualTypeOf<Tensor>();
expectTypeOf(gradient((m) => sum(m(x)), tape, skip)).toEqualTypeOf<[{ layer: { weight: Tensor; bias: Tensor; activation: null }; connection: null }]>();
expectTypeOf(Chain(skip, SkipConnection(dense, (y, v) => concat([y, v])))(x)).toEqualTypeOf<Tensor>();
const parallel = Parallel(add, Dense(2, 3), Chain(Dense(4, 3), relu));
expectTypeOf(parallel(x)).toEqualTypeOf<Tensor>();
expectTypeOf(parallel(x, x)).toEqualTypeOf<Tensor>();
expectTypeOf(parallel.layers[1].layers[0].weight).toEqualTypeOf<Tensor>();
// @ts-expect-error one input, or one for each
parallel(x, x, x);
expectTypeOf(Parallel((a, b) => a.mul(b), Dense(1, 2), Dense(1, 2))(x)).toEqualTypeOf<Tensor>();
expectTypeOf(Parallel((...ys) => concat(ys), ...list)(x)).toEqualTypeOf<Tensor>();
expectTypeOf(Parallel(add, { a: Dense(1, 2), b: Dense(1, 2) })(x)).toEqualTypeOf<Tensor>();
expectTypeOf(Parallel((...ys) => ys.length, dense)(x)).toEqualTypeOf<number>();
expectTypeOf(PairwiseFusion(add, Dense(1, 2), (y) => mul(y, 2))(x, x)).toEqualTypeOf<[Tensor, Value]>();
expectTypeOf(Maxout(Dense(1, 2), Dense(1, 2))(x)).toEqualTypeOf<Tensor>();
expectTypeOf(Scale(3, undefined, { bias: false }).bias).toEqualTypeOf<null>();
expectTypeOf(Bilinear([2, 3], 4)(x, x)).toEqualTypeOf<Tensor>();
expectTypeOf(compose(only, dense, Dense(1, 2))([0.1])).toEqualTypeOf<Value>();
const own = callable({ lay1: dense, lay2: Dense(3, 1) }, (self, v: Tensor) => only(self.lay2(self.lay1(v))));
expectTypeOf(gradient((m) => m(x), tape, own)[0].lay2.weight).toEqualTypeOf<Tensor>();
expectTypeOf(isLayer(tensor(1))).toEqualTypeOf<boolean>();
expectTypeOf(Embedding(5, 3)([[1, 2], [3, 4]])).toEqualTypeOf<Tensor>();
expectTypeOf(outputSize(model, [1])).toEqualTypeOf<readonly number[]>();
expectTypeOf(outputSize((v: Tensor) => ({ y: v, rest: [sum(v), 3] as const, s: "s" }), [1])).toEqualTypeOf<
  { y: readonly number[]; rest: readonly [readonly number[], readonly number[]]; s: string }
>();
// @ts-expect-error far down the row, too
Chain(Dense(2, 3), relu, relu, relu, relu, relu, relu, relu, (y: string) => y);
// @ts-expect-error
Chain(Dense(2, 3), relu, relu, relu, relu, relu, (y: string) => y);
expectTypeOf(Chain(Dense(2, 3), relu, relu, relu, relu, relu, relu, (y) => y.shape, (s: readonly number[]) => s.length)(x)).toEqualTypeOf<number>();

// Rules are called: constructors have a name, as rules have.

const items = [[x, x]] as const;
expectTypeOf((await train(loss, model, items, Adam())).state.layers[0].weight!.rule).toEqualTypeOf<Adam>();
expectTypeOf((await train(loss, model, items, setup(Descent(), model))).state.layers[0].weight!.rule).toEqualTypeOf<Descent>();
// @ts-expect-error not called
await train(loss, model, items, Adam);
// @ts-expect-error not called
setup(Adam, model);
// @ts-expect-error not called
OptimiserChain(Descent(), Adam);
// @ts-expect-error not called
MixedPrecision(Adam);

// Functions stay what they are, of whatever signature.

expectTypeOf<Traced<Function>>().toEqualTypeOf<Function>();
expectTypeOf<Traced<{ readonly f: Function; readonly n: number }>>().toEqualTypeOf<{ readonly f: Function; readonly n: Value }>();
expectTypeOf(gradient((m: { readonly f: Function; readonly n: Value }) => mul(m.n, 2), tape, { f: Math.sin as Function, n: 1 })).toEqualTypeOf<[{ f: null; n: number }]>();

// A connection may say that it joins tensors.
expectTypeOf(SkipConnection(Dense(2, 2), (y: Tensor, x: Tensor) => add(y, x))(tensor([1, 2]))).toEqualTypeOf<Tensor>();
