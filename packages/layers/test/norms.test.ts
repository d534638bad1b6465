import {
  add, AutoForward, AutoTape, BatchNorm, Const, flatten, functor, gradient, GroupNorm, hessian, identity, InstanceNorm, LayerNorm, mul, ones, randn, generator, relu, square, sum, tensor, Tensor,
  testMode, trainMode, withState, zeros, type AnyLayer,
} from "polyad";
import { describe, expect, it, test } from "vitest";
import { engines, exact, expectClose, plain } from "../../../test/support.js";

type Fields = Record<string, unknown>;

/** The same layer with arrays of float64, scale and bias of no special values. */
function wide<L extends AnyLayer>(layer: L): L {
  const { children, rebuild } = layer[functor]()!;
  const rng = generator(5);
  const fields = Object.entries(children as Fields).map(([key, x]) => {
    if (!(x instanceof Tensor)) return [key, x];
    return [key, key === "variance" ? add(square(randn(rng, x.shape)), 0.5) : randn(rng, x.shape)];
  });
  return rebuild(Object.fromEntries(fields)) as L;
}

/** Plain loops: the elements of x, shape [n, c, s], normalised within what `group` gives the same name. */
function byHand(x: Tensor, group: (n: number, c: number, s: number) => string, { scale, bias }: { scale: Tensor | null; bias: Tensor | null }): number[] {
  const [, channels, pixels] = [x.shape[0]!, x.shape[1]!, x.shape.slice(2).reduce((a, b) => a * b, 1)];
  const data = [...x.dataSync()];
  const at = (i: number): [number, number, number] => [Math.floor(i / (channels * pixels)), Math.floor(i / pixels) % channels, i % pixels];
  const groups = new Map<string, number[]>();
  data.forEach((v, i) => {
    const name = group(...at(i));
    groups.set(name, [...(groups.get(name) ?? []), v]);
  });
  return data.map((v, i) => {
    const members = groups.get(group(...at(i)))!;
    const mean = members.reduce((a, b) => a + b, 0) / members.length;
    const variance = members.reduce((a, b) => a + (b - mean) ** 2, 0) / members.length;
    const y = (v - mean) / Math.sqrt(variance + 1e-5);
    const [, c] = at(i);
    return (scale === null ? 1 : scale.dataSync()[c]!) * y + (bias === null ? 0 : bias.dataSync()[c]!);
  });
}

const image = randn(generator(1), [3, 4, 2, 5], { mean: 2, std: 3 });
const flat = (x: Tensor): unknown => plain([...x.dataSync()]);
const inTraining = (model: AnyLayer): ((x: Tensor) => Tensor) => (x) => {
  let y: Tensor | undefined;
  withState(() => sum((y = (model as unknown as (v: Tensor) => Tensor)(x))))();
  return y!;
};

