import { describe, expect, it, test } from "vitest";
import {
  AutoForward, AutoTape, Bilinear, callable, Chain, Const, Dense, Embedding, flatten, Flatten, fmap, functor, generator, gradient, identity, jacobian, Maxout, mul, ones, params, randn, relu, reshape,
  Scale, ShapeError, sigmoid, slice, softmax, square, stack, sub, sum, tensor, trace, withGenerator, zeros, type Tensor, type Value,
} from "polyad";
import { engines, expectClose, expectNumbers, plain } from "../../../test/support.js";

const single = (x: Parameters<typeof tensor>[0]) => tensor(x, null, "float32");

describe("Dense", () => {
  const weight = tensor([[1, 2], [3, 4], [5, 6]]), bias = tensor([0.5, -0.5, 1]);
  const layer = Dense.from({ weight, bias });

  it("is x·Wᵀ + b on the last axis", () => {
    expect(plain(layer(tensor([1, 10])))).toEqual([21.5, 42.5, 66]);
    expect(plain(layer(tensor([[1, 10], [0, 0]])))).toEqual([[21.5, 42.5, 66], [0.5, -0.5, 1]]);
    expect(layer(zeros([4, 1, 5, 2])).shape).toEqual([4, 1, 5, 3]);
    expect(layer(zeros([0, 2])).shape).toEqual([0, 3]);
    expect(layer(zeros([3, 0, 2])).shape).toEqual([3, 0, 3]);
    expect(plain(Dense.from({ weight, bias, activation: relu })(tensor([-1, 0])))).toEqual([0, 0, 0]);
  });

  it("takes numbers, arrays and typed arrays", () => {
    expect(plain(layer([1, 10]))).toEqual([21.5, 42.5, 66]);
    expect(plain(layer(new Float64Array([1, 10])))).toEqual([21.5, 42.5, 66]);
    expect(plain(layer(tensor([1, 10], null, "int32")))).toEqual([21.5, 42.5, 66]);
    const one = Dense.from({ weight: [[2], [3]], bias: [1, 1] });
    expect(plain([one(5), one(tensor(5)), one([5])])).toEqual([[11, 16], [11, 16], [11, 16]]);
    expect(one([[5], [6]]).shape).toEqual([2, 2]);
  });

  it("has its precision from its weight", () => {
    expect(Dense(2, 3)([1, 2]).dtype).toBe("float32");
    expect(Dense(2, 3)(single([1, 2])).dtype).toBe("float32");
    expect(layer([1, 2]).dtype).toBe("float64");
    expect(layer(single([1, 2])).dtype).toBe("float64");
    const wide = Dense(2, 3, undefined, { init: (rng, shape) => randn(rng, shape) });
    expect([wide.weight.dtype, wide.bias.dtype]).toEqual(["float64", "float64"]);
    const narrow = Dense(2, 3);
    const graph = trace((x: Tensor) => narrow(x), zeros([5, 2]));
    expect(graph.equations.map(({ primitive }) => primitive.name)).toEqual(["cast", "matmul", "add"]);
    expect(graph.outputs.map((y) => (typeof y === "number" ? null : [y.shape, y.dtype]))).toEqual([[[5, 3], "float32"]]);
  });

  it("makes no copy of its weight, and one product of all batches", () => {
    const names = (x: Tensor) => trace((m, x) => m(x), layer, x).equations.map(({ primitive, attrs }) => [primitive.name, attrs]);
    expect(names(zeros([7, 2]))).toEqual([["matmul", { transposeA: false, transposeB: true }], ["add", null]]);
    expect(names(zeros([7, 3, 2])).filter(([name]) => name === "matmul")).toHaveLength(1);
  });

  it("draws from a generator, the same in every process", () => {
    const rng = () => ({ rng: generator(3) });
    expect(plain(Dense(4, 2, relu, rng()).weight)).toEqual(plain(Dense(4, 2, sigmoid, rng()).weight));
    const [a, b] = withGenerator(generator(1), () => [Dense(4, 2), Dense(4, 2)]);
    expect(plain(a!.weight)).not.toEqual(plain(b!.weight));
    expect(plain(a!.weight)).toEqual(plain(withGenerator(generator(1), () => Dense(4, 2)).weight));
    expect(plain(Dense(2, 1, relu, { init: (_rng, shape) => ones(shape) }).weight)).toEqual([[1, 1]]);
  });

  test.each(engines)("has the gradient by hand, by $adtype", (ad) => {
    const x = tensor([[1, 10], [2, -3]]);
    const f = (m: typeof layer, x: Tensor) => sum(square(m(x)));
    const y = layer(x);
    const dy = mul(2, y).toArray() as number[][];
    const dW = [0, 1, 2].map((o) => [0, 1].map((i) => dy.reduce((s, row, n) => s + row[o]! * (x.toArray() as number[][])[n]![i]!, 0)));
    const dx = dy.map((row) => [0, 1].map((i) => row.reduce((s, v, o) => s + v * (weight.toArray() as number[][])[o]![i]!, 0)));
    expectClose(gradient(f, ad, layer, x), [{ weight: dW, bias: [0, 1, 2].map((o) => dy[0]![o]! + dy[1]![o]!), activation: null }, dx], 1e-9);
    const bare = Dense.from({ weight, bias: null });
    const [g] = gradient((m: typeof bare, x: Tensor) => sum(m(x)), ad, bare, Const(x));
    expectNumbers(ad, g, { weight: [[3, 7], [3, 7], [3, 7]], bias: null, activation: null });
    const one = Dense.from({ weight: [[2], [3]] });
    expectNumbers(ad, gradient((m, x) => sum(m(x)), ad, one, 5), [{ weight: [[5], [5]], bias: [1, 1], activation: null }, 5]);
    expectNumbers(ad, gradient((m, x) => sum(m(x)), ad, one, [5])[1], [5]);
  });

  it("is differentiated through the cast of its input", () => {
    for (const ad of [AutoTape(), AutoForward()]) {
      const [d] = gradient((x: Tensor) => sum(Dense.from({ weight: single([[2, 3]]) })(x)), ad, tensor([0.5, 0.25]));
      expect([d.dtype, plain(d)]).toEqual(["float64", [2, 3]]);
      expect(jacobian((x: Tensor) => Dense.from({ weight: single([[2, 3]]) })(x), ad, tensor([0.5, 0.25])).shape).toEqual([1, 2]);
    }
  });

  it("rebuilds from its gradient", () => {
    const [g] = gradient((m) => sum(square(m([1, 2]))), AutoTape(), layer);
    const d = Dense.from(g);
    expect(d).toBeInstanceOf(Dense);
    expect(String(d)).toBe("Dense(2 => 3)");
    expect(plain(fmap((p, dp) => (p === null || typeof p === "function" ? p : sub(p as Tensor, dp as Tensor)), layer, d).weight)).toEqual(plain(sub(weight, d.weight)));
    const bare = Dense.from(gradient((m) => sum(m([1, 2])), AutoTape(), Dense(2, 3, relu, { bias: false }))[0]);
    expect(bare.bias).toBeNull();
  });

  it("prints", () => {
    expect([Dense(1, 20, sigmoid), Dense(2, 3), Dense(2, 3, Math.tanh as never), Dense(2, 3, (x) => x), Dense(2, 3, relu, { bias: false })].map(String)).toEqual([
      "Dense(1 => 20, σ)", "Dense(2 => 3)", "Dense(2 => 3, tanh)", "Dense(2 => 3, (anonymous))", "Dense(2 => 3, relu, bias=false)",
    ]);
  });

  it("says what does not fit", () => {
    expect(() => layer(zeros([5]))).toThrow("layer Dense(2 => 3) expects an input of size 2 in its last axis, got shape [5].");
    expect(() => layer(zeros([2, 5]))).toThrow(ShapeError);
    expect(() => layer(5)).toThrow("layer Dense(2 => 3) expects an input of size 2 in its last axis, got shape [1].");
    expect(() => layer("2" as never)).toThrow('layer Dense(2 => 3): expected a number, a Tensor or an array of numbers, got the string "2".');
    expect(() => Dense(2, 3, softmax)).toThrow("Dense: softmax needs to be outside of the layer, since it works on an axis and not on single elements. Write Chain(Dense(…), softmax).");
    expect(() => Dense(2, 3, { bias: false } as never)).toThrow("Dense: expected an activation function");
    expect(() => Dense(2.5, 3)).toThrow("Dense: expected whole numbers of at least 1 as sizes, got 2.5, 3.");
    expect(() => Dense(2, undefined as never)).toThrow("Dense: expected whole numbers of at least 1 as sizes, got 2, undefined.");
    expect(() => Dense.from({ weight: [1, 2] })).toThrow("Dense: expected a weight of shape [out, in], got shape [2].");
    expect(() => Dense.from({ weight, bias: [1, 2] })).toThrow("Dense: expected a bias of shape [3] beside a weight of shape [3, 2], got shape [2].");
    expect(() => gradient((m) => sum(m(zeros([3]))), AutoTape(), layer)).toThrow("layer Dense(2 => 3) expects");
  });
});

