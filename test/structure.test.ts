import { describe, expect, test } from "vitest";
import * as core from "@polyad/core";
import {
  add, all, any, arange, argmax, argmin, cholesky, concat, cumprod, cumsum, diag, div, dot, exp, expandDims, eye, flip, gather,
  log, logaddexp, logsumexp, logSoftmax, matmul, matrixTrace, max, mean, min, mul, norm, oneHot, ones, outer, pad, prod, reshape, roll,
  scatterAdd, slice, softmax, solve, split, square, squeeze, stack, std, stopGradient, sub, sum, takeAlongAxis, tensor, Tensor, tile,
  topK, transpose, triangularSolve, tril, triu, variance, zeros, type Value,
} from "@polyad/core";
import { pullback } from "../packages/backend-tape/src/tape.js";
import { pushforward } from "../packages/backend-forward/src/dual.js";
import { batched } from "../packages/core/src/batch.js";
import { evaluateGraph } from "../packages/core/src/graph/evaluate.js";
import { capture } from "../packages/core/src/graph/capture.js";

type Scalar = (x: Tensor) => Value;

const int = (xs: core.NestedArray): Tensor => tensor(xs, null, "int32");
const list = (x: Value): core.NestedArray => (typeof x === "number" ? x : x.toArray());
const tape = (f: Scalar) => (x: Tensor): Tensor => (pullback(([t]) => [f(t as Tensor)], [x]).pull([f(x) instanceof Tensor ? tensor(1) : 1])[0] ?? zeros(x.shape)) as Tensor;
/** The gradient by one directional derivative for each element. */
const forward = (f: Scalar) => (x: Tensor): Tensor => {
  const flat = Array.from({ length: x.size }, (_, i) => {
    const seed = reshape(tensor(Array.from({ length: x.size }, (_e, j) => Number(i === j))), x.shape);
    return pushforward(([t]) => [f(t as Tensor)], [x], [[seed]]).tangents[0]![0] ?? 0;
  });
  return reshape(stack(flat), x.shape);
};
const engines = { tape, forward };
const weights = (n: number): Tensor => tensor(Array.from({ length: n }, (_, i) => 1 + 0.3 * i));
/** ⟨w, g(x)⟩, which makes a scalar of a tensor. */
const weighted = (y: Value): Value => sum(mul(weights((y as Tensor).size), reshape(y, [-1])));

function near(actual: Value | undefined, expected: core.NestedArray, digits = 12): void {
  const a = tensor(list(actual!));
  const b = tensor(expected);
  expect(a.shape).toEqual(b.shape);
  const bs = b.dataSync();
  a.dataSync().forEach((v, i) => {
    if (Number.isFinite(bs[i]!)) expect(Math.abs(v - bs[i]!)).toBeLessThan(10 ** -digits * Math.max(1, Math.abs(bs[i]!)));
    else expect(v).toBe(bs[i]);
  });
}

function gradientIs(f: Scalar, x: Tensor, expected: core.NestedArray): void {
  for (const engine of Object.values(engines)) near(engine(f)(x), expected);
}

/** H·v by forward over tape, tape over forward and forward over forward, which agree; gives it. */
function hvp(f: Scalar, x: Tensor, v: Tensor): Tensor {
  const along = (g: (t: Tensor) => Value): ((t: Tensor) => Value) => (t) => pushforward(([s]) => [g(s as Tensor)], [t], [[v]]).tangents[0]![0] ?? 0;
  const forwardOverTape = along((t) => pullback(([s]) => [f(s as Tensor)], [t]).pull([tensor(1)])[0]!)(x) as Tensor;
  near(pullback(([s]) => [along(f)(s as Tensor)], [x]).pull([tensor(1)])[0], forwardOverTape.toArray(), 10);
  near(along(along(f))(x), sum(mul(forwardOverTape, v)).toArray(), 10);
  return forwardOverTape;
}