describe("values", () => {
  it("of BatchNorm are those of plain loops, in training and in use", () => {
    const layer = wide(trainMode(BatchNorm(4)));
    expectClose(flat(inTraining(layer)(image)), byHand(image, (_n, c) => `${c}`, layer), 1e-12);
    const used = testMode(layer);
    const [mean, variance, scale, bias] = [used.mean!, used.variance!, used.scale!, used.bias!].map((t) => [...t.dataSync()]);
    const expected = [...image.dataSync()].map((v, i) => {
      const c = Math.floor(i / 10) % 4;
      return scale![c]! * ((v - mean![c]!) / Math.sqrt(variance![c]! + 1e-5)) + bias![c]!;
    });
    expectClose(flat(used(image)), expected, 1e-12);
  });

  it("of BatchNorm without running statistics are the batch's, in use too", () => {
    const layer = wide(testMode(BatchNorm(4, relu, { trackStats: false })));
    expect([layer.mean, layer.variance]).toEqual([null, null]);
    expectClose(flat(layer(image)), byHand(image, (_n, c) => `${c}`, layer).map((y) => Math.max(0, y)), 1e-12);
    expectClose(flat(trainMode(layer)(image)), flat(layer(image)), 0);
  });

  it("of BatchNorm on [N, C] are those over the batch", () => {
    const x = tensor([[1, -4], [3, 8], [5, 8]]);
    const layer = wide(trainMode(BatchNorm(2)));
    expectClose(flat(inTraining(layer)(x)), byHand(x, (_n, c) => `${c}`, layer), 1e-12);
  });

  it("of GroupNorm and InstanceNorm are those of plain loops", () => {
    const group = wide(GroupNorm(4, 2));
    expectClose(flat(group(image)), byHand(image, (n, c) => `${n} ${c >> 1}`, group), 1e-12);
    const one = wide(GroupNorm(4, 1, relu));
    expectClose(flat(one(image)), byHand(image, (n) => `${n}`, one).map((y) => Math.max(0, y)), 1e-12);
    const instance = wide(InstanceNorm(4, undefined, { affine: true }));
    expectClose(flat(instance(image)), byHand(image, (n, c) => `${n} ${c}`, instance), 1e-12);
    expectClose(flat(InstanceNorm(4)(image)), byHand(image, (n, c) => `${n} ${c}`, { scale: null, bias: null }), 1e-12);
  });

  it("of LayerNorm are those of plain loops, over one axis or several", () => {
    const layer = wide(LayerNorm(5));
    const [scale, bias] = [layer.scale!, layer.bias!].map((t) => [...t.dataSync()]);
    const plainly = byHand(tensor(image.dataSync(), [24, 1, 5]), (n) => `${n}`, { scale: null, bias: null });
    expectClose(flat(layer(image)), plainly.map((y, i) => scale![i % 5]! * y + bias![i % 5]!), 1e-12);
    const two = LayerNorm([2, 5], undefined, { affine: false });
    expectClose(flat(two(image)), byHand(image, (n, c) => `${n} ${c}`, { scale: null, bias: null }), 1e-12);
    expectClose(flat(two(tensor(image.dataSync().slice(0, 10), [2, 5]))), flat(two(image)) instanceof Array ? (flat(two(image)) as number[]).slice(0, 10) : null, 1e-14);
  });

  it("are right for tiny inputs, and never give a wrong number where the variance overflows", () => {
    const both = (size: number, dtype: "float32" | "float64") => tensor([[size, -size], [3 * size, 5 * size]], null, dtype);
    const layers = (dtype: "float32" | "float64") =>
      [LayerNorm(2, identity, { affine: false }), GroupNorm(2, 1, identity, { affine: false }), trainMode(BatchNorm(2, identity, { affine: false, trackStats: false }))].map(
        (layer) => (size: number) => layer(both(size, dtype)),
      );
    // Rows ±s and 4s ± s, columns 2s ± s and 2s ± 3s.
    const rows = (size: number) => [[1, -1], [-1, 1]].map((row) => row.map((x) => (x * size) / Math.sqrt(size ** 2 + 1e-5)));
    const columns = (size: number) => [-1, 1].map((x) => [1, 3].map((k) => (x * k * size) / Math.sqrt((k * size) ** 2 + 1e-5)));
    for (const [dtype, sizes, beyond, within] of [["float64", [1e-300, 1e-160, 1e-3, 1, 1e100, 1e150], [1e160, 1e300], 1e-14], ["float32", [1e-30, 1e-3, 1, 1e18], [1e25, 1e38], 1e-6]] as const) {
      const [layer, group, batch] = layers(dtype) as [(size: number) => Tensor, (size: number) => Tensor, (size: number) => Tensor];
      for (const given of sizes) {
        const size = dtype === "float32" ? Math.fround(given) : given;
        const scale = Math.max(1, 1 / size);
        const scaled = (y: Tensor | number[][]) => (y instanceof Tensor ? (y.toArray() as number[][]) : y).map((row) => row.map((v) => v * scale));
        expectClose(scaled(layer(given)), scaled(rows(size)), within);
        expectClose(scaled(group(given)), scaled(rows(size)), within);
        expectClose(scaled(batch(given)), scaled(columns(size)), within);
      }
      for (const size of beyond) for (const f of [layer, group, batch]) expect((f(size).toArray() as number[][]).flat()).toEqual([NaN, NaN, NaN, NaN]);
    }
  });

  it("keep their digits beside a large mean", () => {
    const x = tensor([1e8, 1e8 + 1, 1e8 + 2, 1e8 + 5]);
    expectClose(LayerNorm(4, undefined, { affine: false, eps: 1e-300 })(x), [-2, -1, 0, 3].map((d) => d / Math.sqrt(3.5)), 1e-12);
    const rough = tensor(new Float32Array([1e4, 1e4 + 1, 1e4 + 2, 1e4 + 5]));
    expectClose(LayerNorm(4)(rough), [-2, -1, 0, 3].map((d) => d / Math.sqrt(3.5)), 1e-3);
  });

  it("of a constant input are zeros with finite derivatives", () => {
    const x = tensor([[3, 3, 3]]);
    for (const eps of [1, 1e-5]) {
      const layer = LayerNorm(3, undefined, { affine: false, eps });
      expect(plain(layer(x))).toEqual([[0, 0, 0]]);
      const f = (v: Tensor) => sum(mul(layer(v), tensor([1, 2, 4])));
      const expected = [[[1, 2, 4].map((w) => (w - 7 / 3) / Math.sqrt(eps))]];
      // Differences step further than a variance of 1e-5 reaches.
      for (const ad of eps === 1 ? engines : exact) expectClose(gradient(f, ad, x), expected, ad.adtype === "finite-diff" ? 1e-8 : 1e-12);
    }
  });

  it("of nothing are nothing", () => {
    expect(LayerNorm(3)(zeros([0, 3], "float32")).shape).toEqual([0, 3]);
    expect(testMode(BatchNorm(3))(zeros([0, 3, 2], "float32")).shape).toEqual([0, 3, 2]);
    expect(GroupNorm(4, 2)(zeros([0, 4, 2], "float32")).shape).toEqual([0, 4, 2]);
  });
});

