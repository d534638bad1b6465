import fc from "fast-check";
import {
  add, AutodiffError, AutoFiniteDiff, AutoForward, AutoTape, binaryCrossEntropy, binaryFocal, Const, crossEntropy, dice, focal, gradient, hessian, hinge, huber, identity, isFinite, klDivergence,
  labelSmoothing, logitBinaryCrossEntropy, logitCrossEntropy, logSoftmax, logsumexp, mae, max, mean, min, mse, msle, mul, oneHot, poissonLoss, prepareGradient, SecondOrder, ShapeError, sigmoid, softmax, squaredHinge, sum, Tensor, tensor,
  trace, tversky, withgradient, xlogy, type LossFunction, type LossOptions, type Operand, type Value,
} from "polyad";
import { describe, expect, expectTypeOf, it, test } from "vitest";
import { engines, exact, expectClose, plain } from "../../../test/support.js";

fc.configureGlobal({ seed: Number(process.env["SEED"] ?? 20240607) });

const { log, exp, abs } = Math;
const float32 = (data: readonly number[], shape?: readonly number[]): Tensor => tensor(new Float32Array(data), shape ?? [data.length]);
const labels = (data: readonly number[]): Tensor => tensor(data, null, "int32");
const average = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
const sigma = (x: number): number => 1 / (1 + exp(-x));

/** Losses of pairs: the definition of a part, its derivative in ŷ and in y, and where both are safe. */
interface Row {
  readonly loss: LossFunction;
  readonly part: (p: number, y: number) => number;
  readonly inPrediction: (p: number, y: number) => number;
  readonly inTarget: (p: number, y: number) => number;
  readonly p: readonly [number, number];
  readonly y: readonly [number, number];
}

const eps = 2 ** -52;
const clip = (e: number): number => Math.min(Math.max(e, -1), 1);
const pairs: Readonly<Record<string, Row>> = {
  mse: { loss: mse, part: (p, y) => (p - y) ** 2, inPrediction: (p, y) => 2 * (p - y), inTarget: (p, y) => 2 * (y - p), p: [-9, 9], y: [-9, 9] },
  mae: { loss: mae, part: (p, y) => abs(p - y), inPrediction: (p, y) => Math.sign(p - y), inTarget: (p, y) => Math.sign(y - p), p: [-9, 9], y: [-9, 9] },
  msle: {
    loss: msle, part: (p, y) => (log(p + eps) - log(y + eps)) ** 2, inPrediction: (p, y) => (2 * (log(p + eps) - log(y + eps))) / (p + eps), inTarget: (p, y) => (-2 * (log(p + eps) - log(y + eps))) / (y + eps),
    p: [0.01, 9], y: [0.01, 9],
  },
  huber: { loss: huber, part: (p, y) => (abs(p - y) <= 1 ? (p - y) ** 2 / 2 : abs(p - y) - 0.5), inPrediction: (p, y) => clip(p - y), inTarget: (p, y) => clip(y - p), p: [-3, 3], y: [-3, 3] },
  poissonLoss: { loss: poissonLoss, part: (p, y) => p - y * log(p), inPrediction: (p, y) => 1 - y / p, inTarget: (p) => -log(p), p: [0.01, 9], y: [0.01, 9] },
  hinge: { loss: hinge, part: (p, y) => Math.max(0, 1 - p * y), inPrediction: (p, y) => (p * y < 1 ? -y : 0), inTarget: (p, y) => (p * y < 1 ? -p : 0), p: [-3, 3], y: [-1, 1] },
  squaredHinge: {
    loss: squaredHinge, part: (p, y) => Math.max(0, 1 - p * y) ** 2, inPrediction: (p, y) => -2 * y * Math.max(0, 1 - p * y), inTarget: (p, y) => -2 * p * Math.max(0, 1 - p * y), p: [-3, 3], y: [-1, 1],
  },
  binaryCrossEntropy: {
    loss: binaryCrossEntropy, part: (p, y) => -y * log(p + eps) - (1 - y) * log(1 - p + eps), inPrediction: (p, y) => -y / (p + eps) + (1 - y) / (1 - p + eps), inTarget: (p) => -log(p + eps) + log(1 - p + eps),
    p: [0.01, 0.99], y: [0, 1],
  },
  logitBinaryCrossEntropy: {
    loss: logitBinaryCrossEntropy, part: (p, y) => -y * log(sigma(p)) - (1 - y) * log(1 - sigma(p)), inPrediction: (p, y) => sigma(p) - y, inTarget: (p) => -p, p: [-5, 5], y: [0, 1],
  },
  binaryFocal: {
    loss: binaryFocal,
    part: (p, y) => { const t = y * p + (1 - y) * (1 - p); return -((1 - t) ** 2) * log(t + eps); },
    inPrediction: (p, y) => { const t = y * p + (1 - y) * (1 - p); return (2 * y - 1) * (2 * (1 - t) * log(t + eps) - (1 - t) ** 2 / (t + eps)); },
    inTarget: (p, y) => { const t = y * p + (1 - y) * (1 - p); return (2 * p - 1) * (2 * (1 - t) * log(t + eps) - (1 - t) ** 2 / (t + eps)); },
    p: [0.05, 0.95], y: [0, 1],
  },
};

