import { describe, expect, test } from "vitest";
import {
  add, AutoForward, AutoTape, conv, convFilter, convTranspose, gradient, hessian, hvp, jacobian, maxPool, meanPool, mul, prepareGradient, pullback, pushforward, relu, reshape, SecondOrder,
  ShapeError, square, sum, tanh, tensor, trace, zeros, type Tensor, type Value,
} from "polyad";
import { batched } from "../packages/core/src/batch.js";
import { poolAtMax } from "../packages/core/src/primitives/poolAtMax.js";
import { unpoolAtMax } from "../packages/core/src/primitives/unpoolAtMax.js";
import { engines, exact, expectClose } from "./support.js";

// Convolution and pooling under the engines; their values are held to loops in packages/core/test/host/conv.test.ts, their
// derivatives to the laws and scenarios of conformance/.

const draw = (shape: readonly number[], seed: number): Tensor =>
  tensor(Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7919 + seed * 104729) % 10007) / 5000 - 1), shape);

const options = { strides: [2, 1], padding: [[1, 0], 1], dilation: [1, 2], groups: 2 } as const;
const x = draw([2, 4, 5, 6], 1);
const w = draw([6, 2, 2, 2], 2);

test("⟨y, conv(x, w)⟩ = ⟨convTranspose(y, w), x⟩ = ⟨w, convFilter(x, y)⟩", () => {
  const y = draw(conv(x, w, options).shape, 3);
  const inner = (a: Value, b: Value): number => (sum(mul(a, b)) as Tensor).item();
  const form = inner(y, conv(x, w, options));
  expectClose(inner(convTranspose(y, w, options), x), form, 1e-13);
  expectClose(inner(w, convFilter(x, y, 2, options)), form, 1e-13);
});

/** Two layers of convolution with pooling, as a function of an image and a kernel. */
function network({ image, kernel }: { image: Tensor; kernel: Tensor }): Tensor {
  const h = maxPool(tanh(conv(image, kernel, { padding: 1 })), 2, { strides: 1 });
  return sum(square(meanPool(convTranspose(h, kernel, { strides: 2 }), [2, 3]))) as Tensor;
}
const point = { image: draw([1, 2, 3, 4], 4), kernel: draw([2, 2, 2, 2], 5) };

test.each(engines)("a network's gradient is the limit of differences: %j", (ad) => {
  const [reference] = gradient(network, AutoTape(), point);
  const [got] = gradient(network, ad, point);
  expectClose(got, reference, ad.adtype === "finite-diff" ? 1e-7 : 1e-12);
  const v = { image: draw([1, 2, 3, 4], 6), kernel: draw([2, 2, 2, 2], 7) };
  const h = 1e-5;
  const at = (t: number): number => network({ image: add(point.image, mul(t, v.image)) as Tensor, kernel: add(point.kernel, mul(t, v.kernel)) as Tensor }).item();
  const slope = (sum(mul(reference.image, v.image)) as Tensor).item() + (sum(mul(reference.kernel, v.kernel)) as Tensor).item();
  expectClose(slope, (at(h) - at(-h)) / (2 * h), 1e-7);
});

test("second derivatives agree over every nesting of engines", () => {
  const f = (kernel: Tensor): Value => network({ image: point.image, kernel });
  const expected = hessian(f, AutoForward(), point.kernel);
  for (const ad of [AutoTape(), SecondOrder(AutoForward(), AutoTape()), SecondOrder(AutoTape(), AutoForward())]) {
    expectClose(hessian(f, ad, point.kernel), expected, 1e-11);
  }
  const v = draw([2, 2, 2, 2], 8);
  const flat = reshape(expected, [16, 16]).toArray() as number[][];
  const vs = [...v.dataSync()];
  expectClose(reshape(hvp(f, AutoTape(), point.kernel, v), [16]), flat.map((row) => row.reduce((t, h, j) => t + h * vs[j]!, 0)), 1e-11);
});

test("a captured network computes the same, also once prepared", () => {
  const graph = trace((image: Tensor, kernel: Tensor) => network({ image, kernel }), point.image, point.kernel);
  expect(String(graph)).toContain("conv");
  expectClose(graph.evaluate(point.image, point.kernel), network(point).item(), 1e-14);
  const step = prepareGradient(network, AutoTape(), point);
  expectClose(step(point), gradient(network, AutoTape(), point), 1e-14);
});

