import {
  AdaptiveMaxPool, AdaptiveMeanPool, AutodiffError, AutoTape, conv, Conv, convTranspose, ConvTranspose, DepthwiseConv, flip, fmap, generator, GlobalMaxPool, GlobalMeanPool, gradient,
  hessian, leaves, max, maxPool, MaxPool, mean, MeanPool, meanPool, mul, ones, randn, relu, reshape, SamePad, ShapeError, softmax, square, sub, sum, tanh, tensor, Tensor, withGenerator,
  type AnyLayer, type Value,
} from "polyad";
import { describe, expect, expectTypeOf, test, vi } from "vitest";
import { engines, exact, expectClose, plain } from "../../../test/support.js";

const images = (shape: readonly number[], seed = 1): Tensor => randn(generator(seed), shape, { dtype: "float32" });
const shapeOf = (layer: (x: Tensor) => Tensor, ...shape: readonly number[]): readonly number[] => layer(ones(shape, "float32")).shape;

/** The same layer in float64. */
function wide<L extends AnyLayer>(layer: L): L {
  return fmap((x: unknown) => (x instanceof Tensor ? x.cast("float64") : x), layer) as L;
}

describe("Conv", () => {
  test("is a cross-correlation, a bias for each channel, and an activation", () => {
    const layer = Conv([2, 3], [3, 4], tanh, { strides: [2, 1], padding: [1, [0, 2]], dilation: [1, 2], init: (rng, shape) => randn(rng, shape, { dtype: "float64" }) });
    const made = Conv.from({ weight: layer.weight, bias: [1, -2, 3, 0.5], activation: tanh, strides: [2, 1], padding: [1, [0, 2]], dilation: [1, 2] });
    const x = randn(generator(3), [2, 3, 5, 6]);
    const y = conv(x, layer.weight, { strides: [2, 1], padding: [1, [0, 2]], dilation: [1, 2] });
    expectClose(made(x), tanh(y.add(reshape(tensor([1, -2, 3, 0.5]), [4, 1, 1]))), 1e-14);
    expectClose(layer(x), tanh(y), 1e-14);
  });

  test("by hand", () => {
    const layer = Conv.from({ weight: [[[[1, 2], [3, 4]]]], bias: [10] });
    expect(layer([[[[1, 0, 0], [0, 1, 0]]]]).toArray()).toEqual([[[[15, 13]]]]);
    const flipped = Conv.from({ weight: [[[[1, 2], [3, 4]]]], bias: [10], flip: true });
    expect(flipped([[[[1, 0, 0], [0, 1, 0]]]]).toArray()).toEqual([[[[15, 12]]]]);
    const signals = Conv.from({ weight: [[[1, 2]], [[-1, 1]]], bias: null, groups: 2 });
    expect(signals([[[1, 2, 3], [4, 4, 5]]]).toArray()).toEqual([[[5, 8], [0, 1]]]);
  });

  test("fields: [out, in / groups, ...kernel] and [out], float32, drawn from the generator", () => {
    const layer = Conv([3, 5], [4, 6], relu, { groups: 2, rng: generator(7) });
    expect([layer.weight.shape, layer.bias.shape, layer.weight.dtype, layer.bias.dtype]).toEqual([[6, 2, 3, 5], [6], "float32", "float32"]);
    expect(layer.activation).toBe(relu);
    const limit = Math.sqrt(6 / ((2 + 6) * 15));
    expect(Math.max(...layer.weight.dataSync())).toBeLessThanOrEqual(limit);
    expect(Math.max(...layer.weight.dataSync())).toBeGreaterThan(0.9 * limit);
    const build = (): unknown => Conv(3, [1, 2]).weight.toArray();
    expect(withGenerator(generator(1), build)).toEqual(withGenerator(generator(1), build));
    expect(withGenerator(generator(1), build)).not.toEqual(withGenerator(generator(2), build));
    expect(leaves(layer).filter((x) => x instanceof Tensor)).toHaveLength(2);
    expect(layer).toBeInstanceOf(Conv);
    expectTypeOf(layer.bias).toEqualTypeOf<Tensor>();
    expectTypeOf(Conv(3, [1, 2], relu, { bias: false }).bias).toEqualTypeOf<null>();
  });

  test.each<[string, readonly number[], readonly number[], AnyLayer]>([
    ["a kernel of one number, over signals", [5, 2, 20], [5, 3, 16], Conv(5, [2, 3])],
    ["or of [one number]", [5, 2, 20], [5, 3, 16], Conv([5], [2, 3])],
    ["images", [2, 1, 28, 20], [2, 8, 26, 16], Conv([3, 5], [1, 8])],
    ["SamePad keeps the size", [2, 1, 7, 8], [2, 8, 7, 8], Conv([3, 4], [1, 8], relu, { padding: SamePad() })],
    ["also where dilated", [2, 1, 9, 8], [2, 8, 9, 8], Conv([3, 2], [1, 8], relu, { padding: "same", dilation: [3, 2] })],
    ["with strides it is the size over the strides, rounded up", [2, 1, 7, 8], [2, 8, 4, 3], Conv([3, 4], [1, 8], relu, { padding: "same", strides: [2, 3] })],
    ["no samples", [0, 1, 4, 4], [0, 2, 2, 2], Conv([3, 3], [1, 2])],
    ["depthwise", [2, 4, 5, 5], [2, 8, 3, 3], DepthwiseConv([3, 3], [4, 8])],
    ["transposed", [2, 4, 5, 5], [2, 3, 11, 11], ConvTranspose([3, 3], [4, 3], relu, { strides: 2 })],
    ["transposed, more at the end", [2, 4, 5], [2, 3, 12], ConvTranspose(3, [4, 3], relu, { strides: 2, outputPadding: 1 })],
    ["transposed SamePad: times the strides", [2, 4, 5, 6], [2, 3, 10, 18], ConvTranspose([4, 3], [4, 3], relu, { strides: [2, 3], padding: SamePad() })],
    ["also for a kernel shorter than the strides", [2, 4, 5], [2, 3, 15], ConvTranspose(2, [4, 3], relu, { strides: 3, padding: "same" })],
    ["transposed in groups", [2, 4, 5], [2, 6, 6], ConvTranspose(2, [4, 6], relu, { groups: 2 })],
    ["max pooling", [2, 4, 5, 7], [2, 4, 2, 3], MaxPool([2, 2])],
    ["with strides and padding", [2, 4, 5, 7], [2, 4, 3, 4], MaxPool([3, 3], { strides: 2, padding: 1 })],
    ["same padding", [2, 4, 5, 7], [2, 4, 5, 7], MaxPool([2, 3], { strides: 1, padding: "same" })],
    ["mean pooling of signals", [2, 4, 9], [2, 4, 3], MeanPool(3)],
    ["global", [2, 4, 5, 7], [2, 4, 1, 1], GlobalMeanPool()],
    ["global, of signals", [2, 4, 5], [2, 4, 1], GlobalMaxPool()],
    ["adaptive", [2, 4, 7, 9], [2, 4, 3, 3], AdaptiveMeanPool([3, 3])],
  ])("shapes: %s", (_what, given, expected, layer) => {
    expect([...shapeOf(layer as unknown as (x: Tensor) => Tensor, ...given)]).toEqual(expected);
  });

  test("same padding has its larger half first", () => {
    const layer = Conv.from({ weight: [[[0, 0, 0, 1]]], padding: SamePad() });
    expect(layer([[[1, 2, 3, 4]]]).toArray()).toEqual([[[2, 3, 4, 0]]]);
  });

  test("prints its sizes and what is not usual", () => {
    expect(String(Conv([3, 3], [1, 8], relu))).toBe("Conv((3, 3), 1 => 8, relu)");
    expect(String(Conv(5, [2, 4]))).toBe("Conv((5,), 2 => 4)");
    expect(String(Conv([3, 2], [4, 8], tanh, { strides: [2, 1], padding: SamePad(), dilation: 2, groups: 4, flip: true, bias: false }))).toBe(
      "Conv((3, 2), 4 => 8, tanh, strides=(2, 1), padding=(2, 1), dilation=2, groups=4, flip=true, bias=false)",
    );
    expect(String(Conv([2, 2], [1, 1], undefined, { padding: "same" }))).toBe("Conv((2, 2), 1 => 1, padding=(1, 0))");
    expect(String(ConvTranspose([3, 3], [4, 8], relu, { strides: 2, outputPadding: [0, 1] }))).toBe("ConvTranspose((3, 3), 4 => 8, relu, strides=2, outputPadding=(0, 1))");
    expect([MaxPool([2, 2]), MaxPool(3, { strides: 1 }), MeanPool([2, 3], { padding: [1, [0, 1]] }), GlobalMeanPool(), AdaptiveMaxPool([2, 3])].map(String)).toEqual([
      "MaxPool((2, 2))", "MaxPool((3,), strides=1)", "MeanPool((2, 3), padding=(1, (0, 1)))", "GlobalMeanPool()", "AdaptiveMaxPool((2, 3))",
    ]);
  });

  test("an input of another float dtype is cast with one warning, integers without", () => {
    const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    try {
      const layer = Conv([2, 2], [1, 3], relu);
      for (let i = 0; i < 2; i++) expect(layer(ones([1, 1, 4, 4])).dtype).toBe("float32");
      expect(layer(ones([1, 1, 4, 4], "int32")).dtype).toBe("float32");
      expect(warnings.mock.calls.map(([message]) => message)).toEqual([
        'layer Conv((2, 2), 1 => 3, relu) computes in float32 and got float64, which is cast at every call. Cast it once, before: cast(x, "float32").',
      ]);
    } finally {
      warnings.mockRestore();
    }
  });
});