const within = ([low, high]: readonly [number, number]) => fc.double({ min: low, max: high, noNaN: true });

describe.each(Object.entries(pairs))("%s", (name, { loss, part, inPrediction, inTarget, p, y }) => {
  const list = fc.array(fc.tuple(within(p), within(y)), { minLength: 1, maxLength: 6 });

  it("is the mean of its definition, and so are both derivatives, on every engine that works by rules", () => {
    fc.assert(fc.property(list, (parts) => {
      const [ps, ys] = [parts.map(([a]) => a), parts.map(([, b]) => b)];
      expectClose(loss(ps, ys), average(parts.map(([a, b]) => part(a, b))), 1e-12);
      expectClose(loss(ps, ys, { agg: sum }), parts.map(([a, b]) => part(a, b)).reduce((a, b) => a + b), 1e-12);
      expectClose(loss(ps, ys, { agg: identity }), parts.map(([a, b]) => part(a, b)), 1e-12);
      for (const ad of exact) {
        const [dp, dy] = gradient((a, b) => loss(a, b), ad, tensor(ps), tensor(ys));
        expectClose([dp, dy], [parts.map(([a, b]) => inPrediction(a, b) / parts.length), parts.map(([a, b]) => inTarget(a, b) / parts.length)], 1e-10);
        expectClose(gradient((a, b) => loss(a, b), ad, tensor(ps), Const(tensor(ys))), [dp, null], 0);
      }
    }), { numRuns: 50 });
  });

  it("takes numbers, shapes of any rank and float32", () => {
    const [a, b] = [(p[0] + 2 * p[1]) / 3, (y[0] + 3 * y[1]) / 4];
    const value = loss(a, b);
    expect(typeof value).toBe("number");
    expectClose(value, part(a, b), 1e-12);
    expectClose(gradient((x) => loss(x, b), AutoTape(), a), [inPrediction(a, b)], 1e-12);
    expectClose(gradient((x) => loss(x, b), AutoForward(), a), [inPrediction(a, b)], 1e-12);
    const wide = loss(tensor([[a], [b > p[0] && b < p[1] ? b : a]]), [[b], [b]], { agg: identity });
    expect(wide.shape).toEqual([2, 1]);
    const narrow = loss(float32([a, a]), float32([b, b]));
    expect([narrow.dtype, narrow.shape]).toEqual(["float32", []]);
    expectClose(narrow, part(a, b), 2e-5);
    const whole = loss(float32([a]), labels([1]), { agg: identity }); // int targets do not widen the loss
    expect(whole.dtype).toBe("float32");
    expectClose(whole, [part(a, 1)], 2e-5);
  });

  it("refuses sizes that differ, and would broadcast", () => {
    const message = `${name}: expected predictions and targets of one shape, got [3, 1] and [3]. Broadcasting would pair what does not belong together: reshape one of them.`;
    expect(() => loss(tensor([[1], [2], [3]]), [1, 2, 3])).toThrow(new ShapeError(message));
    expect(() => loss([1, 2], 1)).toThrow(`${name}: expected predictions and targets of one shape, got [2] and []`);
    expect(() => loss(1, [1])).toThrow("got [] and [1]");
  });

  it("keeps NaN, and gives NaN of nothing", () => {
    expect(loss([NaN], [0.5]).item()).toBeNaN();
    expect(loss([0.5], [NaN]).item()).toBeNaN();
    expect(loss(tensor(new Float64Array(0)), tensor(new Float64Array(0))).item()).toBeNaN();
    expect(loss(tensor(new Float64Array(0)), tensor(new Float64Array(0)), { agg: sum }).item()).toBe(0);
  });

  it("has the name that it is exported by", () => expect(loss.name).toBe(name));
});

