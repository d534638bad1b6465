import { AutodiffError, Const, defineLayer, generator, load, loadState, ones, relu, save, state, tanh, Tensor, tensor, TreeError, zeros } from "polyad";
import { describe, expect, expectTypeOf, test } from "vitest";
import { plain } from "../../../test/support.js";

const Affine = defineLayer(
  "Affine",
  (nIn: number, nOut: number, { bias = true } = {}) => ({ weight: ones([nOut, nIn]), bias: bias ? zeros([nOut]) : null, act: relu }),
  (_self, x: Tensor) => x,
);

function message(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(TreeError);
    expect(error).toBeInstanceOf(AutodiffError);
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

describe("state", () => {
  test("is plain: arrays, objects and Maps, with null for what is no data", () => {
    class Pair {
      constructor(readonly left: unknown, readonly right: unknown) {}
    }
    const symbol = Symbol("id");
    const model = { layers: [Affine(2, 1), new Pair(3, "b")], map: new Map([["k", [true, null, undefined, symbol]]]), p: Const(0.5), c: Const(tensor([4])), f: tanh, big: 10n, when: new Date() };
    expect(plain(state(model))).toEqual({
      layers: [{ weight: [[1, 1]], bias: [0], act: null }, { left: 3, right: "b" }],
      map: new Map([["k", [true, null, null, null]]]),
      p: null, c: [4], f: null, big: 10n, when: null,
    });
    expect(state(model).layers[0]).not.toBeTypeOf("function");
    expect(Object.getPrototypeOf((state(model) as { layers: unknown[] }).layers[1])).toBe(Object.prototype);
  });

  test("tensors are shared; typed arrays and generators are copies, and stay tied", () => {
    const model = { x: tensor([1]), v: new Float32Array([1]), rng: generator(1), again: { v: new Float32Array(0), rng: generator(0) } };
    const tied = { ...model, again: { v: model.v, rng: model.rng } };
    const copy = state(tied);
    expect(copy.x).toBe(tied.x);
    expect(copy.again.v).toBe(copy.v);
    expect(copy.again.rng).toBe(copy.rng);
    tied.v[0] = 9;
    tied.rng.uniform();
    expect([copy.v[0], copy.rng.state()]).toEqual([1, generator(1).state()]);
    const bytes = Buffer.from([1, 0]); // whose slice would be no copy
    const kept = state({ bytes }).bytes;
    bytes[0] = 0;
    expect([...kept]).toEqual([1, 0]);
  });

  test("has the model's type, without its layers", () => {
    const model = { a: Affine(1, 1), n: 1, f: tanh, map: new Map<string, Tensor>(), c: Const(tensor(1)), p: Const(2) };
    expectTypeOf(state(model)).toEqualTypeOf<{ a: { weight: Tensor; bias: Tensor | null; act: null }; n: number; f: null; map: Map<string, Tensor>; c: Tensor; p: null }>();
    expectTypeOf(loadState(model, state(model))).toEqualTypeOf<typeof model>();
  });
});

describe("loadState", () => {
  test("gives a new model of the same types, with its own activations", () => {
    const from = { layer: Affine.from({ weight: tensor([[5, 6]]), bias: tensor([7]), act: tanh as typeof relu }), n: 3, list: new Int32Array([1]), training: true, rng: generator(4), c: Const(tensor([2])) };
    const model = { layer: Affine(2, 1), n: 0, list: new Int32Array(1), training: null as boolean | null, rng: generator(1), c: Const(tensor([0])) };
    for (const source of [from, state(from)]) {
      const loaded = loadState(model, source);
      expect(loaded.layer).toBeInstanceOf(Affine);
      expect(plain([loaded.layer.weight, loaded.layer.bias, loaded.n, loaded.c.value])).toEqual([[[5, 6]], [7], 3, [2]]);
      expect([loaded.layer.act, loaded.training, loaded.list]).toEqual([relu, null, new Int32Array([1])]);
      expect(loaded.rng.state()).toEqual(generator(4).state());
      expect(loaded.rng).not.toBe(from.rng);
    }
    expect(plain(model.layer.weight)).toEqual([[1, 1]]);
  });

  test("no bias and a bias of zeros are the same, and no other", () => {
    const [without, withZeros] = [[Affine(2, 3, { bias: false })], [Affine(2, 3)]];
    const withOnes = [Affine.from({ weight: ones([3, 2]), bias: ones([3]), act: relu })];
    expect(loadState(without, state(withZeros))[0]!.bias).toBe(null);
    expect(plain(loadState(withOnes, state(without))[0]!.bias)).toEqual([0, 0, 0]);
    expect(message(() => loadState(without, state(withOnes)))).toBe("loadState: the state does not fit the model:\n- 0.bias is nowhere in the model");
    expect(message(() => loadState({ weight: ones([1]) }, { weight: null }))).toBe("loadState: the state does not fit the model:\n- weight is missing: the model has float64[1] there");
    expect(message(() => loadState({ weight: null }, { weight: zeros([1]) }))).toContain("- weight is nowhere in the model");
    expect(message(() => loadState({ bias: ones([1]) }, {}))).toContain("- bias is missing");
    expect(message(() => loadState({ bias: null }, { bias: tensor([0, NaN]) }))).toContain("- bias is nowhere in the model");
    expect(message(() => load(save(withZeros), without))).toContain("- 0.bias is nowhere in the template");
  });

  test("names what is missing, extra, or of another kind", () => {
    const model = { layers: [Affine(2, 3), Affine(3, 1)], n: 1 };
    const other = { layers: [Affine(2, 4), Affine(4, 1), Affine(1, 1)], n: tensor([1], null, "int32") };
    expect(message(() => loadState(model, state(other)))).toBe(
      "loadState: the state does not fit the model:\n" +
        "- layers.0.weight is float64[4, 2] in the state and float64[3, 2] in the model\n" +
        "- layers.0.bias is float64[4] in the state and float64[3] in the model\n" +
        "- layers.1.weight is float64[1, 4] in the state and float64[1, 3] in the model\n" +
        "- n is int32[1] in the state and float64[] in the model\n" +
        "- layers.2.weight is nowhere in the model\n" +
        "- layers.2.bias is nowhere in the model",
    );
    expect(message(() => loadState(model, null))).toContain("- layers.0.weight is missing: the model has float64[3, 2] there");
    expect(message(() => loadState(tensor([1]), tensor([1, 2])))).toBe("loadState: the state does not fit the model:\n- the root is float64[2] in the state and float64[1] in the model");
  });

  test("ties must agree", () => {
    const w = tensor([1]);
    const [tied, apart] = [{ a: { w }, b: { w } }, { a: { w }, b: { w: tensor([2]) } }];
    expect(message(() => loadState(tied, state(apart)))).toContain("- b.w is the array of a.w in the model, and another one in the state");
    expect(message(() => loadState(apart, state(tied)))).toContain("- b.w is the array of a.w in the state, and another one in the model");
    const loaded = loadState(tied, state({ ...tied }));
    expect(loaded.a.w).toBe(loaded.b.w);
  });
});