describe("a batch is a loop", () => {
  const y = draw(conv(x, w, options).shape, 3);
  const moves = { strides: [2, 1], padding: [[1, 0], [0, 1]], dilation: [1, 1] } as const;
  const form = { kernel: [2, 3], ...moves } as const;
  const pooled = draw([2, 4, 3, 5], 9);
  const ops: Readonly<Record<string, readonly [Tensor, Tensor, (a: Tensor, b: Tensor) => Tensor]>> = {
    conv: [x, w, (a, b) => conv(a, b, options)],
    convTranspose: [y, w, (a, b) => convTranspose(a, b, options)],
    convFilter: [x, y, (a, b) => convFilter(a, b, 2, options)],
    poolAtMax: [x, draw(x.shape, 10), (a, b) => poolAtMax(a, b, form)],
    unpoolAtMax: [x, pooled, (a, b) => unpoolAtMax(a, b, form)],
    maxPool: [x, x, (a) => maxPool(a, [2, 3], moves)],
  };
  test.each(Object.keys(ops))("%s", (name) => {
    const [a, b, f] = ops[name]!;
    const many = (t: Tensor): Tensor[] => [0, 1, 2].map((i) => draw(t.shape, 20 + i + t.size));
    const stacked = (ts: readonly Tensor[]): Tensor => tensor(Float64Array.from(ts.flatMap((t) => [...t.dataSync()])), [ts.length, ...ts[0]!.shape]);
    for (const [aMoves, bMoves] of [[true, false], [false, true], [true, true]]) {
      const [as, bs] = [aMoves ? many(a) : [a, a, a], bMoves ? many(b) : [b, b, b]];
      const moving = [...(aMoves ? [stacked(as)] : []), ...(bMoves ? [stacked(bs)] : [])];
      const [together] = batched((zs) => [f(aMoves ? (zs[0] as Tensor) : a, bMoves ? (zs.at(-1) as Tensor) : b)], moving, [false, false]);
      const alone = as.map((one, i) => f(one, bs[i]!));
      expectClose(together, alone.map((one) => one.toArray()), 1e-13);
    }
  });
});

test.each(exact)("the Jacobian of a convolution in its kernel holds the image's elements: %j", (ad) => {
  const image = tensor([[[1, 2, 3, 4]]]);
  expect(jacobian((k) => conv(image, k, { strides: 2 }), ad, tensor([[[5, 6]]])).toArray()).toEqual([[[[[[1, 2]]], [[[3, 4]]]]]]);
  expect(pushforward((k) => conv(image, k), ad, tensor([[[5, 6]]]), tensor([[[1, 0]]])).toArray()).toEqual([[[1, 2, 3]]]);
  expect(pullback((k) => conv(image, k), ad, tensor([[[5, 6]]]), tensor([[[1, 0, 1]]])).toArray()).toEqual([[[4, 6]]]);
});

test.each(exact)("no samples give no results, and zeros for a kernel: %j", (ad) => {
  const none = zeros([0, 2, 5, 5]);
  expect(conv(none, draw([3, 2, 2, 2], 1)).shape).toEqual([0, 3, 4, 4]);
  expect(maxPool(none, 2).shape).toEqual([0, 2, 2, 2]);
  expect(meanPool(none, 2).shape).toEqual([0, 2, 2, 2]);
  const [dw] = gradient((k) => sum(relu(conv(none, k))), ad, draw([1, 2, 2, 1], 2));
  expect(dw.toArray()).toEqual([[[[0], [0]], [[0], [0]]]]);
  expect(gradient((k) => sum(maxPool(k, 2)), ad, none)[0].shape).toEqual([0, 2, 5, 5]);
});

test.each(exact)("gradients keep their operands' precision: %j", (ad) => {
  const half = tensor(Float32Array.of(1, 2, 3), [1, 1, 3]);
  const [dx, dw] = gradient((a, b) => sum(conv(a, b)), ad, half, tensor([[[1, 1]]]));
  expect([dx.dtype, dw.dtype]).toEqual(["float32", "float64"]);
  expect([dx.toArray(), dw.toArray()]).toEqual([[[[1, 2, 1]]], [[[3, 5]]]]);
});