describe("Scale", () => {
  const layer = Scale.from({ scale: tensor([[2, 3, 4]]), bias: tensor([[1, 1, 1]]), activation: relu });

  it("is elementwise on the last axes", () => {
    expect(plain(layer(tensor([[1, -2, 3]])))).toEqual([[3, 0, 13]]);
    expect(layer(zeros([5, 1, 3])).shape).toEqual([5, 1, 3]);
    expect(plain(Scale(2)([5, 6]))).toEqual([5, 6]);
    expect(Scale([2, 3]).scale.dtype).toBe("float32");
    expect([Scale(2), Scale([2, 3], relu), Scale(4, undefined, { bias: false })].map(String)).toEqual(["Scale(2)", "Scale(2, 3, relu)", "Scale(4, bias=false)"]);
  });

  test.each(engines)("has its gradient, by $adtype", (ad) => {
    expectNumbers(ad, gradient((m, x) => sum(m(x)), ad, layer, tensor([[[1, -2, 3]], [[1, 1, 1]]])), [
      { scale: [[2, 1, 4]], bias: [[2, 1, 2]], activation: null }, [[[2, 0, 4]], [[2, 3, 4]]],
    ]);
  });

  it("says what does not fit", () => {
    expect(() => layer(zeros([3]))).toThrow("layer Scale(1, 3, relu) expects an input of size [1, 3] in its last axes, got shape [3].");
    expect(() => Scale(2)(zeros([3]))).toThrow(ShapeError);
    expect(() => Scale(0)).toThrow("Scale: expected whole numbers of at least 1 as sizes, got 0.");
  });
});