describe("reductions", () => {
  const x = tensor([[[1, 5, 2], [7, 0, 3]], [[4, 4, 9], [2, 8, 6]]]);
  test("as NumPy's", () => {
    expect(list(max(x, { axis: [0, 2] }))).toEqual([9, 8]);
    expect(list(max(x, { axis: -1, keepDims: true }))).toEqual([[[5], [7]], [[9], [8]]]);
    expect(list(min(x, { axis: 0 }))).toEqual([[1, 4, 2], [2, 0, 3]]);
    expect(list(prod(x, { axis: 1 }))).toEqual([[7, 0, 6], [8, 32, 54]]);
    expect(list(sum(x, { axis: [0, 1] }))).toEqual([14, 17, 20]);
    expect(list(mean(x, { axis: [1, 2] }))).toEqual([3, 5.5]);
    expect(list(variance(tensor([[1, 2, 4], [3, 3, 3]]), { axis: 1 }))).toEqual([14 / 9, 0]);
    expect(list(std(tensor([[1, 3], [2, 2]]), { axis: 1, keepDims: true }))).toEqual([[1], [0]]);
    expect(list(argmax(x))).toBe(8);
    expect(list(argmax(x, { axis: 1 }))).toEqual([[1, 0, 1], [0, 1, 0]]);
    expect(list(argmin(x, { axis: -1, keepDims: true }))).toEqual([[[0], [1]], [[0], [0]]]);
    expect(argmax(x, { keepDims: true }).shape).toEqual([1, 1, 1]);
    expect(list(all(tensor([[1, NaN], [0, 1]]), { axis: 1 }))).toEqual([1, 0]);
    expect(list(any(tensor([[0, 0], [0, NaN]]), { axis: 1 }))).toEqual([0, 1]);
    expect(list(norm(tensor([[3, 4], [0, -5]]), { axis: 1 }))).toEqual([5, 5]);
    expect(list(norm(tensor([[3, 4], [0, -5]]), { axis: 0, ord: 1 }))).toEqual([3, 9]);
    expect(list(norm(tensor([[3, 4], [0, -5]]), { ord: Infinity }))).toBe(5);
  });
  test("of numbers are numbers", () => {
    expect([sum(5), prod(5), max(5), min(5), mean(5), norm(-5), norm(-5, { ord: 1 }), logsumexp(5), cumsum(5), cumprod(5)]).toEqual([5, 5, 5, 5, 5, 5, 5, 5, 5, 5]);
    expect([argmax(5), all(5), any(0), variance(5), std(5), variance(5, { correction: 1 })]).toEqual([0, 1, 0, 0, 0, NaN]);
  });
  test("dtypes", () => {
    const whole = int([3, 1, 2]);
    expect([sum(whole), prod(whole), max(whole), min(whole), cumsum(whole), cumprod(whole), argmax(whole)].map((t) => t.dtype)).toEqual(new Array(7).fill("int32"));
    expect([mean(whole), variance(whole), std(whole), norm(whole), logsumexp(whole), softmax(whole)].map((t) => t.dtype)).toEqual(new Array(6).fill("float64"));
    const single = tensor(new Float32Array([3, 1, 2]));
    for (const y of [mean(single), variance(single), std(single), norm(single), logsumexp(single), softmax(single), logSoftmax(single), cumprod(single), prod(single)]) expect(y.dtype).toBe("float32");
    expect([all(whole).dtype, any(single).dtype, max(tensor([true, false] as never, null, "bool")).dtype]).toEqual(["bool", "bool", "bool"]);
    expect(list(sum(tensor([1, 1], null, "bool")))).toBe(2);
  });
  test("of nothing", () => {
    const none = zeros([0]);
    expect([sum(none), prod(none), norm(none), norm(none, { ord: Infinity }), all(none), any(none), logsumexp(none), mean(none)].map(list)).toEqual([0, 1, 0, 0, 1, 0, -Infinity, NaN]);
    expect(list(sum(zeros([2, 0]), { axis: 1 }))).toEqual([0, 0]);
    expect(max(zeros([0, 3]), { axis: 1 }).shape).toEqual([0]);
    expect([cumsum(none).shape, cumprod(none).shape, softmax(none).shape, variance(zeros([0, 2]), { axis: 1 }).shape]).toEqual([[0], [0], [0], [0]]);
    for (const f of [sum, prod, norm, logsumexp] as Scalar[]) expect(tape(f)(none).shape).toEqual([0]);
    expect(() => max(none)).toThrow("max: a tensor of shape [0] has no elements to choose from.");
    expect(() => argmin(zeros([2, 0]), { axis: 1 })).toThrow("argmin: a tensor of shape [2, 0] has no elements along axis 1 to choose from.");
  });
  test("NaN wins", () => {
    const bad = tensor([1, NaN, 3]);
    for (const f of [max, min, sum, prod, mean, std, norm, logsumexp] as Scalar[]) expect(list(f(bad))).toBeNaN();
    expect([list(argmax(bad)), list(argmin(bad))]).toEqual([1, 1]);
    expect(list(max(tensor([[1, NaN], [2, 3]]), { axis: 0 }))).toEqual([2, NaN]);
    expect(list(variance(tensor([[NaN, 1], [2, 4]]), { axis: 1 }))).toEqual([NaN, 1]);
    for (const engine of Object.values(engines)) expect(engine(max as Scalar)(bad).dataSync().every(Number.isNaN)).toBe(true);
  });
  test("ties share equally", () => {
    gradientIs(max as Scalar, tensor([2, 5, 5, 1, 5]), [0, 1 / 3, 1 / 3, 0, 1 / 3]);
    gradientIs((x) => sum(mul(min(x, { axis: 0 }), tensor([1, 10]))), tensor([[2, 3], [2, 4], [5, 3]]), [[0.5, 5], [0.5, 0], [0, 5]]);
  });
  test("an infinite cotangent reaches only the chosen", () => {
    const dx = pullback(([x]) => [max(x as Tensor)], [tensor([1, 2])]).pull([tensor(Infinity)])[0];
    expect(list(dx!)).toEqual([0, Infinity]);
  });
  test("many summands lose no digits", () => {
    const n = 1_000_003;
    expect(list(sum(tensor(new Float64Array(n).fill(0.1))))).toBeCloseTo(n * 0.1, 8);
    expect(list(mean(tensor(new Float32Array(n).fill(0.1))))).toBe(Math.fround(0.1));
  });
  test("variance far from zero", () => {
    expect(list(variance(tensor([1e15 + 1, 1e15 + 2, 1e15 + 3])))).toBe(2 / 3);
    expect(list(variance(tensor([[1e20, 2e20], [1, 3]]), { axis: 1 }))).toEqual([2.5e39, 1]);
  });
  test("errors", () => {
    expect(() => sum(x, { axis: 3 })).toThrow("sum: axis 3 is out of range for a tensor of rank 3.");
    expect(() => prod(x, { axis: [0, -3] })).toThrow("prod: axis 0 is named twice.");
    expect(() => max(x, { axis: -4 })).toThrow("max: axis -4 is out of range for a tensor of rank 3.");
    expect(() => argmax(x, { axis: 5 })).toThrow("argmax: axis 5 is out of range for a tensor of rank 3.");
    expect(() => mean(x, { axis: 3 })).toThrow("axis 3 is out of range");
    expect(() => norm(x, { ord: 3 })).toThrow("norm: ord is 1, 2 or Infinity, got 3.");
    expect(() => softmax(5)).toThrow("softmax: expected at least one axis, got a scalar.");
    expect(() => cumsum(x, { axis: 3 })).toThrow("cumsum: axis 3 is out of range for a tensor of rank 3.");
  });
});