describe("derivatives", () => {
  const x = randn(generator(2), [3, 4, 2], { mean: 1, std: 2 });
  const w = randn(generator(3), [3, 4, 2]);
  const layers = { BatchNorm: wide(trainMode(BatchNorm(4))), "BatchNorm in use": wide(testMode(BatchNorm(4))), GroupNorm: wide(GroupNorm(4, 2)), InstanceNorm: wide(InstanceNorm(4, undefined, { affine: true })), LayerNorm: wide(LayerNorm([4, 2])) };

  test.each(Object.entries(layers))("of %s agree on every engine", (_name, layer) => {
    const f = withState((m: AnyLayer, v: Tensor) => sum(mul(square((m as unknown as (t: Tensor) => Tensor)(v)), w)));
    const loss = (m: AnyLayer, v: Tensor) => f(m, v).loss;
    const [tape, ...others] = engines.map((ad) => gradient(loss as never, ad, layer as never, x));
    for (const [i, other] of others.entries()) expectClose(other, tape, i === 2 ? 1e-7 : 1e-12);
    expect(flatten(tape).leaves.length).toBeGreaterThan(4);
  });

  test.each(Object.entries(layers))("of second order of %s agree", (_name, layer) => {
    const v = randn(generator(4), [2, 4, 2]);
    const f = withState((m: Tensor) => sum(mul(square((layer as unknown as (t: Tensor) => Tensor)(m)), tensor(w.dataSync().slice(0, 16), [2, 4, 2]))));
    const [tape, forward] = [AutoTape(), AutoForward()].map((ad) => hessian((m) => f(m).loss, ad, v));
    expectClose(forward, tape, 1e-10);
    const step = 1e-5;
    const g = (t: Tensor): number[] => [...gradient((m) => f(m).loss, AutoTape(), t)[0].dataSync()];
    const e = tensor(Float64Array.from({ length: 16 }, (_, i) => (i === 3 ? step : 0)), [2, 4, 2]);
    const column = g(add(v, e)).map((a, i) => (a - g(add(v, mul(e, -1)))[i]!) / (2 * step));
    expectClose((plain([...tape!.dataSync()]) as number[]).slice(3 * 16, 4 * 16), column, 1e-6);
  });
});