describe("Embedding", () => {
  const layer = Embedding(3, 2, { init: () => tensor([[1, 2], [3, 4], [5, 6]]) });

  it("looks rows up, for indices of any shape", () => {
    expect(plain(layer(1))).toEqual([3, 4]);
    expect(plain(layer([2, 0, 2]))).toEqual([[5, 6], [1, 2], [5, 6]]);
    expect(plain(layer(new Int32Array([1])))).toEqual([[3, 4]]);
    expect(layer(zeros([4, 0, 5], "int32")).shape).toEqual([4, 0, 5, 2]);
    expect(layer([]).shape).toEqual([0, 2]);
    expect([Embedding(10, 4).weight.dtype, String(Embedding(10, 4))]).toEqual(["float32", "Embedding(10 => 4)"]);
  });

  test.each(engines)("adds up the gradient of a repeated row, by $adtype", (ad) => {
    const [d] = gradient((m) => sum(mul(m([[2, 0], [2, 2]]), tensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]))), ad, layer);
    expectNumbers(ad, d, { weight: [[3, 4], [0, 0], [13, 16]] });
  });

  it("refuses indices out of range and what is no index", () => {
    expect(() => layer([0, 3])).toThrow("layer Embedding(3 => 2) expects indices from 0 to 2, got 3.");
    expect(() => layer(-1)).toThrow("layer Embedding(3 => 2) expects indices from 0 to 2, got -1.");
    expect(() => layer(tensor([1]))).toThrow('layer Embedding(3 => 2) expects int32 indices, got float64. Use cast(indices, "int32").');
    expect(() => layer(0.5)).toThrow("0.5 is not a 32-bit integer");
    const graph = trace((i: Tensor) => layer(i), tensor([0, 1], null, "int32"));
    expect(plain(graph.evaluate(tensor([2, 1], null, "int32")))).toEqual([[5, 6], [3, 4]]);
    expect(() => graph.evaluate(tensor([2, -1], null, "int32"))).toThrow("out of range");
  });
});

describe("Flatten", () => {
  it("makes each sample a vector", () => {
    expect(Flatten()(zeros([5, 2, 3])).shape).toEqual([5, 6]);
    expect(Flatten()(zeros([5])).shape).toEqual([5, 1]);
    expect(Flatten()(zeros([0, 2, 3])).shape).toEqual([0, 6]);
    expect(Flatten()(zeros([2, 0, 3])).shape).toEqual([2, 0]);
    expect(String(Flatten())).toBe("Flatten()");
    expect(flatten(Flatten()).leaves).toEqual([]);
    expect(() => Flatten()(5)).toThrow("layer Flatten() expects an input with a batch axis, got shape [].");
    expect(() => (Flatten as (x: Tensor) => unknown)(zeros([5, 2]))).toThrow("Write Flatten() in a Chain, and Flatten()(x) for an array.");
  });

  test.each(engines)("passes gradients, by $adtype", (ad) => {
    expectNumbers(ad, gradient((x: Tensor) => sum(mul(Flatten()(x), [[1, 2, 3, 4]])), ad, zeros([1, 2, 2]))[0], [[[1, 2], [3, 4]]]);
  });
});