describe("products with zeros", () => {
  const cases: readonly core.NestedArray[] = [[2, 3, 4], [0, 3, 4], [0, 3, 0], [0, 0, 0], [2, 0, 4, 5, 0.5], [1, 0, 3, 0, 5, 2, 7]];
  const product = (xs: readonly number[]): number => xs.reduce((p, x) => p * x, 1);
  const without = (xs: readonly number[], ...gone: readonly number[]): number => (new Set(gone).size < gone.length ? 0 : product(xs.filter((_, i) => !gone.includes(i))));
  test.each(cases.map((xs) => [xs as number[]]))("prod of %j to third order", (xs) => {
    const x = tensor(xs);
    const indices = xs.map((_, i) => i);
    gradientIs(prod as Scalar, x, indices.map((i) => without(xs, i)));
    const v = xs.map((_, i) => 1 + i);
    near(hvp(prod as Scalar, x, tensor(v)), indices.map((i) => indices.reduce((s, j) => s + without(xs, i, j) * v[j]!, 0)));
    // third order along v: Σ Π_{l ≠ i,j,k} vᵢvⱼvₖ over distinct i, j, k
    const third = indices.flatMap((i) => indices.flatMap((j) => indices.map((k) => without(xs, i, j, k) * v[i]! * v[j]! * v[k]!))).reduce((s, t) => s + t, 0);
    const along = (g: Scalar): Scalar => (t) => pushforward(([s]) => [g(s as Tensor)], [t], [[tensor(v)]]).tangents[0]![0] ?? 0;
    const back = (g: Scalar): Scalar => (t) => sum(mul(tensor(v), pullback(([s]) => [g(s as Tensor)], [t]).pull([tensor(1)])[0] ?? zeros(t.shape)));
    for (const derive of [(g: Scalar) => along(along(along(g))), (g: Scalar) => back(along(back(g))), (g: Scalar) => along(back(along(g)))]) near(derive(prod as Scalar)(x), third);
  });
  test.each(cases.map((xs) => [xs as number[]]))("cumprod of %j to second order", (xs) => {
    const x = tensor(xs);
    const w = xs.map((_, i) => 1 + 0.3 * i);
    const indices = xs.map((_, i) => i);
    near(cumprod(x), indices.map((i) => product(xs.slice(0, i + 1))));
    near(cumprod(x, { reverse: true }), indices.map((i) => product(xs.slice(i))));
    const f = (t: Tensor): Value => weighted(cumprod(t));
    const partial = (...gone: number[]): number => indices.reduce((s, i) => s + (gone.every((g) => g <= i) ? w[i]! * without(xs.slice(0, i + 1), ...gone) : 0), 0);
    gradientIs(f, x, indices.map((i) => partial(i)));
    const v = xs.map((_, i) => 1 - 0.2 * i);
    near(hvp(f, x, tensor(v)), indices.map((i) => indices.reduce((s, j) => s + partial(i, j) * v[j]!, 0)));
  });
  test("along axes", () => {
    const x = tensor([[[1, 0], [2, 3]], [[0, 4], [5, 0]], [[6, 7], [8, 9]]]);
    const byHand = [[[0, 0], [0, 0]], [[6, 0], [0, 216]], [[0, 0], [0, 0]]]; // ∂Π/∂x along the first axis, ct = 1, 1, 1, 8 below
    gradientIs((t) => sum(mul(prod(t, { axis: 0 }), tensor([[1, 1], [1, 8]]))), x, [[[0, 28], [40, 0]], byHand[1]!.map((row, i) => row.map((_, j) => (i === 0 && j === 0 ? 6 : i === 1 && j === 1 ? 8 * 27 : i === 0 ? 0 : 16))), [[0, 0], [10, 0]]]);
    gradientIs((t) => sum(prod(t, { axis: [0, 2] })), x, tape((t) => add(prod(slice(t, null, 0)), prod(slice(t, null, 1))))(x).toArray());
    expect(list(cumprod(x, { axis: 0 }))).toEqual([[[1, 0], [2, 3]], [[0, 0], [10, 0]], [[0, 0], [80, 0]]]);
    expect(list(cumprod(tensor([[1, 2], [3, 4]])))).toEqual([1, 2, 6, 24]);
    expect(list(prod(int([65536, 65537])))).toBe(65536);
  });
});

describe("cumsum", () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  test("as NumPy's", () => {
    expect(list(cumsum(x, { axis: 0 }))).toEqual([[1, 2, 3], [5, 7, 9]]);
    expect(list(cumsum(x, { axis: -1, reverse: true }))).toEqual([[6, 5, 3], [15, 11, 6]]);
    expect(list(cumsum(x))).toEqual([1, 3, 6, 10, 15, 21]);
    expect(list(cumsum(tensor(7)))).toEqual([7]);
  });
  test("gradient", () => gradientIs((t) => weighted(cumsum(t, { axis: 1 })), x, [[1 + 1.3 + 1.6, 1.3 + 1.6, 1.6], [1.9 + 2.2 + 2.5, 2.2 + 2.5, 2.5]]));
});

