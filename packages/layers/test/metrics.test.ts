import { accuracy, AutodiffError, classScores, confusionMatrix, generator, oneHot, r2, randint, randn, ShapeError, sum, tensor, topKAccuracy, type Tensor } from "polyad";
import { describe, expect, it, test } from "vitest";

const labels = (data: readonly number[]): Tensor => tensor(data, null, "int32");
const scores = tensor([[0.9, 0.1, 0], [0.2, 0.3, 0.5], [0.1, 0.6, 0.3], [0.4, 0.4, 0.2]]);

describe("accuracy", () => {
  it("counts the rows whose largest score is that of their class", () => {
    expect(accuracy(scores, labels([0, 2, 1, 0]))).toBe(1); // the first of equals
    expect(accuracy(scores, labels([0, 2, 0, 1]))).toBe(0.5);
    expect(accuracy(scores, [1, 1, 2, 2])).toBe(0);
    expect(accuracy([0.1, 0.9], 1)).toBe(1);
    expect(accuracy(tensor(new Float32Array([1, 2]), [1, 2]), labels([1]))).toBe(1);
  });

  it("takes rows of one-hot or of probabilities as targets, and batch axes", () => {
    const y = labels([0, 1, 1, 0]);
    expect(accuracy(scores, oneHot(y, 3))).toBe(0.75);
    expect(accuracy(scores, oneHot(y, 3, { dtype: "int32" }))).toBe(0.75);
    expect(accuracy(scores.reshape([2, 2, 3]), y.reshape([2, 2]))).toBe(0.75);
  });

  it("takes infinite scores, and is exact in float64 for many rows", () => {
    expect(accuracy([[-Infinity, 0], [Infinity, 0]], [1, 0])).toBe(1);
    const n = 3000;
    const x = tensor(Float32Array.from({ length: 2 * n }, (_, i) => (i % 2)), [n, 2]);
    expect(accuracy(x, labels(Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 0 : 1))))).toBe(2000 / 3000);
  });

  it("refuses NaN, nothing, and other shapes", () => {
    expect(() => accuracy([[NaN, 1]], [0])).toThrow(new AutodiffError("accuracy: got NaN. Look for the step that gave it: a NaN is neither right nor wrong."));
    expect(() => accuracy([[0, 1]], [[NaN, 1]])).toThrow("accuracy: got NaN.");
    expect(() => accuracy(tensor(new Float64Array(0), [0, 3]), labels([]))).toThrow(new AutodiffError("accuracy: there is nothing to measure: got shape [0, 3]."));
    expect(() => accuracy(scores, labels([0, 1]))).toThrow(ShapeError);
    expect(() => accuracy([[0.1], [0.9], [0.2]], [[1], [0], [1]])).toThrow("accuracy: expected several classes, got shape [3, 1]: of one there is nothing to tell.");
    expect(() => accuracy([0.9, 0.8, 0.1, 0.2], [0, 1, 1, 0])).toThrow("accuracy: expected a row of scores for each sample, [samples, classes], got shape [4] beside as many targets.");
    expect(() => accuracy(scores, tensor([0, 1, 2, 0]))).toThrow("int32 numbers of classes of shape [4], got a float64 tensor of shape [4]");
    expect(() => accuracy(scores, labels([0, 1, 2, 3]))).toThrow("accuracy: expected numbers of classes from 0 to 2, got 3 at row 3.");
    expect(() => accuracy(1, 1)).toThrow("accuracy: expected predictions with a last axis of classes, got a scalar.");
  });
});

describe("topKAccuracy", () => {
  it("counts the rows whose class is among the k best", () => {
    const y = labels([1, 0, 0, 1]);
    expect([1, 2, 3].map((k) => topKAccuracy(scores, y, k))).toEqual([0, 0.5, 1]);
    expect(topKAccuracy(scores, oneHot(y, 3), 2)).toBe(0.5);
    expect(topKAccuracy([0.1, 0.9, 0.2], 2, 2)).toBe(1);
  });

  it("is accuracy for k = 1", () => {
    const x = randn(generator(1), [50, 7]), y = randint(generator(2), [50], { max: 7 });
    expect(topKAccuracy(x, y, 1)).toBe(accuracy(x, y));
    expect(topKAccuracy(x, y, 7)).toBe(1);
  });

  it("refuses a k that there is not", () => expect(() => topKAccuracy(scores, [0, 0, 0, 0], 4)).toThrow(/topK: k = 4 is not between 0 and the length of axis 1/));
});

describe("confusionMatrix and classScores", () => {
  const y = labels([0, 1, 1, 1]);

  it("has the truth in rows and the guess in columns", () => {
    const confusion = confusionMatrix(scores, y);
    expect([confusion.toArray(), confusion.dtype]).toEqual([[[1, 0, 0], [1, 1, 1], [0, 0, 0]], "int32"]);
    expect(confusionMatrix(scores.reshape([2, 2, 3]), oneHot(y, 3).reshape([2, 2, 3])).toArray()).toEqual(confusion.toArray());
    expect(sum(confusionMatrix(randn(generator(1), [90, 4]), randint(generator(1), [90], { max: 4 }))).item()).toBe(90);
  });

  it("gives each class's scores, NaN where nothing is there to judge", () => {
    expect(classScores(confusionMatrix(scores, y))).toEqual({
      precision: [0.5, 1, 0], recall: [1, 1 / 3, NaN], f1: [2 / 3, 0.5, 0], support: [1, 3, 0],
    });
    expect(classScores([[2, 0], [0, 0]])).toEqual({ precision: [1, NaN], recall: [1, NaN], f1: [1, NaN], support: [2, 0] });
  });

  it("refuses what is not square", () => {
    expect(() => classScores([[1, 2, 3], [4, 5, 6]])).toThrow(new ShapeError("classScores: expected a square confusion matrix, got shape [2, 3]."));
    expect(() => classScores([1, 2])).toThrow("got shape [2]");
  });
});

test("r2", () => {
  expect(r2([1, 2, 3], [1, 2, 3])).toBe(1);
  expect(r2([2, 2, 2], [1, 2, 3])).toBe(0);
  expect(r2([3, 2, 1], [1, 2, 3])).toBe(-3);
  expect(r2(tensor(new Float32Array([1, 2, 4]), [3, 1]), [[1], [2], [3]])).toBe(0.5);
  expect(() => r2([1, 2], [3, 3])).toThrow(new AutodiffError("r2: the targets are all equal, so there is no variance to predict. Use mse()."));
  expect(() => r2([1, NaN], [3, 4])).toThrow("r2: got NaN.");
  expect(() => r2([1, 2], [[3, 4]])).toThrow("r2: expected predictions and targets of one shape, got [2] and [1, 2].");
  expect(() => r2(tensor(new Float64Array(0)), tensor(new Float64Array(0)))).toThrow("r2: there is nothing to measure: got shape [0].");
});
