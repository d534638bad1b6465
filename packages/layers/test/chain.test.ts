import { describe, expect, it, test } from "vitest";
import {
  activations, add, AutodiffError, AutoForward, AutoTape, Chain, compose, concat, Const, Dense, fmap, functor, generator, getPath, gradient, LayerNorm, matmul, mul, ones, PairwiseFusion, Parallel, params,
  pow, randn, relu, setPath, ShapeError, sigmoid, SkipConnection, softmax, square, sub, sum, tensor, Tensor, zeros, type Value,
} from "polyad";
import { engines, expectClose, expectNumbers, plain } from "../../../test/support.js";

const wide = { init: (rng: Parameters<typeof randn>[0], shape: readonly number[]) => randn(rng, shape), rng: generator(1) };

describe("Chain", () => {
  it("runs left to right, and gives several arguments to the first", () => {
    expect(Chain((x) => pow(x, 2), (x) => add(x, 1))(5)).toBe(26);
    expect(Chain((x) => add(x, 1), (x) => pow(x, 2))(5)).toBe(36);
    expect(Chain((a: Value, b: Value) => mul(a, b), (x) => add(x, 1))(2, 3)).toBe(7);
    expect(plain(Chain(Dense.from({ weight: [[2]] }), relu)([-3]))).toEqual([0]);
    expect((Chain as (...layers: never[]) => (x: number) => unknown)()(5)).toBe(5);
  });

  it("is indexed, sliced and named", () => {
    const model = Chain(Dense(4, 3), relu, Dense(3, 2));
    expect(model.layers).toHaveLength(3);
    expect(model.layers[0].weight.shape).toEqual([3, 4]);
    const part = Chain(...model.layers.slice(0, 2));
    expect(part(ones([4], "float32")).shape).toEqual([3]);
    expect(part.layers[0]).toBe(model.layers[0]);
    const named = Chain({ encoder: model.layers[0], act: relu, decoder: model.layers[2] });
    expect(Object.keys(named.layers)).toEqual(["encoder", "act", "decoder"]);
    expect(named.layers.decoder.weight).toBe(model.layers[2].weight);
    const x = ones([4], "float32");
    expect(plain(named(x))).toEqual(plain(model(x)));
    expect(Object.entries(activations(named, x)).map(([name, y]) => [name, plain(y)])).toEqual(
      activations(model, x).map((y, i) => [["encoder", "act", "decoder"][i], plain(y)]),
    );
    expect(getPath(named, ["layers", "encoder", "bias"])).toBe(model.layers[0].bias);
    expect(plain(setPath(model, ["layers", 2], (y: Tensor) => mul(y, 0))(x))).toEqual([0, 0, 0]);
    expect(model).toBeInstanceOf(Chain);
    expect(Chain.from({ layers: [relu] as const })(tensor([-1]))).toEqual(zeros([1]));
  });

  it("rebuilds by fmap, ties kept", () => {
    const tied = Dense(2, 2);
    const model = Chain(tied, relu, tied, Chain(tied, softmax));
    const next = fmap((x) => (x instanceof Tensor ? mul(x, 2) : x), model);
    expect(next).toBeInstanceOf(Chain);
    expect(next.layers[0]).toBeInstanceOf(Dense);
    expect(next.layers[2]).toBe(next.layers[0]);
    expect(next.layers[3].layers[0]).toBe(next.layers[0]);
    expect([next.layers[1], next.layers[3].layers[1]]).toEqual([relu, softmax]);
    expect(next.layers[0].weight).not.toBe(tied.weight);
    expect([...params(model)]).toEqual([tied.weight, tied.bias]);
    expect(Object.keys(model[functor]()!.children)).toEqual(["layers"]);
  });

  test.each(engines)("has a gradient in its form, one for each place, by $adtype", (ad) => {
    const a = Dense.from({ weight: [[2]], bias: [1] });
    const model = Chain(a, { mul: (x: Tensor) => mul(x, 3) }.mul, a);
    // y = 2·3·(2x + 1) + 1
    expectNumbers(ad, gradient((m, x: Tensor) => sum(m(x)), ad, model, tensor([[1], [2]])), [
      { layers: [{ weight: [[18]], bias: [12], activation: null }, null, { weight: [[24]], bias: [2], activation: null }] }, [[12], [12]],
    ]);
    const named = Chain({ a, b: Dense.from({ weight: [[3]], bias: null }) });
    expectNumbers(ad, gradient((m) => sum(m([1])), ad, named)[0], { layers: { a: { weight: [[3]], bias: [3], activation: null }, b: { weight: [[3]], bias: null, activation: null } } });
    const implicit = gradient(() => sum(model([1])), ad, params(model));
    expectNumbers(ad, [implicit.get(a.weight), implicit.get(a.bias)], [[[15]], [7]]);
  });

  it("differentiates twice, by engines around each other", () => {
    const model = Chain(Dense(3, 4, sigmoid, wide), Dense(4, 1, undefined, wide));
    const x = tensor([0.1, -0.2, 0.3]);
    const penalty = (inner: ReturnType<typeof AutoTape> | ReturnType<typeof AutoForward>) => (m: typeof model) => sum(square(gradient((v: Tensor) => sum(m(v)), inner, x)[0]));
    const [a] = gradient(penalty(AutoTape()), AutoForward(), model);
    const [b] = gradient(penalty(AutoForward()), AutoTape(), model);
    expectClose(a, b, 1e-13);
    expect(Math.abs((a.layers[0].weight.toArray() as number[][])[0]![0]!)).toBeGreaterThan(1e-4);
  });

  it("names the layer at which sizes do not fit", () => {
    const model = Chain(Dense(2, 3), (x) => matmul(x, ones([4, 4], "float32")), Dense(4, 1));
    expect(() => model(ones([2], "float32"))).toThrow("layer 1 of Chain, (anonymous): matmul: inner lengths differ");
    expect(() => model(ones([2], "float32"))).toThrow(ShapeError);
    expect(() => Chain({ first: Dense(2, 3), project: model.layers[1] })(ones([2], "float32"))).toThrow("layer project of Chain, (anonymous): matmul:");
    expect(() => Chain(Chain(Dense(2, 3), Dense(2, 3)))(ones([2], "float32"))).toThrow(/^layer Dense\(2 => 3\) expects an input of size 2 in its last axis, got shape \[3\]\.$/);
    expect(() => Chain(Chain((x) => matmul(x, ones([4, 4]))))(ones([2]))).toThrow(/^layer 0 of Chain, \(anonymous\): matmul: inner/);
    const error = new TypeError("own");
    expect(() => Chain((_x: Value) => { throw error; })(1)).toThrow(error);
  });

  it("refuses what is no layer", () => {
    const any = Chain as (...layers: unknown[]) => unknown;
    expect(() => any([relu])).toThrow("Chain: expected a layer or function as layer 0, got an array. Write Chain(...layers).");
    expect(() => any(relu, Dense)).toThrow(new AutodiffError("Chain: layer 1 is Dense, which makes a layer and is none. Call it: Dense(…)."));
    expect(() => any(relu, 5)).toThrow("Chain: expected a layer or function as layer 1, got 5.");
    expect(() => any({ a: relu, b: null })).toThrow("Chain: expected a layer or function as layer b, got an object.");
    expect(() => any({ a: relu, 1: relu })).toThrow("the name of a layer must not be a whole number, got 1: JavaScript would put it before the others.");
    expect(() => any(null)).toThrow("Chain: expected a layer or function as layer 0, got an object.");
  });
});