describe("norms and exponentials at their edges", () => {
  test("the origin", () => {
    for (const options of [{}, { axis: 0 }, { ord: 1 }, { ord: Infinity }] as const) gradientIs((x) => sum(norm(x, options)), tensor([0, 0, 0]), [0, 0, 0]);
    near(hvp((x) => norm(x) as Value, tensor([0, 0]), tensor([1, 2])), [0, 0]);
    gradientIs((x) => sum(norm(x, { axis: 1 })), tensor([[3, 4], [0, 0]]), [[0.6, 0.8], [0, 0]]);
  });
  test("second derivative (I − x̂x̂ᵀ)/‖x‖", () => near(hvp((x) => norm(x) as Value, tensor([3, 4]), tensor([1, 0])), [(1 - 0.36) / 5, -0.48 / 5]));
  test("no overflow, no underflow", () => {
    expect(list(norm(tensor([3e200, 4e200])))).toBeCloseTo(5e200, -190);
    near(div(norm(tensor([3e-200, 4e-200])), 5e-200), 1);
    gradientIs(norm as Scalar, tensor([3e200, -4e200]), [0.6, -0.8]);
    gradientIs(norm as Scalar, tensor([3e-200, -4e-200]), [0.6, -0.8]);
    expect(list(norm(tensor([Infinity, 1])))).toBe(Infinity);
    expect(list(norm(tensor(new Float32Array([3e30, 4e30]))))).toBe(Math.fround(5e30));
  });
  test("std at zero variance", () => {
    gradientIs(std as Scalar, tensor([0.1, 0.1, 0.1]), [0, 0, 0]);
    near(hvp(std as Scalar, tensor([2, 2]), tensor([1, 0])), [0, 0]);
    gradientIs((x) => sum(std(x, { axis: 1 })), tensor([[1, 3], [7, 7]]), [[-0.5, 0.5], [0, 0]]);
  });
  test("logsumexp", () => {
    expect(list(logsumexp(tensor([1000, 1000])))).toBe(1000 + Math.LN2);
    expect(list(logsumexp(tensor([-1000, -1000])))).toBe(-1000 + Math.LN2);
    gradientIs(logsumexp as Scalar, tensor([1000, 1000 + Math.log(3)]), [0.25, 0.75]);
    gradientIs(logsumexp as Scalar, tensor([0, -Infinity]), [1, 0]);
    for (const [xs, value] of [[[-Infinity, -Infinity], -Infinity], [[Infinity, 3], Infinity], [[Infinity, -Infinity], Infinity], [[Infinity, Infinity], Infinity]] as const) {
      expect(list(logsumexp(tensor(xs)))).toBe(value);
      gradientIs(logsumexp as Scalar, tensor(xs), [0, 0]);
    }
    expect(list(logsumexp(tensor([[0, -Infinity], [-Infinity, -Infinity]]), { axis: 1 }))).toEqual([0, -Infinity]);
    near(logsumexp(tensor([0.3, -1.2])), list(logaddexp(0.3, -1.2)) as number);
    const s = [Math.exp(0.3), Math.exp(-1.2)].map((e, _, es) => e / (es[0]! + es[1]!));
    near(hvp(logsumexp as Scalar, tensor([0.3, -1.2]), tensor([1, 0])), [s[0]! * s[1]!, -s[0]! * s[1]!]);
  });
  test("softmax and logSoftmax", () => {
    near(softmax(tensor([[0, Math.log(3)], [1000, 1000]])), [[0.25, 0.75], [0.5, 0.5]]);
    near(softmax(tensor([[0, 5], [Math.log(3), 5]]), { axis: 0 }), [[0.25, 0.5], [0.75, 0.5]]);
    expect(list(softmax(tensor([0, -Infinity])))).toEqual([1, 0]);
    for (const [xs, ps] of [[[3, Infinity, -Infinity], [0, 1, 0]], [[Infinity, 3, Infinity], [0.5, 0, 0.5]]] as const) {
      const both = tensor([xs, [1, 2, 3]]);
      expect(slice(softmax(both), 0).toArray()).toEqual(ps);
      expect(slice(logSoftmax(both), 0).toArray()).toEqual(ps.map(Math.log));
      for (const f of [softmax, logSoftmax]) {
        expect(core.trace((x: Tensor) => f(x), both).evaluate(both).toArray()).toEqual(f(both).toArray()); // where the maximum cannot be read
        gradientIs((x) => weighted(slice(f(x), 0)), both, [[0, 0, 0], [0, 0, 0]]);
        const finite = Object.values(engines)[0]!((x) => weighted(f(x)))(tensor([1, 2, 3]));
        gradientIs((x) => weighted(slice(f(x), 1)), both, [[0, 0, 0], list(finite) as number[]]);
      }
    }
    expect(list(logSoftmax(tensor([0, 1000])))).toEqual([-1000, 0]);
    gradientIs((x) => weighted(softmax(x)), tensor([0, 0]), [0.25 * (1 - 1.3), 0.25 * (1.3 - 1)]);
    gradientIs((x) => slice(logSoftmax(x), 0), tensor([-1000, 0]), [1, -1]);
  });
});