describe("layers", () => {
  it("print, keep float32, and train scale and bias only", () => {
    expect([BatchNorm(64, relu), BatchNorm(3), GroupNorm(6, 2, relu), LayerNorm([2, 3], relu), InstanceNorm(4), BatchNorm(3, undefined, { affine: false })].map(String)).toEqual([
      "BatchNorm(64, relu)", "BatchNorm(3)", "GroupNorm(6, 2, relu)", "LayerNorm(2, 3, relu)", "InstanceNorm(4, affine=false)", "BatchNorm(3, affine=false)",
    ]);
    const x = ones([2, 4, 3], "float32");
    for (const layer of [testMode(BatchNorm(4)), GroupNorm(4, 2), InstanceNorm(4), LayerNorm([4, 3])]) expect(layer(x).dtype).toBe("float32");
    expect(inTraining(trainMode(BatchNorm(4)))(x).dtype).toBe("float32");
    const { state } = withState(() => sum(trainMode(BatchNorm(4))(x)))();
    expect([...state.values()].map(({ mean, variance }) => [mean!.dtype, variance!.dtype, mean!.shape])).toEqual([["float32", "float32", [4]]]);
    expect(plain(testMode(BatchNorm(2))(tensor(new Int32Array([1, 2]), [1, 2])))).toEqual([[Math.fround(1 / Math.sqrt(1 + 1e-5)), expect.closeTo(2, 4)]]);
  });

  it("say what does not fit", () => {
    expect(() => testMode(BatchNorm(3))(zeros([2, 4]))).toThrow("layer BatchNorm(3) expects an input of shape [N, 3, ...], got shape [2, 4].");
    expect(() => testMode(BatchNorm(3))(zeros([3]))).toThrow("got shape [3].");
    expect(() => trainMode(BatchNorm(3))(zeros([1, 3]))).toThrow("layer BatchNorm(3) in training needs at least two values in each channel, got shape [1, 3]. Use larger batches, or testMode(model).");
    expect(() => trainMode(BatchNorm(3))(zeros([0, 3]))).toThrow("needs at least two values in each channel");
    expect(() => BatchNorm(0)).toThrow("BatchNorm: expected whole numbers of at least 1 as sizes, got 0.");
    expect(() => BatchNorm(2, undefined, { momentum: 1.5 })).toThrow("BatchNorm: expected a momentum between 0 and 1, got 1.5.");
    expect(() => BatchNorm(2, undefined, { eps: 0 })).toThrow("BatchNorm: expected eps > 0, got 0.");
    expect(() => GroupNorm(6, 4)).toThrow("GroupNorm: 4 groups do not divide 6 channels.");
    expect(() => GroupNorm(5, 2.5)).toThrow("GroupNorm: 2.5 groups do not divide 5 channels.");
    expect(() => GroupNorm(6, 2)(zeros([6]))).toThrow("layer GroupNorm(6, 2) expects an input of shape [N, 6, ...], got shape [6].");
    expect(() => InstanceNorm(3)(zeros([2, 3]))).toThrow("layer InstanceNorm(3) expects axes after the channels to normalise over, got shape [2, 3].");
    expect(() => LayerNorm([2, 3])(zeros([3, 2]))).toThrow("layer LayerNorm(2, 3) expects an input of size [2, 3] in its last axes, got shape [3, 2].");
    expect(() => LayerNorm([])).toThrow("LayerNorm: expected the size of at least one axis");
    expect(() => gradient((m: AnyLayer) => sum((m as never as (x: Tensor) => Tensor)(zeros([2, 3]))), AutoTape(), Const(BatchNorm(3)))).toThrow("has not been told");
  });
});