describe("Bilinear", () => {
  const weight = tensor([[[1, 2, 3], [4, 5, 6]], [[0, 1, 0], [1, 0, -1]]]);
  const layer = Bilinear.from({ weight, bias: tensor([0.5, -0.5]), activation: identity });
  const [x, y] = [tensor([[1, 2], [-1, 0.5]]), tensor([[1, 0, 2], [3, 1, -1]])];
  const byHand = (x: readonly number[], y: readonly number[]) =>
    (weight.toArray() as number[][][]).map((W, k) => W.reduce((s, row, i) => s + row.reduce((t, w, j) => t + x[i]! * w * y[j]!, 0), [0.5, -0.5][k]!));

  it("is xᵀ W y + b", () => {
    const rows = [0, 1].map((n) => byHand((x.toArray() as number[][])[n]!, (y.toArray() as number[][])[n]!));
    expectClose(layer(x, y), rows, 1e-15);
    expectClose(layer(slice(x, 0), slice(y, 0)), rows[0], 1e-15);
    expectClose(layer(reshape(x, [2, 1, 2]), reshape(y, [2, 1, 3])), rows.map((row) => [row]), 1e-15);
    const own = Bilinear(2, 3);
    expectClose(own([0.5, 2]), own([0.5, 2], [0.5, 2]), 0);
    expect([Bilinear([2, 3], 4), Bilinear(2, 1, relu, { bias: false })].map(String)).toEqual(["Bilinear((2, 3) => 4)", "Bilinear(2 => 1, relu, bias=false)"]);
    expect(layer(zeros([0, 2]), zeros([0, 3])).shape).toEqual([0, 2]);
  });

  test.each(engines)("has its gradient, by $adtype", (ad) => {
    const [d, dx, dy] = gradient((m, x, y) => sum(m(x, y)), ad, layer, x, y);
    const outer = (x.toArray() as number[][])
      .map((row, n) => row.map((a) => (y.toArray() as number[][])[n]!.map((b) => a * b)))
      .reduce((A, B) => A.map((row, i) => row.map((v, j) => v + B[i]![j]!)));
    const both = sum(weight, { axis: 0 });
    expectClose(d, { weight: [outer, outer], bias: [2, 2], activation: null }, 1e-9);
    expectClose(dx, stack([0, 1].map((n) => sum(mul(both, slice(y, n)), { axis: 1 }))), 1e-9);
    expectClose(dy, stack([0, 1].map((n) => sum(mul(both, reshape(slice(x, n), [2, 1])), { axis: 0 }))), 1e-9);
  });

  it("says what does not fit", () => {
    expect(() => layer(x, x)).toThrow("layer Bilinear((2, 3) => 2) expects an input of size 3 in its last axis, got shape [2, 2].");
    expect(() => layer(x, zeros([3]))).toThrow("expects inputs with the same batch axes, got shapes [2, 2] and [3].");
  });
});

describe("Maxout", () => {
  const model = Maxout(Dense.from({ weight: [[1]] }), Dense.from({ weight: [[-1]] }), Dense.from({ weight: [[0]], bias: [0.5] }));

  test.each(engines)("is the largest, with its derivative, by $adtype", (ad) => {
    expect(plain(model([[3], [-2], [0]]))).toEqual([[3], [2], [0.5]]);
    expectNumbers(ad, gradient((m, x: Tensor) => sum(m(x)), ad, model, tensor([[3], [-2], [0.1]])), [
      { layers: [{ weight: [[3]], bias: [1], activation: null }, { weight: [[-2]], bias: [1], activation: null }, { weight: [[0.1]], bias: [1], activation: null }] },
      [[1], [-1], [0]],
    ]);
  });

  it("shares a derivative at a tie, and needs a layer", () => {
    for (const ad of [AutoTape(), AutoForward()]) expect(gradient((x: Value) => Maxout((v: Value) => mul(v, 2), (v: Value) => mul(v, 3))(x) as Value, ad, 0)).toEqual([2.5]);
    expect(() => Maxout()).toThrow("Maxout: expected at least one layer.");
  });
});

it("is a functor: fields by name, anonymous layers around it", () => {
  const layer = Dense(2, 1);
  expect(Object.keys(layer)).toEqual(["weight", "bias", "activation"]);
  expect(Object.keys(layer[functor]()!.children)).toEqual(["weight", "bias", "activation"]);
  expect([...params(Chain(layer, layer))]).toEqual([layer.weight, layer.bias]);
  const own = callable({ layer }, (self, x: Value) => sum(self.layer(x as Tensor)));
  expect(gradient((m) => m([1, 2] as never), AutoTape(), own)[0].layer.weight.shape).toEqual([1, 2]);
});