describe("pairs, in hard cases", () => {
  it("huber: delta, the seam, second derivative, no overflow", () => {
    expect(huber([0, 2, 5], [0, 0, 0], { delta: 2, agg: identity }).toArray()).toEqual([0, 2, 8]);
    for (const ad of exact) {
      expect(plain(gradient((p) => huber(p, [0, 0, 0, 0], { delta: 2, agg: sum }), ad, tensor([0, 2, -2, 5]))[0])).toEqual([0, 2, -2, 2]);
      expect(hessian((p) => huber(p, 0), SecondOrder(ad, AutoTape()), 0)).toBe(1);
    }
    expect(huber(1e200, -1e200)).toBe(2e200);
    expect(huber(float32([1e30]), float32([-1e30])).item()).toBe(Math.fround(2e30));
    expect(() => huber(1, 2, { delta: 0 })).toThrow(new AutodiffError("huber: expected a delta above 0, got 0."));
  });

  it("mae: 0 at equality; hinge: 0 at the margin", () => {
    for (const ad of exact) {
      expect(plain(gradient((p) => mae(p, [1, 2]), ad, tensor([1, 3]))[0])).toEqual([0, 0.5]);
      expect(plain(gradient((p) => hinge(p, [1, 1]), ad, tensor([1, 0]))[0])).toEqual([0, -0.5]);
    }
  });

  it("msle: zeros are finite, with their derivatives", () => {
    for (const x of [tensor([0, 1]), float32([0, 1])]) {
      const { val, grad: [dp, dy] } = withgradient((a, b) => msle(a, b), AutoTape(), x, mul(x, 0));
      expect(min(isFinite(add(val, add(dp, dy)))).item()).toBe(1);
    }
    expect(msle([0, 3], [0, 3]).item()).toBe(0);
    expect(msle(0, 1, { eps: 1 })).toBeCloseTo(log(2) ** 2, 14);
    expect(() => msle(1, 2, { eps: -1 })).toThrow(new AutodiffError("msle: expected an eps of at least 0, got -1."));
    expect(() => msle(1, 2, { eps: NaN })).toThrow("expected an eps of at least 0, got NaN");
  });

  it("poissonLoss: a count of 0 where the mean is 0, and its derivatives", () => {
    expect(poissonLoss([0, 2], [0, 2], { agg: identity }).toArray()).toEqual([0, 2 - 2 * log(2)]);
    for (const ad of exact) expect(plain(gradient((p, y) => poissonLoss(p, y), ad, 0, 0))).toEqual([1, 0]);
    expect(poissonLoss(0, 1)).toBe(Infinity);
  });

  it("logitBinaryCrossEntropy: logits of ±1000, digits of small losses, float32", () => {
    const zs = [1000, -1000, 1000, -1000], ys = [1, 1, 0, 0];
    for (const [z, y] of [[tensor(zs), tensor(ys)], [float32(zs), float32(ys)]] as const) {
      expect(plain(logitBinaryCrossEntropy(z, y, { agg: identity }))).toEqual([0, 1000, 1000, 0]);
      for (const ad of exact) expect(plain(gradient((a, b) => logitBinaryCrossEntropy(a, b, { agg: sum }), ad, z, y))).toEqual([[0, -1, 1, 0], [-1000, 1000, -1000, 1000]]);
    }
    expectClose(logitBinaryCrossEntropy(-30, 0) / exp(-30), 1, 1e-12);
    expectClose(gradient((z) => logitBinaryCrossEntropy(z, [0], { agg: sum }), AutoTape(), float32([-20]))[0].mul(1 / exp(-20)), [1], 1e-5);
    fc.assert(fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (z, y) => {
      expect(logitBinaryCrossEntropy(z, y)).toBeGreaterThanOrEqual(0);
      for (const ad of exact) expectClose(gradient((a) => logitBinaryCrossEntropy(a, y), ad, z), [(z < 0 ? exp(z) / (1 + exp(z)) : sigma(z)) - y], 1e-12);
    }), { numRuns: 50 });
  });

  it("is what binaryCrossEntropy is of its sigmoid", () => {
    const z = tensor([-3, -0.5, 0, 2]), y = [0, 1, 0.3, 1];
    expectClose(logitBinaryCrossEntropy(z, y), binaryCrossEntropy(sigmoid(z), y), 1e-14);
  });

  it("binaryCrossEntropy: saturated probabilities are finite, with their derivatives", () => {
    for (const x of [tensor([0, 0, 1, 1]), float32([0, 0, 1, 1])]) {
      const e = x.dtype === "float32" ? 2 ** -23 : 2 ** -52;
      expectClose(binaryCrossEntropy(x, [0, 1, 0, 1], { agg: identity }), [-log(1 + e), -log(e), -log(e), -log(1 + e)], 1e-6);
      for (const ad of exact) {
        const [d] = gradient((p) => binaryCrossEntropy(p, [0, 1, 0, 1], { agg: sum }), ad, x);
        expectClose(d.mul(e), [e / (1 + e), -1, 1, -e / (1 + e)], 1e-6);
      }
    }
    expect(binaryCrossEntropy([0, 1], [0, 1], { eps: 0 }).item()).toBe(0); // 0·ln 0 = 0
    expect(plain(gradient((p) => binaryCrossEntropy(p, [0, 1], { eps: 0, agg: sum }), AutoTape(), tensor([0, 1]))[0])).toEqual([1, -1]);
    expect(binaryCrossEntropy(0, 1, { eps: 0 })).toBe(Infinity);
  });

  it("binaryFocal: gamma 0 is cross-entropy; certain predictions, other powers", () => {
    expectClose(binaryFocal([0.3, 0.8], [1, 0], { gamma: 0 }), binaryCrossEntropy([0.3, 0.8], [1, 0]), 1e-14);
    for (const gamma of [0.5, 1, 2, 3.5]) {
      expect(plain(binaryFocal([1, 0], [1, 0], { gamma }))).toBeCloseTo(0, 15);
      if (gamma >= 1) expect(min(isFinite(gradient((p) => binaryFocal(p, [1, 0, 0, 1], { gamma }), AutoTape(), tensor([1, 0, 1, 0]))[0])).item()).toBe(1);
    }
  });
});