describe("shapes", () => {
  const x = reshape(arange(6), [2, 3]);
  test("as NumPy's", () => {
    expect([expandDims(x, 0), expandDims(x, -1), expandDims(x, [0, 2]), expandDims(3, 0)].map((t) => t.shape)).toEqual([[1, 2, 3], [2, 3, 1], [1, 2, 1, 3], [1]]);
    expect([squeeze(zeros([1, 3, 1])), squeeze(zeros([1, 3, 1]), { axis: -1 }), squeeze(zeros([1, 1]))].map((t) => t.shape)).toEqual([[3], [1, 3], []]);
    expect(split(arange(6), [1, 0, 5]).map(list)).toEqual([[0], [], [1, 2, 3, 4, 5]]);
    expect(split(x, 3, { axis: 1 }).map(list)).toEqual([[[0], [3]], [[1], [4]], [[2], [5]]]);
    expect(list(pad(x, [[0, 1], [1, 0]], { value: -1 }))).toEqual([[-1, 0, 1, 2], [-1, 3, 4, 5], [-1, -1, -1, -1]]);
    expect([pad(x, 1), pad(x, [2, 1]), pad(5, 3)].map((t) => t.shape)).toEqual([[4, 5], [5, 6], []]);
    expect(pad(int([1]), 1, { value: 2 }).dtype).toBe("int32");
    expect(list(flip(x))).toEqual([[5, 4, 3], [2, 1, 0]]);
    expect(list(flip(x, { axis: 0 }))).toEqual([[3, 4, 5], [0, 1, 2]]);
    expect(list(roll(x, 1))).toEqual([[5, 0, 1], [2, 3, 4]]);
    expect(list(roll(x, -1, { axis: 1 }))).toEqual([[1, 2, 0], [4, 5, 3]]);
    expect(list(roll(x, [1, 4], { axis: [0, 1] }))).toEqual([[5, 3, 4], [2, 0, 1]]);
    expect(list(tile(tensor([1, 2]), [2, 2]))).toEqual([[1, 2, 1, 2], [1, 2, 1, 2]]);
    expect([tile(x, 2), tile(x, [2, 1, 1]), tile(x, [0, 1])].map((t) => t.shape)).toEqual([[2, 6], [2, 2, 3], [0, 3]]);
    expect(list(tile(x, [1, 2]))).toEqual([[0, 1, 2, 0, 1, 2], [3, 4, 5, 3, 4, 5]]);
    expect(list(oneHot(int([[1], [-1]]), 3))).toEqual([[[0, 1, 0]], [[0, 0, 1]]]);
    expect(oneHot(1, 3, { dtype: "float32" }).dtype).toBe("float32");
    expect(list(diag([1, 2], { offset: -1 }))).toEqual([[0, 0, 0], [1, 0, 0], [0, 2, 0]]);
    expect(list(diag([1, 2], { offset: 1 }))).toEqual([[0, 1, 0], [0, 0, 2], [0, 0, 0]]);
    expect([0, 1, 2, 3, -1, -2, -9].map((offset) => list(diag(x, { offset })))).toEqual([[0, 4], [1, 5], [2], [], [3], [], []]);
    expect(list(diag(transpose(x), { offset: -1 }))).toEqual([1, 5]);
    expect(list(matrixTrace(stack([x, mul(x, 2)])))).toEqual([4, 8]);
    expect([0, 1, -1].map((offset) => list(tril(x, { offset })))).toEqual([[[0, 0, 0], [3, 4, 0]], [[0, 1, 0], [3, 4, 5]], [[0, 0, 0], [3, 0, 0]]]);
    expect([0, 1, -1].map((offset) => list(triu(x, { offset })))).toEqual([[[0, 1, 2], [0, 4, 5]], [[0, 1, 2], [0, 0, 5]], [[0, 1, 2], [3, 4, 5]]]);
    expect(list(tril(stack([ones([2, 2]), zeros([2, 2])])))).toEqual([[[1, 0], [1, 1]], [[0, 0], [0, 0]]]);
    expect([list(dot([1, 2], [3, 4])), list(dot(x, [1, 0, 1])), list(dot(2, [1, 2])), dot(2, 3)]).toEqual([11, [2, 8], [2, 4], 6]);
    expect(list(outer([1, 2], [3, 4, 5]))).toEqual([[3, 4, 5], [6, 8, 10]]);
    expect(list(takeAlongAxis(x, int([[2], [-1]]), 1))).toEqual([[2], [5]]);
    expect(list(slice(x, -1, [null, null, -2]))).toEqual([5, 3]);
    expect(slice(x, [5, 9]).shape).toEqual([0, 3]);
    expect(list(gather(x, int([[-1, 0]]), { axis: 1 }))).toEqual([[[2, 0]], [[5, 3]]]);
    expect(list(scatterAdd(zeros([2, 2]), int([1, 1]), ones([2, 2])))).toEqual([[0, 0], [2, 2]]);
    expect(list(topK(tensor([3, NaN, 1, 3]), 3)[1])).toEqual([1, 0, 3]);
  });
  test("gradients", () => {
    gradientIs((t) => weighted(pad(t, [[1, 0], [0, 1]], { value: 3 })), x, [[2.2, 2.5, 2.8], [3.4, 3.7, 4]]);
    near(pullback(([v]) => [sum(pad(x, 1, { value: v! }))], [2]).pull([tensor(1)])[0], 14);
    gradientIs((t) => weighted(roll(t, 1)), x, [[1.3, 1.6, 1.9], [2.2, 2.5, 1]]);
    gradientIs((t) => weighted(tile(t, [2, 1])), x, [[3.8, 4.4, 5], [5.6, 6.2, 6.8]]);
    gradientIs((t) => sum(stack(split(t, 3, { axis: 1 }).map((part, i) => mul(part, i)))), x, [[0, 1, 2], [0, 1, 2]]);
    gradientIs((t) => weighted(diag(t, { offset: 1 })), x, [[0, 1, 0], [0, 0, 1.3]]);
    gradientIs((t) => weighted(diag(t, { offset: 1 })), tensor([1, 2]), [1.3, 2.5]);
    gradientIs((t) => weighted(tril(t)), x, [[1, 0, 0], [1.9, 2.2, 0]]);
    gradientIs((t) => matrixTrace(matmul(t, t, { transposeB: true })), x, [[0, 2, 4], [6, 8, 10]]);
    gradientIs((t) => weighted(outer(t, t)), tensor([1, 2]), [2 * 1 + 2 * (1.3 + 1.6), 1.3 + 1.6 + 4 * 1.9]);
    gradientIs((t) => weighted(takeAlongAxis(t, int([[2, 2], [0, 1]]), 1)), x, [[0, 0, 2.3], [1.6, 1.9, 0]]);
  });
  test("errors", () => {
    expect(() => squeeze(x, { axis: 0 })).toThrow("squeeze: axis 0 of shape [2, 3] has length 2, not 1.");
    expect(() => expandDims(x, 4)).toThrow("expandDims: axis 4 is out of range for a tensor of rank 3.");
    expect(() => split(x, 2, { axis: 1 })).toThrow("split: axis 1 of shape [2, 3] has length 3, which 2 equal parts do not make up.");
    expect(() => split(x, [1, 1], { axis: 1 })).toThrow("split: axis 1 of shape [2, 3] has length 3, which parts of [1, 1] do not make up.");
    expect(() => split(x, 0)).toThrow("0 equal parts do not make up");
    expect(() => gather(x, [3e9])).toThrow("gather: indices must be int32, got 3000000000.");
    expect(() => gather(x, [0.5])).toThrow("gather: indices must be whole numbers, got 0.5.");
    expect(() => takeAlongAxis(x, [[0.5]], 0)).toThrow("takeAlongAxis: indices must be whole numbers, got 0.5.");
    expect(() => core.logdet(x)).toThrow("logdet: expected a square matrix, or a batch of them, got shape [2, 3].");
    expect(() => core.svdvals([1])).toThrow("svdvals: expected a matrix, or a batch of them, got shape [1].");
    expect(() => core.meanPool(zeros([1, 1, 2]), 3)).toThrow("meanPool: a window over 3 elements does not fit along spatial axis 0, which has 2.");
    expect(() => core.logSigmoid("x" as never)).toThrow('logSigmoid: expected a number, a Tensor or an array of numbers, got the string "x".');
    expect(() => pad(x, [[1, 1]])).toThrow("pad: expected whole numbers [before, after] for each axis of shape [2, 3], got [[1,1]].");
    expect(() => pad(x, -1)).toThrow("pad: expected whole numbers");
    expect(() => pad(x, 1, { value: [1, 2] })).toThrow("pad: the value is a scalar, got shape [2].");
    expect(() => flip(x, { axis: 2 })).toThrow("flip: axis 2 is out of range for a tensor of rank 2.");
    expect(() => roll(x, 0.5, { axis: 0 })).toThrow("roll: expected a whole number of places for each axis of [0], got 0.5.");
    expect(() => tile(x, -1)).toThrow("tile: a shape holds integers of at least 0, got [-1].");
    expect(() => oneHot([3], 3)).toThrow("index 3 is out of range for an axis of length 3.");
    expect(() => oneHot(tensor([1]), 3)).toThrow('indices must be int32, got float64. Use cast(indices, "int32").');
    expect(() => diag(zeros([1, 1, 1]))).toThrow("diag: expected a vector or a matrix, got shape [1, 1, 1].");
    expect(() => tril([1])).toThrow("tril: expected a matrix, or a batch of them, got shape [1].");
    expect(() => triu(x, { offset: 0.5 })).toThrow("triu: the offset is a whole number, got 0.5.");
    expect(() => dot(x, x)).toThrow("dot: inner lengths differ: 3 and 2, of shapes [2, 3] and [2, 3].");
    expect(() => dot(zeros([1, 2, 2]), [1, 2])).toThrow("Use matmul() for batches.");
    expect(() => outer(x, [1])).toThrow("outer: expected two vectors, got shapes [2, 3] and [1].");
    expect(() => takeAlongAxis(x, int([[3], [0]]), 1)).toThrow("index 3 is out of range for an axis of length 3.");
    expect(() => takeAlongAxis(x, int([[0, 0, 0]]), 1)).toThrow("takeAlongAxis: indices of shape [1, 3] do not match shape [2, 3] outside of axis 1.");
    expect(() => slice(x, 0, 0, 0)).toThrow("slice: 3 ranges for shape [2, 3] of rank 2.");
    expect(() => slice(x, 2)).toThrow("slice: index 2 is out of range for axis 0 of length 2.");
    expect(() => slice(x, [0, 2, 0])).toThrow("slice: the step for axis 0 is 0.");
    expect(() => gather(x, int([2]))).toThrow("gather: index 2 is out of range for an axis of length 2.");
    expect(() => scatterAdd(x, int([0]), zeros([2, 3]))).toThrow("scatterAdd: expected updates of shape [1, 3], got [2, 3].");
    expect(() => concat([x, zeros([2, 4])])).toThrow("concat: shapes [2, 3] and [2, 4] differ outside of axis 0.");
    expect(() => concat([1, 2])).toThrow("concat: scalars have no axis to join along. Use stack().");
    expect(() => concat([])).toThrow("concat: expected at least one tensor, got none.");
    expect(() => stack([x, [1]])).toThrow("stack: shapes [2, 3] and [1] differ. Use concat() to join along an axis.");
    expect(() => matmul(2, x)).toThrow("matmul: expected vectors or matrices, got shapes [] and [2, 3]. Use mul() to scale.");
    expect(() => matmul(x, x)).toThrow("matmul: inner lengths differ: 3 and 2, of shapes [2, 3] and [2, 3].");
    expect(() => sum([[1, 2], [3]])).toThrow("ragged array");
    expect(() => reshape(x, [4])).toThrow("reshape: 6 elements of shape [2, 3] do not fill shape [4].");
    expect(() => transpose(x, [0, 0])).toThrow("transpose: [0,0] must name each of the 2 axes once.");
    expect(() => topK(x, 4)).toThrow("topK: k = 4 is not between 0 and the length of axis 1 of shape [2, 3].");
  });
});