describe("pooling layers are the ops", () => {
  const x = images([2, 3, 6, 7]);
  test.each<[AnyLayer, (x: Tensor) => Tensor]>([
    [MaxPool([2, 3], { strides: [1, 2], padding: [0, 1] }), (t) => maxPool(t, [2, 3], { strides: [1, 2], padding: [0, 1] })],
    [MeanPool([2, 3], { padding: "same" }), (t) => meanPool(t, [2, 3], { padding: [[1, 0], [1, 1]] })],
    [GlobalMaxPool(), (t) => max(t, { axis: [2, 3], keepDims: true })],
    [GlobalMeanPool(), (t) => mean(t, { axis: [2, 3], keepDims: true })],
    [AdaptiveMaxPool([2, 3]), (t) => maxPool(t, [3, 3], { strides: [3, 2] })],
    [AdaptiveMeanPool([6, 1]), (t) => meanPool(t, [1, 7])],
    [ConvTranspose.from({ weight: ones([3, 2, 2, 2], "float32"), bias: null, flip: true, padding: 1 }), (t) => convTranspose(t, flip(ones([3, 2, 2, 2], "float32"), { axis: [2, 3] }), { padding: 1 })],
  ])("%s", (layer, op) => expect(plain((layer as unknown as (t: Tensor) => Tensor)(x))).toEqual(plain(op(x))));
});