describe("xlogy", () => {
  it("is 0 at (0, 0), with derivatives that are finite there", () => {
    expect(xlogy(0, 0)).toBe(0);
    expect(plain(xlogy([0, 0, 2, 1], [0, 5, 3, 0]))).toEqual([0, 0, 2 * log(3), -Infinity]);
    for (const ad of exact) {
      expect(plain(gradient((x, y) => xlogy(x, y), ad, 0, 0))).toEqual([0, 0]);
      expect(plain(gradient((x, y) => xlogy(x, y), ad, 0, 5))).toEqual([log(5), 0]);
      expect(plain(gradient((x, y) => xlogy(x, y), ad, 2, 4))).toEqual([log(4), 0.5]);
      expect(plain(gradient((x) => sum(xlogy(x, x)), ad, tensor([0, 1])))).toEqual([[0, 1]]);
    }
    expect([xlogy(0, NaN), xlogy(NaN, 0)]).toEqual([NaN, NaN]);
    expect(xlogy(tensor([[1], [2]]), [1, 1]).shape).toEqual([2, 2]);
  });
});

// Rows: [N, K] predictions.

const row = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 3, maxLength: 3 });
const chances = (xs: readonly number[]): number[] => { const e = xs.map((x) => exp(x)); const s = e.reduce((a, b) => a + b); return e.map((x) => x / s); };
const ce = (p: readonly number[], q: readonly number[]): number => -q.reduce((total, y, k) => total + y * log(p[k]!), 0);