describe("linear systems", () => {
  const a = tensor([[4, -2, 1], [1, 3, -1], [2, 0.5, 5]]);
  const b = tensor([[1, 2], [3, -4], [0.5, 1]]);
  const spd = tensor([[4, 1, -0.5], [1, 3, 0.25], [-0.5, 0.25, 2]]);
  /** The inverse by cofactors. */
  const inverse = (m: number[][]): number[][] => {
    const minor = (i: number, j: number): number => {
      const [p, q] = m.filter((_, r) => r !== i).map((row) => row.filter((_, c) => c !== j)) as [number[], number[]];
      return p[0]! * q[1]! - p[1]! * q[0]!;
    };
    const det = m[0]!.reduce((s, v, j) => s + (j % 2 === 0 ? v : -v) * minor(0, j), 0);
    return m.map((_, i) => m.map((_r, j) => ((i + j) % 2 === 0 ? 1 : -1) * minor(j, i) / det));
  };
  const aInverse = tensor(inverse(a.toArray() as number[][]));

  test("solve is the product with the inverse", () => {
    near(solve(a, b), matmul(aInverse, b).toArray());
    near(solve(a, b, { transposeA: true }), matmul(aInverse, b, { transposeA: true }).toArray());
    near(solve(a, slice(b, null, 0)), matmul(aInverse, slice(b, null, 0)).toArray());
    near(solve(stack([a, transpose(a)]), [1, 2, 3]), stack([matmul(aInverse, [1, 2, 3]), matmul(transpose(aInverse), [1, 2, 3])]).toArray());
    near(solve(a, stack([b, mul(b, 2)])), stack([matmul(aInverse, b), mul(matmul(aInverse, b), 2)]).toArray());
    near(solve([[0, 1], [2, 0]], [3, 4]), [2, 3]);
    expect([solve(int([[2]]), int([4])).dtype, solve(tensor(new Float32Array([2]), [1, 1]), new Float32Array([4])).dtype]).toEqual(["float64", "float32"]);
    expect([solve(zeros([0, 0]), zeros([0])).shape, solve(zeros([0, 2, 2]), zeros([2, 3])).shape]).toEqual([[0], [0, 2, 3]]);
  });
  test("large systems", () => {
    const n = 60;
    const big = add(reshape(tensor(Array.from({ length: n * n }, (_, i) => Math.sin(i * i))), [n, n]), mul(eye(n), 3));
    const x = tensor(Array.from({ length: n }, (_, i) => Math.cos(i)));
    near(solve(big, matmul(big, x)), x.toArray(), 10);
    near(solve(big, matmul(transpose(big), x), { transposeA: true }), x.toArray(), 10);
    const gram = add(matmul(big, big, { transposeB: true }), eye(n));
    const l = cholesky(gram);
    near(matmul(l, l, { transposeB: true }), gram.toArray(), 10);
  });
  test("gradients of the inverse", () => {
    // f = Σ W∘A⁻¹: ∂f/∂A = −A⁻ᵀWA⁻ᵀ
    const w = tensor([[1, 2, 3], [4, 5, 6], [7, 8, 10]]);
    const f: Scalar = (t) => sum(mul(w, solve(t, eye(3))));
    const expected = matmul(matmul(aInverse, w, { transposeA: true }), aInverse, { transposeB: true });
    gradientIs(f, a, mul(expected, -1).toArray());
    // d²f along V: Σ W∘(2 A⁻¹VA⁻¹VA⁻¹)
    const v = tensor([[1, -1, 0.5], [0, 2, 1], [0.25, 0, -1]]);
    const iv = matmul(aInverse, v);
    near(sum(mul(hvp(f, a, v), v)), list(sum(mul(w, mul(2, matmul(matmul(iv, iv), aInverse))))));
  });
  test("triangles: the rest is not read", () => {
    const t = tensor([[2, NaN, NaN], [1, 4, NaN], [3, -1, 5]]);
    const x = tensor([1, -2, 3]);
    const l = tril(tensor([[2, 0, 0], [1, 4, 0], [3, -1, 5]]));
    near(triangularSolve(t, matmul(l, x)), x.toArray());
    near(triangularSolve(t, matmul(transpose(l), x), { transposeA: true }), x.toArray());
    near(triangularSolve(transpose(t), matmul(transpose(l), x), { lower: false }), x.toArray());
    near(triangularSolve(transpose(t), matmul(l, x), { lower: false, transposeA: true }), x.toArray());
    const unit = add(sub(l, diag(diag(l))), eye(3));
    near(triangularSolve(t, matmul(unit, x), { unitDiagonal: true }), x.toArray());
    const dt = pullback(([m]) => [sum(triangularSolve(m!, x))], [t]).pull([tensor(1)])[0]!;
    near(triu(dt, { offset: 1 }), zeros([3, 3]).toArray());
  });
  test("cholesky", () => {
    const l = cholesky(spd);
    near(matmul(l, l, { transposeB: true }), spd.toArray());
    near(triu(l, { offset: 1 }), zeros([3, 3]).toArray());
    near(cholesky(stack([spd, eye(3)])), stack([l, eye(3)]).toArray());
    // of the symmetric part
    near(cholesky(add(spd, tensor([[0, 1, 2], [-1, 0, 3], [-2, -3, 0]]))), l.toArray());
  });
  test("ln det by cholesky: gradient A⁻¹, second derivative −A⁻¹VA⁻¹", () => {
    const logdet: Scalar = (m) => mul(2, sum(log(diag(cholesky(m)))));
    const inv = tensor(inverse(spd.toArray() as number[][]));
    gradientIs(logdet, spd, inv.toArray());
    const v = tensor([[1, 0.5, 0], [0.5, -1, 2], [0, 2, 0.3]]);
    near(hvp(logdet, spd, v), mul(-1, matmul(matmul(inv, v), inv)).toArray());
  });
  test("errors", () => {
    expect(() => solve([[1, 2], [2, 4]], [1, 2])).toThrow("solve: the matrix is singular: column 1 has no pivot.");
    expect(() => solve(stack([eye(2), zeros([2, 2])]), [1, 2])).toThrow("solve: matrix [1] of the batch is singular: column 0 has no pivot.");
    expect(() => solve(zeros([2, 3]), [1, 2])).toThrow("solve: expected a square matrix, or a batch of them, got shape [2, 3].");
    expect(() => solve(eye(2), [1, 2, 3])).toThrow("solve: a matrix of shape [2, 2] does not fit a right-hand side of shape [3, 1].");
    expect(() => solve(eye(2), 1)).toThrow("solve: expected a vector or matrices on the right-hand side, got a scalar.");
    expect(() => triangularSolve([[1, 0], [1, 0]], [1, 2])).toThrow("triangularSolve: the matrix is singular: diagonal element 1 is 0.");
    expect(() => cholesky([[1, 2], [2, 1]])).toThrow("cholesky: the matrix is not positive definite: the pivot of column 1 is -3. Adding a small multiple of eye(2) may help.");
    expect(() => cholesky(stack([eye(2), mul(eye(2), -1)]))).toThrow("cholesky: matrix [1] of the batch is not positive definite: the pivot of column 0 is -1.");
    expect(() => cholesky([1])).toThrow("cholesky: expected a square matrix, or a batch of them, got shape [1].");
  });
});