test.each(engines)("gradients have the layer's fields, and agree: %j", (ad) => {
  const layer = wide(Conv([2, 2], [2, 3], tanh, { padding: "same", strides: 2, rng: generator(5) }));
  const x = randn(generator(6), [2, 2, 3, 4]);
  const loss = (m: typeof layer, t: Tensor): Value => mean(square(sub(MeanPool([2, 1])(m(t)), 0.25)));
  const [reference] = gradient(loss, AutoTape(), layer, x);
  const [grad, dx] = gradient(loss, ad, layer, x);
  expect(Object.keys(grad)).toEqual(["weight", "bias", "activation", "placement"]);
  expect([grad.activation, grad.placement, dx.shape]).toEqual([null, null, x.shape]);
  expectClose(grad, reference, ad.adtype === "finite-diff" ? 1e-8 : 1e-13);
});

test.each(exact)("training a kernel finds the one that made the data: %j", (ad) => {
  const x = randn(generator(1), [16, 1, 6, 6]);
  const target = tensor([[[[0.5, -1], [2, 0.25]]]]);
  const y = conv(x, target);
  let w: Tensor = tensor([[[[0, 0], [0, 0]]]]);
  const loss = (k: Tensor): Value => mean(square(sub(Conv.from({ weight: k, bias: null })(x), y)));
  const h = reshape(hessian(loss, ad, w), [4, 4]);
  // The loss is quadratic: one Newton step reaches its minimum.
  w = sub(w, reshape(h.solve(reshape(gradient(loss, ad, w)[0], [4])), [1, 1, 2, 2])) as Tensor;
  expectClose(w, target, 1e-12);
});