describe("logitCrossEntropy", () => {
  it("is −Σ y ln softmax(ŷ), and so are both derivatives", () => {
    fc.assert(fc.property(fc.array(fc.tuple(row, row), { minLength: 1, maxLength: 4 }), (data) => {
      const zs = data.map(([z]) => z), ys = data.map(([, t]) => chances(t));
      const n = data.length;
      expectClose(logitCrossEntropy(zs, ys), average(zs.map((z, i) => ce(chances(z), ys[i]!))), 1e-12);
      for (const ad of exact) {
        const [dz, dy] = gradient((a, b) => logitCrossEntropy(a, b), ad, tensor(zs), tensor(ys));
        expectClose(dz, zs.map((z, i) => chances(z).map((p, k) => (p - ys[i]![k]!) / n)), 1e-12);
        expectClose(dy, zs.map((z) => chances(z).map((p) => -log(p) / n)), 1e-12);
      }
    }), { numRuns: 50 });
  });

  it("agrees with classes by number, to the bit, with the same gradient", () => {
    fc.assert(fc.property(fc.array(fc.tuple(row, fc.integer({ min: 0, max: 2 })), { minLength: 1, maxLength: 4 }), (data) => {
      const z = tensor(data.map(([r]) => r)), k = labels(data.map(([, c]) => c));
      const hot = oneHot(k, 3);
      expect(plain(logitCrossEntropy(z, k, { agg: identity }))).toEqual(plain(logitCrossEntropy(z, hot, { agg: identity })));
      for (const ad of exact) expectClose(gradient((a) => logitCrossEntropy(a, k), ad, z), gradient((a) => logitCrossEntropy(a, hot), ad, z), 1e-15);
      expect(plain(logitCrossEntropy(z, cast32(hot)))).toEqual(plain(logitCrossEntropy(z, hot)));
    }), { numRuns: 50 });
  });
  const cast32 = (x: Tensor): Tensor => tensor([...x.dataSync()], x.shape, "int32");

  it("is finite for logits of ±1000 and more, in float64 and float32, with its derivatives", () => {
    const data = [1000, -1000, 0, -1000, 1000, 0];
    for (const z of [tensor(data, [2, 3]), float32(data, [2, 3])]) {
      expect(plain(logitCrossEntropy(z, labels([0, 0]), { agg: identity }))).toEqual([0, 2000]);
      expect(plain(logitCrossEntropy(z, [[1, 0, 0], [1, 0, 0]], { agg: identity }))).toEqual([0, 2000]);
      for (const ad of exact) expect(plain(gradient((a) => logitCrossEntropy(a, labels([0, 0]), { agg: sum }), ad, z)[0])).toEqual([[0, 0, 0], [-1, 1, 0]]);
    }
    fc.assert(fc.property(fc.array(fc.double({ min: -1e100, max: 1e100, noNaN: true }), { minLength: 2, maxLength: 5 }), (z) => {
      const [d] = gradient((a) => logitCrossEntropy(a, 0), AutoTape(), tensor(z));
      expect(min(isFinite(d)).item()).toBe(1);
      expect(logitCrossEntropy(z, 0).item()).toBeGreaterThanOrEqual(0);
    }), { numRuns: 50 });
  });

  it("takes −∞ for a class that cannot be", () => {
    const z = tensor([[0, -Infinity, 0]]);
    for (const y of [labels([0]), tensor([[1, 0, 0]])]) {
      expect(logitCrossEntropy(z, y).item()).toBe(Math.LN2);
      for (const ad of exact) expect(plain(gradient((a) => logitCrossEntropy(a, y), ad, z))).toEqual([[[-0.5, 0, 0.5]]]);
    }
    expect(logitCrossEntropy(z, labels([1])).item()).toBe(Infinity);
    expect(logitCrossEntropy(z, [[0, 1, 0]]).item()).toBe(Infinity);
  });

  it("takes any number of batch axes; agg gets a loss per row", () => {
    const z = tensor([[[0, 0], [1, 0]], [[0, 2], [3, 0]], [[0, 0], [0, 0]]]);
    const y = labels([0, 1, 1, 0, 1, 0]).reshape([3, 2]);
    expect(logitCrossEntropy(z, y, { agg: identity }).shape).toEqual([3, 2]);
    expect(logitCrossEntropy(z, oneHot(y, 2), { agg: identity }).shape).toEqual([3, 2]);
    expect(logitCrossEntropy([0, 0], 1).item()).toBe(Math.LN2);
    expect(logitCrossEntropy([0, 0], [0, 1]).item()).toBe(Math.LN2);
    expect(logitCrossEntropy([[0, 0], [0, 0]], [1, 0], { agg: sum }).item()).toBe(2 * Math.LN2);
    expect(logitCrossEntropy(float32([0, 0], [1, 2]), labels([1])).dtype).toBe("float32");
  });

  it("has a Hessian", () => {
    const p = chances([0.3, -1, 2]);
    const expected = p.map((a, i) => p.map((b, j) => (i === j ? a : 0) - a * b));
    for (const ad of [SecondOrder(AutoForward(), AutoTape()), SecondOrder(AutoTape(), AutoForward())]) {
      expectClose(hessian((z) => logitCrossEntropy(z, 1), ad, tensor([0.3, -1, 2])), expected, 1e-12);
    }
  });

  it("refuses other shapes and classes", () => {
    const z = tensor([[1, 2, 3], [4, 5, 6]]);
    const wrong = (y: Operand): (() => unknown) => () => logitCrossEntropy(z, y);
    const beside = (got: string): ShapeError => new ShapeError(
      "logitCrossEntropy: beside predictions of shape [2, 3], expected targets of the same shape, or int32 numbers of classes of shape [2], " +
        `got a ${got}. See oneHot(), or cast(y, "int32").`,
    );
    expect(wrong(labels([0, 1, 2]))).toThrow(beside("int32 tensor of shape [3]"));
    expect(wrong(tensor([0, 1]))).toThrow(beside("float64 tensor of shape [2]"));
    expect(wrong(tensor([[1, 0, 0]]))).toThrow(beside("float64 tensor of shape [1, 3]"));
    expect(wrong(tensor([[1, 0], [0, 1]]))).toThrow(beside("float64 tensor of shape [2, 2]"));
    expect(wrong(labels([0, 1]).reshape([2, 1]))).toThrow(beside("int32 tensor of shape [2, 1]"));
    expect(wrong(1)).toThrow(beside("float64 tensor of shape []"));
    expect(wrong(labels([0, 3]))).toThrow(new ShapeError("logitCrossEntropy: expected numbers of classes from 0 to 2, got 3 at row 1."));
    expect(wrong(labels([-1, 0]))).toThrow("expected numbers of classes from 0 to 2, got -1 at row 0.");
    expect(wrong([0, 1.5])).toThrow("expected numbers of classes from 0 to 2, got 1.5 at row 1.");
    expect(() => logitCrossEntropy(1, 1)).toThrow(new ShapeError("logitCrossEntropy: expected predictions with a last axis of classes, got a scalar."));
  });

  it("in a captured graph, a class below 0 is out of range, and does not count from the end", () => {
    const graph = trace((z: Tensor, y: Tensor) => logitCrossEntropy(z, y), tensor([[1, 2, 4]]), labels([0]));
    expect(graph.evaluate(tensor([[0, 0, 0]]), labels([2]))).toSatisfy((x: Tensor) => Math.abs(x.item() - log(3)) < 1e-15);
    expect(() => graph.evaluate(tensor([[0, 0, 0]]), labels([-1]))).toThrow(ShapeError);
    expect(() => graph.evaluate(tensor([[0, 0, 0]]), labels([3]))).toThrow(ShapeError);
  });
});