describe("stopGradient", () => {
  const f: Scalar = (x) => sum(mul(stopGradient(exp(x)), x));
  const x = tensor([0, 1]);
  test("is a constant to every nesting", () => {
    gradientIs(f, x, [1, Math.E]);
    // the gradient stopGradient(eˣ) is constant, too
    expect(pushforward(([t]) => [tape(f)(t as Tensor)], [x], [[ones([2])]]).tangents[0]![0]).toBeUndefined();
    expect(pullback(([t]) => [sum(tape((s) => sum(mul(stopGradient(square(t!)), s)))(x))], [x]).pull([tensor(1)])[0]).toBeUndefined();
    expect(stopGradient(3)).toBe(3);
  });
  test("in a batch and in a graph", () => {
    near(batched(([t]) => [stopGradient(t!)], [x], [true])[0], [0, 1]);
    const graph = capture(([t]) => [f(t as Tensor)], [{ shape: [2], dtype: "float64", weak: false }]);
    near(evaluateGraph(graph, [x])[0], Math.E);
  });
});

describe("composites under every trace", () => {
  const x = tensor([[0.3, -1.2, 2], [1.7, 0.4, -0.6]]);
  const table: Readonly<Record<string, Scalar>> = {
    mean: (t) => mean(t, { axis: 1 }),
    variance: (t) => variance(t, { axis: 0, correction: 1 }),
    std: (t) => std(t, { axis: 1, keepDims: true }),
    norm: (t) => norm(t, { axis: 0 }),
    norm1: (t) => norm(t, { axis: -1, ord: 1 }),
    normInfinity: (t) => norm(t, { ord: Infinity, keepDims: true }),
    logsumexp: (t) => logsumexp(t, { axis: 0 }),
    softmax: (t) => softmax(t, { axis: 0 }),
    logSoftmax: (t) => logSoftmax(t),
    cumprod: (t) => cumprod(t, { axis: 1 }),
    cumprodFlat: (t) => cumprod(t, { reverse: true }),
    expandDims: (t) => expandDims(t, 1),
    squeeze: (t) => squeeze(expandDims(t, [0, 3])),
    split: (t) => concat(split(t, [2, 1], { axis: 1 }).reverse(), { axis: 1 }),
    pad: (t) => pad(t, [[1, 0], [0, 2]], { value: 3 }),
    flip: (t) => flip(t, { axis: 1 }),
    roll: (t) => roll(t, [1, -1], { axis: [0, 1] }),
    tile: (t) => tile(t, [2, 2]),
    oneHot: (t) => mul(t, oneHot(argmax(t, { axis: 1 }), 3, { dtype: t.dtype })),
    diag: (t) => diag(t, { offset: 1 }),
    diagonal: (t) => diag(slice(t, 0), { offset: -1 }),
    matrixTrace: (t) => matrixTrace(t),
    tril: (t) => tril(t),
    triu: (t) => triu(t, { offset: 1 }),
    dot: (t) => dot(t, slice(t, 0)),
    outer: (t) => outer(slice(t, 0), slice(t, 1)),
    takeAlongAxis: (t) => takeAlongAxis(t, argmin(t, { axis: 1, keepDims: true }), 1),
  };
  test.each(Object.entries(table))("%s", (_name, f) => {
    const plain = list(f(x));
    expect(list(pullback(([t]) => [f(t as Tensor)], [x]).ys[0]!)).toEqual(plain);
    expect(list(pushforward(([t]) => [f(t as Tensor)], [x], [[x]]).ys[0]!)).toEqual(plain);
    const graph = capture(([t]) => [f(t as Tensor)], [{ shape: x.shape, dtype: "float64", weak: false }]);
    expect(list(evaluateGraph(graph, [x])[0]!)).toEqual(plain);
    const others = [x, mul(x, -0.5), add(x, 1)];
    const together = batched(([t]) => [f(t as Tensor)], [stack(others)], [false])[0]!;
    others.forEach((other, i) => near(slice(together, i), list(f(other))));
    const scalar = (t: Tensor): Value => sum(mul(f(t), f(add(t, 0.1)))); // nonlinear, so that second derivatives are not all 0
    near(tape(scalar)(x), list(forward(scalar)(x)));
    hvp(scalar, x, tensor([[1, -0.5, 0.3], [0.2, 0.7, -1]]));
    const h = 1e-6;
    const v = tensor([[0.4, -1, 0.5], [-0.2, 0.9, 0.6]]);
    const slope = (list(sub(scalar(add(x, mul(h, v))), scalar(sub(x, mul(h, v))))) as number) / (2 * h);
    near(sum(mul(tape(scalar)(x), v)), slope, 7);
    expect((f(tensor(Float32Array.from(x.dataSync()), [2, 3])) as Tensor).dtype).toBe("float32");
  });
});