describe("SkipConnection", () => {
  const layer = Dense.from({ weight: [[0, 1], [1, 0]], bias: [10, 20] });

  test.each(engines)("passes its input around a layer, by $adtype", (ad) => {
    const model = SkipConnection(layer, add);
    expect(plain(model([1, 2]))).toEqual([13, 23]);
    expectNumbers(ad, gradient((m, x: Tensor) => sum(mul(m(x), [1, 10])), ad, model, tensor([1, 2])), [
      { layer: { weight: [[1, 2], [10, 20]], bias: [1, 10], activation: null }, connection: null }, [11, 11],
    ]);
    const joined = SkipConnection(layer, (y, x) => concat([y, x as Tensor], { axis: -1 }));
    expect(plain(Chain(joined, (y) => mul(y, 2))(tensor([1, 2])))).toEqual([24, 42, 2, 4]);
    const learned = SkipConnection(layer, (y: Tensor) => y);
    expect(plain(learned([1, 2]))).toEqual([12, 21]);
  });

  it("keeps the order: the layer's result first", () => {
    expect(SkipConnection((x) => mul(x, 3), sub)(5)).toBe(10);
    expect(() => SkipConnection(layer, 5 as never)).toThrow("SkipConnection: expected a layer or function as connection, got 5.");
    expect(() => SkipConnection(Dense(2, 3), add)(ones([2], "float32"))).toThrow("layer connection of SkipConnection, add: add: shapes [3] and [2]");
  });
});