describe("crossEntropy", () => {
  it("is −Σ y ln(ŷ + ε), of rows and of classes by number, with both derivatives", () => {
    fc.assert(fc.property(fc.array(fc.tuple(row, row, fc.integer({ min: 0, max: 2 })), { minLength: 1, maxLength: 4 }), (data) => {
      const ps = data.map(([z]) => chances(z)), ys = data.map(([, t]) => chances(t)), k = data.map(([, , c]) => c), n = data.length;
      expectClose(crossEntropy(ps, ys), average(ps.map((p, i) => ce(p, ys[i]!))), 1e-12);
      expectClose(crossEntropy(ps, labels(k)), average(ps.map((p, i) => -log(p[k[i]!]!))), 1e-12);
      for (const ad of exact) {
        const [dp, dy] = gradient((a, b) => crossEntropy(a, b), ad, tensor(ps), tensor(ys));
        expectClose(dp, ps.map((p, i) => p.map((x, c) => -ys[i]![c]! / x / n)), 1e-11);
        expectClose(dy, ps.map((p) => p.map((x) => -log(x) / n)), 1e-12);
        expectClose(gradient((a) => crossEntropy(a, labels(k)), ad, tensor(ps))[0], ps.map((p, i) => p.map((x, c) => (c === k[i] ? -1 / x / n : 0))), 1e-11);
      }
    }), { numRuns: 50 });
  });

  it("is finite for saturated probabilities, with its derivatives; infinite without eps", () => {
    for (const p of [tensor([[0, 1], [1, 0]]), float32([0, 1, 1, 0], [2, 2])]) {
      const e = p.dtype === "float32" ? 2 ** -23 : 2 ** -52;
      for (const y of [labels([0, 0]), tensor([[1, 0], [1, 0]])]) {
        expectClose(crossEntropy(p, y, { agg: identity }), [-log(e), -log(1 + e)], 1e-6);
        for (const ad of exact) expectClose(gradient((a) => crossEntropy(a, y, { agg: sum }), ad, p)[0].mul(e), [[-1, 0], [-e / (1 + e), 0]], 1e-6);
      }
    }
    expect(crossEntropy([[0, 1]], [[0, 1]], { eps: 0 }).item()).toBe(0);
    expect(plain(gradient((p) => crossEntropy(p, [[0, 1]], { eps: 0 }), AutoTape(), tensor([[0, 1]])))).toEqual([[[0, -1]]]);
    expect(crossEntropy([[0, 1]], [[1, 0]], { eps: 0 }).item()).toBe(Infinity);
  });

  it("is logitCrossEntropy's value of a softmax", () => {
    const z = tensor([[1, -2, 0.5], [0, 0, 3]]);
    expectClose(crossEntropy(softmax(z), labels([1, 2])), logitCrossEntropy(z, labels([1, 2])), 1e-14);
  });
});

describe("klDivergence", () => {
  it("is 0 of equals, and cross-entropy less entropy", () => {
    const p = [[0.2, 0.8], [0.5, 0.5]], y = [[0.5, 0.5], [0, 1]];
    expectClose(klDivergence(y, y), 0, 1e-15);
    expectClose(klDivergence(p, y, { agg: identity }), [0.5 * log(0.5 / 0.2) + 0.5 * log(0.5 / 0.8), log(2)], 1e-14);
    for (const ad of exact) expectClose(gradient((a) => klDivergence(a, y, { agg: sum }), ad, tensor(p)), [[[-0.5 / 0.2, -0.5 / 0.8], [0, -2]]], 1e-12);
    for (const ad of exact) expectClose(gradient((b) => klDivergence(p, b, { agg: sum }), ad, tensor(y))[0].slice(0), [log(0.5 / 0.2) + 1, log(0.5 / 0.8) + 1], 1e-12);
    expect(() => klDivergence([0.5, 0.5], [1, 0, 0])).toThrow("klDivergence: expected predictions and targets of one shape, got [2] and [3].");
    expect(() => klDivergence(1, 1)).toThrow("klDivergence: expected predictions with a last axis of classes, got a scalar.");
  });
});

describe("focal", () => {
  it("is weighted cross-entropy, of rows and of classes by number", () => {
    const p = tensor([[0.2, 0.8], [0.5, 0.5]]);
    const expected = [-(0.8 ** 2) * log(0.2), -(0.5 ** 2) * log(0.5)];
    expectClose(focal(p, [[1, 0], [0, 1]], { agg: identity }), expected, 1e-12);
    expectClose(focal(p, labels([0, 1]), { agg: identity }), expected, 1e-12);
    expectClose(focal(p, labels([0, 1]), { gamma: 0 }), crossEntropy(p, labels([0, 1])), 1e-14);
    const slope = (x: number): number => 2 * (1 - x) * log(x) - (1 - x) ** 2 / x;
    for (const ad of exact) expectClose(gradient((a) => focal(a, labels([0, 1]), { agg: sum }), ad, p), [[[slope(0.2), 0], [0, slope(0.5)]]], 1e-12);
    for (const ad of exact) expect(min(isFinite(gradient((a) => focal(a, [[1, 0], [1, 0]]), ad, tensor([[0, 1], [1, 0]]))[0])).item()).toBe(1);
    expect(focal([[0, 1]], [[0, 1]], { eps: 0 }).item()).toBe(0);
    expect(focal(float32([1.0000001, 0], [1, 2]), labels([0]), { gamma: 0.5 }).item()).toBeCloseTo(0, 6); // a softmax may round above 1
  });
});