describe("what does not fit is refused", () => {
  const image = zeros([2, 3, 5, 4]);
  const cases: readonly (readonly [message: string, f: () => unknown])[] = [
    ["conv: expected x of shape [N, C, L] or [N, C, H, W], got [3, 5]. Add axes with expandDims().", () => conv(zeros([3, 5]), zeros([1, 3, 5]))],
    ["conv: expected a kernel of shape [O, C / groups, kH, kW] for x of shape [2, 3, 5, 4], got [4, 3, 3].", () => conv(image, zeros([4, 3, 3]))],
    ["conv: input channels differ: 3 and 2, of shapes [2, 3, 5, 4] and [4, 2, 3, 3].", () => conv(image, zeros([4, 2, 3, 3]))],
    ["conv: input channels differ: 4 and 2, of shapes [1, 4, 5, 5] and [6, 1, 3, 3], in 2 groups.", () => conv(zeros([1, 4, 5, 5]), zeros([6, 1, 3, 3]), { groups: 2 })],
    ["conv: 2 groups do not divide 3 output channels.", () => conv(zeros([1, 4, 5, 5]), zeros([3, 2, 3, 3]), { groups: 2 })],
    ["conv: expected groups to be a whole number of at least 1, got 0.", () => conv(image, zeros([4, 3, 3, 3]), { groups: 0 })],
    ["conv: a window over 6 elements does not fit along spatial axis 0, which has 5.", () => conv(image, zeros([4, 3, 6, 3]))],
    ["conv: a window over 7 elements does not fit along spatial axis 1, which has 4 + 0 + 1 of padding.", () => conv(image, zeros([4, 3, 3, 3]), { dilation: 3, padding: [1, [0, 1]] })],
    ["conv: expected window sizes to be a whole number, or 2 of them, of at least 1, got [0,3].", () => conv(image, zeros([4, 3, 0, 3]))],
    ["conv: expected strides to be a whole number, or 2 of them, of at least 1, got -1.", () => conv(image, zeros([4, 3, 3, 3]), { strides: -1 })],
    ["conv: expected strides to be a whole number, or 2 of them, of at least 1, got [1,2,1].", () => conv(image, zeros([4, 3, 3, 3]), { strides: [1, 2, 1] })],
    ["conv: expected padding to be a whole number of at least 0, or for each of the spatial axes (2 here) a number or [before, after], got -1. To crop, use slice().", () => conv(image, zeros([4, 3, 3, 3]), { padding: -1 })],
    ["convTranspose: output channels differ: 3 and 4, of shapes [2, 3, 5, 4] and [4, 2, 3, 3].", () => convTranspose(image, zeros([4, 2, 3, 3]))],
    ["convTranspose: expected outputPadding below the strides, which are 2 along spatial axis 0, got 2.", () => convTranspose(image, zeros([3, 2, 3, 3]), { strides: 2, outputPadding: 2 })],
    ["convTranspose: 1 windows along spatial axis 0, with padding 3 and 3, are of no image.", () => convTranspose(zeros([1, 1, 1]), zeros([1, 1, 1]), { padding: 3 })],
    ["convFilter: samples differ: 2 and 3, of shapes [2, 3, 5, 4] and [3, 1, 4, 3].", () => convFilter(image, zeros([3, 1, 4, 3]), 2)],
    ["convFilter: expected windows of size [4, 3], got [4, 4].", () => convFilter(image, zeros([2, 1, 4, 4]), 2)],
    ["maxPool: a window over 5 elements does not fit along spatial axis 1, which has 4.", () => maxPool(image, 5)],
    ["maxPool: expected x of shape [N, C, L] or [N, C, H, W], got [5, 4]. Add axes with expandDims().", () => maxPool(zeros([5, 4]), 2)],
    ["maxPool: a window over 2 elements along spatial axis 0, of length 5, has nothing but padding (2 before, 2 after) in it. Use less padding.", () => maxPool(image, 2, { padding: 2 })],
    ["meanPool: expected window sizes to be a whole number, or 2 of them, of at least 1, got [2,2,2].", () => meanPool(image, [2, 2, 2])],
  ];
  test.each(cases)("%s", (message, f) => {
    expect(f).toThrow(ShapeError);
    expect(f).toThrow(new ShapeError(message));
  });
});