describe("errors name the layer", () => {
  const layer = Conv([3, 3], [2, 4], relu);
  test.each<[string, new (message: string) => Error, () => unknown]>([
    ["layer Conv((3, 3), 2 => 4, relu) expects an input of shape [N, 2, H, W], got shape [5, 3, 8, 8].", ShapeError, () => layer(ones([5, 3, 8, 8], "float32"))],
    ["layer Conv((3, 3), 2 => 4, relu) expects an input of shape [N, 2, H, W], got shape [2, 8, 8].", ShapeError, () => layer(ones([2, 8, 8], "float32"))],
    ["layer Conv((3, 3), 2 => 4, relu) expects an input of size (3, 3) at least, got shape [1, 2, 8, 2]. Use more padding, or a smaller window.", ShapeError, () => layer(ones([1, 2, 8, 2], "float32"))],
    ["layer Conv((3,), 2 => 4) expects an input of shape [N, 2, L], got shape [1, 2, 8, 8].", ShapeError, () => Conv(3, [2, 4])(ones([1, 2, 8, 8], "float32"))],
    ["layer ConvTranspose((3, 3), 2 => 4) expects an input of shape [N, 2, H, W], got shape [1, 4, 8, 8].", ShapeError, () => ConvTranspose([3, 3], [2, 4])(ones([1, 4, 8, 8], "float32"))],
    ["layer MaxPool((2, 2)) expects an input of shape [N, C, H, W], got shape [1, 8, 8].", ShapeError, () => MaxPool([2, 2])(ones([1, 8, 8]))],
    ["layer MeanPool((3,)) expects an input of size (3,) at least, got shape [1, 8, 2]. Use more padding, or a smaller window.", ShapeError, () => MeanPool(3)(ones([1, 8, 2]))],
    ["layer GlobalMeanPool() expects an input of shape [N, C, L] or [N, C, H, W], got shape [3, 4].", ShapeError, () => GlobalMeanPool()(ones([3, 4]))],
    ["layer AdaptiveMaxPool((3,)) expects an input of size (3,) at least, got shape [1, 8, 2]. Use more padding, or a smaller window.", ShapeError, () => AdaptiveMaxPool(3)(ones([1, 8, 2]))],
    ["Conv: 3 groups do not divide 6 channels in and 4 out.", AutodiffError, () => Conv([3, 3], [6, 4], relu, { groups: 3 })],
    ["Conv: expected channels as [in, out], got 8.", AutodiffError, () => Reflect.apply(Conv, undefined, [[3, 3], 8])],
    ["Conv: expected whole numbers of at least 1 as sizes, got 3, 0.", AutodiffError, () => Conv([3, 0], [1, 2])],
    ["Conv: expected a window of one size, for signals, or of two, for images, got [1,2,3].", AutodiffError, () => Reflect.apply(Conv, undefined, [[1, 2, 3], [1, 2]])],
    ["Conv: expected strides to be a whole number of at least 1, or one for each of 2 spatial axes, got -1.", AutodiffError, () => Conv([3, 3], [1, 2], relu, { strides: -1 })],
    ['Conv: expected padding to be "same", a whole number of at least 0, or for each of 2 spatial axes a number or [before, after], got [1].', AutodiffError, () => Conv([3, 3], [1, 2], relu, { padding: [1] })],
    ["Conv.from: expected a bias of shape [1] beside a weight of shape [1, 1, 2], got shape [2].", ShapeError, () => Conv.from({ weight: [[[1, 2]]], bias: [1, 2] })],
  ])("%s", (message, kind, f) => {
    expect(f).toThrow(new kind(message));
  });

  test("softmax is no activation of a layer, and options are no activation", () => {
    expect(() => Conv([3, 3], [1, 2], softmax)).toThrow("Conv: softmax needs to be outside of the layer");
    expect(() => Reflect.apply(Conv, undefined, [[3, 3], [1, 2], { strides: 2 }])).toThrow("Conv: expected an activation function, got [object Object]. Options come after it");
  });
});

test("sums of squares of an image flow through a stack of layers", () => {
  const layers = [Conv([3, 3], [1, 8], relu, { padding: SamePad() }), MaxPool([2, 2]), Conv([3, 3], [8, 4], relu), GlobalMeanPool()];
  const f = (t: Tensor): Tensor => layers.reduce((h, layer) => (layer as unknown as (x: Tensor) => Tensor)(h), t);
  const [dx] = gradient((t) => sum(mul(f(t), f(t))), AutoTape(), images([2, 1, 12, 10]));
  expect([...dx.shape]).toEqual([2, 1, 12, 10]);
  expect(dx.dataSync().some((v) => v !== 0)).toBe(true);
});
