import {
  any, argmax, asTensor, AutodiffError, cast, equal, expandDims, isNaN, mean, ShapeError, square, sub, sum, tensor, Tensor, topK,
  type Operand,
} from "@polyad/core";
import { classes } from "./losses/classes.js";
import { pair, showShape } from "./losses/loss.js";

/**
 * The fraction of rows whose class is the one predicted. Predictions have a last axis of scores (logits or probabilities;
 * the first of equal scores counts); targets are rows of the same shape or int32 numbers of classes.
 *
 * @throws ShapeError for targets of another shape, or classes out of range; AutodiffError for NaN or nothing at all.
 * @example
 * accuracy([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], [0, 1, 1]) // 2 / 3
 */
export function accuracy(predictions: Operand, targets: Operand): number {
  const [scores, labels] = scoresAndLabels("accuracy", predictions, targets);
  return mean(cast(equal(argmax(scores, { axis: -1 }), labels), "float64")).item();
}

/**
 * The fraction of rows whose class is among the k with the highest scores; of equal scores the first count.
 *
 * @throws ShapeError for targets of another shape, or classes out of range; AutodiffError for NaN or nothing at all.
 * @example
 * topKAccuracy([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], [1, 2], 2) // 0.5
 */
export function topKAccuracy(predictions: Operand, targets: Operand, k: number): number {
  const [scores, labels] = scoresAndLabels("topKAccuracy", predictions, targets);
  const [, best] = topK(scores, k);
  return mean(cast(any(equal(best, expandDims(labels, -1)), { axis: -1 }), "float64")).item();
}

/**
 * How often class i (row) was taken for class j (column): an int32 [K, K]. The diagonal is right.
 *
 * @throws ShapeError for targets of another shape, or classes out of range; AutodiffError for NaN or nothing at all.
 * @example
 * confusionMatrix([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], [0, 1, 1]).toArray() // [[1, 0], [1, 1]]
 */
export function confusionMatrix(predictions: Operand, targets: Operand): Tensor {
  const [scores, labels] = scoresAndLabels("confusionMatrix", predictions, targets);
  const count = scores.shape.at(-1)!;
  const [guesses, truths] = [argmax(scores, { axis: -1 }).dataSync(), labels.dataSync()];
  const counts = new Int32Array(count * count);
  truths.forEach((truth: number, row: number) => counts[truth * count + guesses[row]!]!++);
  return tensor(counts, [count, count]);
}

/** How well each class is told from the others. */
export interface ClassScores {
  /** Of what was taken for the class, the fraction that is; NaN where nothing was. */
  readonly precision: readonly number[];
  /** Of what is the class, the fraction that was taken for it; NaN where nothing is. */
  readonly recall: readonly number[];
  /** The harmonic mean of the two; NaN where nothing is of the class, nor was taken for it. */
  readonly f1: readonly number[];
  /** The number of rows of the class. */
  readonly support: readonly number[];
}

/**
 * Precision, recall and F₁ of each class, from a confusion matrix.
 *
 * @throws ShapeError unless the matrix is square.
 * @example
 * classScores([[1, 0], [1, 1]]).recall // [1, 0.5]
 */
export function classScores(confusion: Operand): ClassScores {
  const counts = asTensor("classScores", confusion);
  const n = counts.shape[0];
  if (counts.ndim !== 2 || n !== counts.shape[1]) throw new ShapeError(`classScores: expected a square confusion matrix, got shape ${showShape(counts.shape)}.`);
  const right = Array.from({ length: n! }, (_, i) => counts.dataSync()[i * n! + i]!);
  const support = [...sum(counts, { axis: 1 }).dataSync()];
  const taken = [...sum(counts, { axis: 0 }).dataSync()];
  return {
    precision: right.map((r, i) => r / taken[i]!),
    recall: right.map((r, i) => r / support[i]!),
    f1: right.map((r, i) => (2 * r) / (taken[i]! + support[i]!)),
    support,
  };
}

/**
 * R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)²: the fraction of the targets' variance that is predicted; below 0 for worse than their mean ȳ.
 *
 * @throws ShapeError unless ŷ and y have one shape; AutodiffError for NaN, nothing at all, or targets that do not vary.
 * @example
 * r2([1, 2, 4], [1, 2, 3]) // 0.5
 */
export function r2(predictions: Operand, targets: Operand): number {
  const [yHat, y] = pair("r2", predictions, targets).map((x) => checked("r2", cast(x, "float64"))) as [Tensor, Tensor];
  const total = sum(square(sub(y, mean(y)))).item();
  if (total === 0) throw new AutodiffError("r2: the targets are all equal, so there is no variance to predict. Use mse().");
  return 1 - sum(square(sub(y, yHat))).item() / total;
}

/** Scores with a last axis of classes, and the number of each row's class. */
function scoresAndLabels(name: string, predictions: Operand, targets: Operand): readonly [scores: Tensor, labels: Tensor] {
  const [scores, y] = classes(name, predictions, targets);
  if (scores.ndim === 1 && y.ndim === 1) {
    throw new ShapeError(`${name}: expected a row of scores for each sample, [samples, classes], got shape ${showShape(scores.shape)} beside as many targets. One number for two classes is measured by mean(cast(equal(greater(p, 0.5), y), "float64")).`);
  }
  checked(name, scores);
  return [scores, y.ndim < scores.ndim ? y : argmax(checked(name, y), { axis: -1 })];
}

function checked(name: string, x: Tensor): Tensor {
  if (x.size === 0) throw new AutodiffError(`${name}: there is nothing to measure: got shape ${showShape(x.shape)}.`);
  if (any(isNaN(x)).item() !== 0) throw new AutodiffError(`${name}: got NaN. Look for the step that gave it: a NaN is neither right nor wrong.`);
  return x;
}