describe("Parallel", () => {
  const [a, b, c] = [Dense.from({ weight: [[1, 1]] }), Dense.from({ weight: [[2, 0]] }), Dense.from({ weight: [[0, 3]] })];

  test.each(engines)("joins results, by $adtype", (ad) => {
    const model = Parallel(add, a, b, c);
    expect(plain(model([1, 10]))).toEqual([11 + 2 + 30]);
    expect(plain(model([1, 10], [2, 20], [3, 30]))).toEqual([11 + 4 + 90]);
    expectNumbers(ad, gradient((m, x) => sum(m(x, [2, 20], [3, 30])), ad, model, tensor([1, 10])), [
      { connection: null, layers: [[1, 10], [2, 20], [3, 30]].map((x) => ({ weight: [x], bias: [1], activation: null })) }, [1, 1],
    ]);
  });

  it("folds a connection of two, and calls another with all", () => {
    const x = [1, 10];
    expect(plain(Parallel((y, z) => sub(y, z), a, b, c)(x))).toEqual([11 - 2 - 30]);
    expect(plain(Parallel(mul, a, b, c)(x))).toEqual([11 * 2 * 30]);
    expect(plain(Parallel((...ys) => concat(ys), a, b, c)(x))).toEqual([11, 2, 30]);
    expect(plain(Parallel((p, q, r) => add(mul(p, q), r), a, b, c)(x))).toEqual([52]);
    expect(plain(Parallel(add, a)(x))).toEqual([11]);
    const named = Parallel(add, { a, b });
    expect(plain(named(x))).toEqual([13]);
    expect(named.layers.a).toBe(a);
  });

  it("takes the several results of a layer before", () => {
    const split = Parallel((...ys) => ys, a, b);
    expect(plain(Chain(split, Parallel(add, (y: Tensor) => mul(y, 2), (y: Tensor) => mul(y, 3)))([1, 10]))).toEqual([28]);
    expect(plain(Parallel(add, a, b)([tensor([1, 10]), tensor([2, 20])] as never))).toEqual([15]);
  });

  test.each(engines)("takes an array of numbers for one vector, under $adtype too", (ad) => {
    const model = Parallel(add, a, b);
    expect(plain(model([[1, 10], [2, 20]]))).toEqual([[13], [26]]);
    expectNumbers(ad, gradient((m, x) => sum(m(x)), ad, model, [1, 10])[1], [3, 1]);
    expectNumbers(ad, gradient((m, x) => sum(m(x)), ad, model, [[1, 10], [2, 20]])[1], [[3, 1], [3, 1]]);
  });

  it("says what does not fit", () => {
    // @ts-expect-error one input for all, or one for each
    expect(() => Parallel(add, a, b)([1, 2], [3, 4], [5, 6])).toThrow("layer Parallel expects one input for all of its 2 layers, or one for each, got 3.");
    expect(() => Parallel(add)).toThrow("Parallel: expected at least one layer after the connection.");
    expect(() => Parallel(relu, a, b)([1, 2])).toThrow("layer Parallel: the connection is to join 2 results, and relu does not take as many.");
    expect(plain(Parallel(relu, Dense.from({ weight: [[-1, 0]] }))([1, 2]))).toEqual([0]);
    expect(() => SkipConnection(Dense(2, 2), relu)([1, 2])).toThrow("layer SkipConnection: the connection is to join 2 results, and relu does not take as many.");
    expect(() => Parallel(add, Dense(2, 3), Dense(2, 2))([1, 2])).toThrow("layer connection of Parallel, add: add: shapes [3] and [2]");
    expect(() => Parallel("add" as never, a)).toThrow("Parallel: expected a layer or function as connection, which comes first, got add.");
    expect(() => Parallel(add, Dense(2, 3), Dense(3, 3))(ones([2], "float32"))).toThrow("layer Dense(3 => 3) expects");
  });
});

describe("PairwiseFusion", () => {
  test.each(engines)("feeds each result to the next layer with the next input, by $adtype", (ad) => {
    const model = PairwiseFusion(add, (x: Value) => mul(x, 10), (x: Value) => square(x), (x: Value) => mul(x, -1));
    expect(model(1, 2, 3)).toEqual([10, 144, -147]);
    expect(model(1)).toEqual([10, 121, -122]);
    expectNumbers(ad, gradient((x, y, z) => model(x, y, z)[2], ad, 1, 2, 3), [-240, -24, -1]);
    const layers = PairwiseFusion(mul, Dense.from({ weight: [[2]] }), Dense.from({ weight: [[3]] }));
    expectNumbers(ad, gradient((m, x) => sum(m(x, [5])[1]), ad, layers, Const(tensor([7])))[0].layers, [
      { weight: [[105]], bias: [15], activation: null }, { weight: [[70]], bias: [1], activation: null },
    ]);
  });

  it("says what does not fit", () => {
    expect(() => PairwiseFusion(add)).toThrow("PairwiseFusion: expected at least one layer after the connection.");
    // @ts-expect-error one input for all, or one for each
    expect(() => PairwiseFusion(add, relu, relu, relu)(1, 2)).toThrow("got 2.");
  });
});

it("any function is a layer, composed too", () => {
  const model = Chain(compose(Dense(2, 3), LayerNorm(2)), (x) => x.mul(2), { sum: (x: Tensor) => sum(x) }.sum);
  const x = tensor([[1, 2]], null, "float32");
  expect(plain(model(x))).toBe(plain(sum(mul(model.layers[0](x), 2))));
  expectClose(gradient((m) => m(x), AutoTape(), model)[0].layers[0].outer.bias, [2, 2, 2], 0);
});