describe("the softmax family and the losses of its probabilities", () => {
  const logits = (limit: number) => fc.array(fc.double({ min: -limit, max: limit, noNaN: true }), { minLength: 2, maxLength: 5 });
  const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
  const naiveSoftmax = (z: readonly number[]): number[] => z.map((x) => exp(x) / total(z.map(exp)));

  it("softmax, logSoftmax and logsumexp are their naive definitions where these are safe, and so are their derivatives", () => {
    fc.assert(fc.property(logits(15), (z) => {
      const [p, x, w] = [naiveSoftmax(z), tensor(z), z.map((_, i) => 1 + i)];
      const weighted = total(p.map((q, i) => q * w[i]!));
      expectClose([softmax(x), logSoftmax(x), logsumexp(x)], [p, p.map(log), log(total(z.map(exp)))], 1e-12);
      for (const ad of exact) {
        expectClose(gradient((a) => logsumexp(a), ad, x), [p], 1e-12);
        expectClose(gradient((a) => sum(mul(softmax(a), w)), ad, x), [p.map((q, i) => q * (w[i]! - weighted))], 1e-12);
        expectClose(gradient((a) => sum(mul(logSoftmax(a), w)), ad, x), [p.map((q, i) => w[i]! - q * total(w))], 1e-12);
      }
    }), { numRuns: 50 });
  });

  it("klDivergence and focal are their naive definitions where these are safe", () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.double({ min: -4, max: 4, noNaN: true }), fc.double({ min: -4, max: 4, noNaN: true })), { minLength: 2, maxLength: 5 }), fc.constantFrom(0, 0.5, 1, 2, 3.5), (zs, gamma) => {
      const [p, y] = [naiveSoftmax(zs.map(([a]) => a)), naiveSoftmax(zs.map(([, b]) => b))];
      expectClose(klDivergence(p, y), total(p.map((q, i) => y[i]! * log(y[i]! / q))), 1e-12);
      expectClose(focal(p, y, { gamma }), total(p.map((q, i) => -y[i]! * (1 - q) ** gamma * log(q))), 1e-12);
    }), { numRuns: 50 });
  });

  const finite = (f: (z: Tensor) => Tensor, z: Tensor): void => {
    const say = `${f.toString()} at ${z.toString()}`;
    expect(min(isFinite(f(z))).item(), say).toBe(1);
    for (const ad of exact) expect(min(isFinite(gradient((a) => sum(f(a)), ad, z)[0])).item(), `gradient of ${say}`).toBe(1);
  };

  it("all are finite at any size, with their derivatives", () => {
    const y = (z: Tensor): Tensor => softmax(mul(z, -0.5));
    const gammas = [0, 0.25, 0.5, 1, 2];
    const all = (z: Tensor): void => {
      const hot = [...z.dataSync()].map((_, i) => (i === 0 ? 1 : 0));
      for (const f of [softmax, logSoftmax, logsumexp, (a: Tensor) => klDivergence(softmax(a), y(z)), (a: Tensor) => klDivergence(softmax(a), hot)]) finite(f, z);
      for (const gamma of gammas) {
        finite((a) => focal(softmax(a), hot, { gamma }), z);
        finite((a) => focal(softmax(a), 0, { gamma }), z);
        finite((a) => binaryFocal(sigmoid(a), hot, { gamma }), z);
      }
    };
    fc.assert(fc.property(logits(1e100), (z) => all(tensor(z))), { numRuns: 20 });
    fc.assert(fc.property(logits(1e30), (z) => all(float32(z))), { numRuns: 20 });
    fc.assert(fc.property(logits(40), (z) => all(float32(z))), { numRuns: 20 });
  });

  it("focal is flat where the truth has all probability, for every γ above 0", () => {
    for (const gamma of [0.25, 0.5, 1, 2]) {
      for (const ad of exact) {
        expectClose(gradient((a) => focal(softmax(a), labels([0]), { gamma }), ad, float32([30, 0], [1, 2])), [[[0, 0]]], 1e-6);
        expectClose(gradient((a) => binaryFocal(sigmoid(a), [1], { gamma }), ad, float32([30])), [[0]], 1e-6);
      }
    }
  });
});

describe("labelSmoothing", () => {
  it("moves targets towards the uniform distribution", () => {
    expectClose(labelSmoothing([[1, 0, 0], [0, 0, 1]], 0.3), [[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]], 1e-15);
    expectClose(labelSmoothing([0, 1, 1], 0.2, { axis: null }), [0.1, 0.9, 0.9], 1e-15);
    expectClose(labelSmoothing([[1, 0], [0, 1], [0, 0]], 0.3, { axis: 0 }), [[0.8, 0.1], [0.1, 0.8], [0.1, 0.1]], 1e-15);
    expect(labelSmoothing(float32([1, 0]), 0.1).dtype).toBe("float32");
    expect(() => labelSmoothing([1, 0], 1.5)).toThrow(new AutodiffError("labelSmoothing: expected an alpha between 0 and 1, got 1.5."));
    expect(() => labelSmoothing([1, 0], 0.5, { axis: 1 })).toThrow(new ShapeError("labelSmoothing: axis 1 is out of range for a tensor of rank 1. Say axis: null where y is of two classes, 0 and 1."));
  });
});