describe("strided copies beyond a tile", () => {
  const x = reshape(arange(70 * 3 * 130), [70, 3, 130]);
  const at = (i: number, j: number, k: number): number => (i * 3 + j) * 130 + k;
  test("every order of axes", () => {
    for (const perm of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
      const y = transpose(x, perm);
      const ys = y.dataSync();
      let wrong = 0;
      const index = [0, 0, 0];
      ys.forEach((v, n) => {
        let rest = n;
        for (let a = 2; a >= 0; a--) {
          index[perm[a]!] = rest % y.shape[a]!;
          rest = Math.floor(rest / y.shape[a]!);
        }
        if (v !== at(index[0]!, index[1]!, index[2]!)) wrong++;
      });
      expect([perm, wrong]).toEqual([perm, 0]);
    }
  });
  test("steps", () => {
    expect(list(slice(x, [null, null, -23], 1, [129, 0, -64]))).toEqual([69, 46, 23, 0].map((i) => [129, 65, 1].map((k) => at(i, 1, k))));
    expect(list(slice(transpose(x), [5, 7], [null, null, 2], 69))).toEqual([5, 6].map((k) => [0, 2].map((j) => at(69, j, k))));
    expect(slice(x, [3, 3]).shape).toEqual([0, 3, 130]);
  });
});

describe("long rows", () => {
  test("topK by picking and by sorting agree", () => {
    const xs = Float64Array.from({ length: 100 }, (_, i) => (i % 17 === 3 ? NaN : (i * 37) % 11));
    const [sorted, order] = topK(xs, 100);
    for (const k of [0, 1, 5, 32, 33]) {
      const [values, indices] = topK(xs, k);
      expect([list(values), list(indices)]).toEqual([list(slice(sorted, [0, k])), list(slice(order, [0, k]))]);
    }
    expect(list(slice(order, [0, 8]))).toEqual([3, 20, 37, 54, 71, 88, 8, 19]); // NaN first, then the tens in order
  });
  test("gather, scatterAdd and concat of rows of 100", () => {
    const x = reshape(arange(300), [3, 100]);
    const picked = gather(x, int([2, 0, 2]));
    expect(list(slice(picked, null, [98, null]))).toEqual([[298, 299], [98, 99], [298, 299]]);
    expect(list(slice(scatterAdd(zeros([3, 100]), int([2, 0, 2]), picked), null, 99))).toEqual([99, 0, 598]);
    expect(list(slice(concat([x, x, slice(x, null, [0, 1])], { axis: 1 }), 1, [99, null, 100]))).toEqual([199, 199]);
    expect(list(slice(concat([x, slice(x, null, [0, 2])], { axis: 1 }), null, -1))).toEqual([1, 101, 201]);
  });
  test("casts", () => {
    expect(list(core.cast([1.9, -1.9, 0.5], "int32"))).toEqual([1, -1, 0]);
    expect(list(core.cast([0, -0, NaN, 2], "bool"))).toEqual([0, 0, 1, 1]);
    expect(() => core.cast([2 ** 31], "int32")).toThrow("cast: 2147483648 does not fit int32.");
    expect(() => core.cast([NaN], "int32")).toThrow("cast: NaN does not fit int32.");
  });
});