describe("overlap", () => {
  it("dice", () => {
    expect(dice([1, 0, 1], [1, 0, 1]).item()).toBe(0);
    expect(dice([0, 0], [0, 0]).item()).toBe(0);
    expectClose(dice([0.5, 0.25], [1, 0]), 1 - (1 + 1) / (1 + 0.3125 + 1), 1e-15);
    expectClose(dice([0.5, 0.25], [1, 0], { smooth: 0 }), 1 - 1 / 1.3125, 1e-15);
    for (const ad of engines) expectClose(gradient((p) => dice(p, [1, 0]), ad, tensor([0.5, 0.25])), gradient((p) => dice(p, [1, 0]), AutoFiniteDiff({ scheme: "central6" }), tensor([0.5, 0.25])), 1e-9);
    expect(() => dice([1], [1, 0])).toThrow("dice: expected predictions and targets of one shape, got [1] and [2].");
  });

  it("tversky", () => {
    expect(tversky([1, 0, 1], [1, 0, 1]).item()).toBe(0);
    expectClose(tversky([1, 0], [0, 1]), 1 - 1 / 2, 1e-15);
    expectClose(tversky([0.5, 0.25], [1, 0], { beta: 0.6 }), 1 - 1.5 / (0.5 + 0.6 * 0.25 + 0.4 * 0.5 + 1), 1e-15);
    expect(() => tversky([1], [1], { beta: 2 })).toThrow(new AutodiffError("tversky: expected a beta between 0 and 1, got 2."));
  });
});

describe("agg", () => {
  const options: readonly [string, LossOptions, number][] = [["mean", {}, 2.5], ["sum", { agg: sum }, 5], ["max", { agg: (x) => max(x) }, 4], ["half the sum", { agg: (x) => mul(0.5, sum(x)) }, 2.5]];
  it.each(options)("%s", (_name, o, expected) => {
    expect(mse([1, 2], [2, 4], o).item()).toBe(expected);
  });

  it("of a number gets a scalar, and gives a number", () => {
    expect(mse(1, 3, { agg: (x) => mul(0.5, sum(x)) })).toBe(2);
    expect(gradient((x: Value) => mse(x, 3, { agg: (l) => mul(0.5, sum(l)) }), AutoTape(), 1)).toEqual([-2]);
  });

  it("must be a function", () => {
    expect(() => Reflect.apply(mse, undefined, [[1], [2], { agg: "mean" }])).toThrow(new AutodiffError("agg: expected a function such as mean, sum or identity, got mean."));
    expect(() => Reflect.apply(mse, undefined, [[1], [2], { agg: null }])).toThrow("got null");
  });
});

test("a loss may be the function that is differentiated", () => {
  for (const ad of exact) expect(plain(gradient(mse as (a: Tensor, b: Tensor) => Value, ad, tensor([1, 2]), tensor([0, 0])))).toEqual([[1, 2], [-1, -2]]);
  expect(mean(mse([1], [2], { agg: identity })).item()).toBe(1);
});

describe.each(engines)("on $adtype $chunkSize", (ad) => {
  const p = tensor([[0.35, 0.3, 0.35], [0.3, 0.3, 0.4]]), hot = tensor([[0, 1, 0], [0, 0, 1]]), k = labels([1, 2]);
  const all: Readonly<Record<string, (a: Tensor) => Value>> = {
    ...Object.fromEntries(Object.entries(pairs).map(([name, { loss }]) => [name, (a: Tensor) => loss(a, add(mul(0.7, hot), 0.15))])),
    crossEntropy: (a) => crossEntropy(a, k), crossEntropyOfRows: (a) => crossEntropy(a, hot), logitCrossEntropy: (a) => logitCrossEntropy(a, k), logitCrossEntropyOfRows: (a) => logitCrossEntropy(a, hot),
    klDivergence: (a) => klDivergence(a, hot), focal: (a) => focal(a, k), dice: (a) => dice(a, hot), tversky: (a) => tversky(a, hot),
  };

  it.each(Object.entries(all))("%s: the same gradient, prepared too", (_name, loss) => {
    const [expected] = gradient(loss, AutoTape(), p);
    expectClose(gradient(loss, ad, p)[0], expected, 1e-8);
    if (ad.adtype !== "finite-diff") expectClose(prepareGradient(loss, ad, p)(p), [expected], 1e-12);
  });
});

test("types: numbers give numbers, tensors tensors", () => {
  const t = tensor([1]);
  expectTypeOf(mse(1, 2)).toEqualTypeOf<number>();
  expectTypeOf(mse(t, t)).toEqualTypeOf<Tensor>();
  expectTypeOf(mse([1], [2])).toEqualTypeOf<Tensor>();
  expectTypeOf(mse(t as Value, t as Value)).toEqualTypeOf<Value>();
  expectTypeOf(huber(t, t, { delta: 2, agg: sum })).toEqualTypeOf<Tensor>();
  // @ts-expect-error: mse has no delta
  expect(() => mse(1, 1, { delta: 2 })).toThrow(new AutodiffError("mse: there is no option delta. It has agg."));
  expect(() => (mse as (...xs: unknown[]) => Value)(1, 1, { reduction: "sum" })).toThrow(new AutodiffError("mse: there is no option reduction. Write agg: mean, sum or identity."));
  expect(() => (dice as (...xs: unknown[]) => Value)([1], [1], { agg: sum })).toThrow(new AutodiffError("dice: there is no option agg. It has smooth."));
  expect(() => logitCrossEntropy([[0.3], [2]], [[1], [0]])).toThrow("logitCrossEntropy: expected several classes, got shape [2, 1]: of one there is nothing to tell. One number for two classes is for binaryCrossEntropy()");
});
