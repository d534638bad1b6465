import {
  add, arange, asTensor, AutodiffError, cast, equal, gather, less, log, logicalAnd, logSoftmax, mul, neg, reshape, ShapeError, sub,
  sum, Tensor, where, type Operand,
} from "@polyad/core";
import { float } from "../activations/activation.js";
import type { FocalOptions } from "./binary.js";
import { aggregate, doubt, epsilonOf, like, named, pair, showShape, type EpsOptions, type LossFunction } from "./loss.js";
import { xlogy } from "./xlogy.js";

/**
 * −Σ y·ln(ŷ + ε) over the classes, the last axis of the probabilities ŷ. Targets y are probabilities (or rows of `oneHot`) of
 * ŷ's shape, or int32 numbers of classes, of ŷ's shape without the last axis. What `agg` is given has that shape, too: a
 * loss per row. `logitCrossEntropy` is more accurate where ŷ is a softmax's.
 *
 * @throws ShapeError for targets of another shape, or classes out of range.
 * @example
 * crossEntropy([[0.5, 0.5], [1, 0]], [[1, 0], [1, 0]]).item() // Math.LN2 / 2
 * crossEntropy([[0.5, 0.5], [1, 0]], tensor([1, 0], null, "int32")).item() // Math.LN2 / 2
 */
export const crossEntropy: LossFunction<EpsOptions> = named("crossEntropy", (predictions, targets, options) => {
  const [yHat, y] = classes("crossEntropy", predictions, targets);
  const eps = epsilonOf("crossEntropy", yHat, options);
  const losses = y.dtype === "int32" ? log(add(picked(yHat, y), eps)) : sum(xlogy(y, add(yHat, eps)), { axis: -1 });
  return aggregate(neg(losses), options);
}, ["eps"]);

/**
 * −Σ y·ln softmax(ŷ) over the classes, the last axis of the logits ŷ: `crossEntropy` of softmax(ŷ), accurate and finite where
 * that is 0 or 1. Targets are as there. A logit of −∞ is a class that cannot be.
 *
 * @throws ShapeError for targets of another shape, or classes out of range.
 * @example
 * logitCrossEntropy([[0, 0], [1000, -1000]], [[1, 0], [0, 1]], { agg: identity }).toArray() // [Math.LN2, 2000]
 * logitCrossEntropy([[0, 0], [1000, -1000]], tensor([0, 1], null, "int32"), { agg: identity }).toArray() // [Math.LN2, 2000]
 */
export const logitCrossEntropy: LossFunction = named("logitCrossEntropy", (predictions, targets, options) => {
  const [yHat, y] = classes("logitCrossEntropy", predictions, targets);
  const logs = logSoftmax(yHat);
  if (y.dtype === "int32") return aggregate(neg(picked(logs, y)), options);
  const impossible = logicalAnd(equal(y, 0), equal(logs, -Infinity)); // and not expected: 0·∞ counts as 0
  return aggregate(neg(sum(mul(y, where(impossible, 0, logs)), { axis: -1 })), options);
});

/**
 * Σ y·(ln y − ln(ŷ + ε)) over the classes, the last axis: the divergence of Kullback and Leibler of probabilities ŷ from
 * probabilities y, whatever `agg` makes of the rows.
 *
 * @throws ShapeError unless ŷ and y have one shape of at least one axis.
 * @example
 * klDivergence([[0.5, 0.5]], [[1, 0]]).item() // Math.LN2
 */
export const klDivergence: LossFunction<EpsOptions> = named("klDivergence", (predictions, targets, options) => {
  const [yHat, y] = rows("klDivergence", predictions, targets);
  const eps = epsilonOf("klDivergence", yHat, options);
  return aggregate(sum(sub(xlogy(y, y), xlogy(y, add(yHat, eps))), { axis: -1 }), options);
}, ["eps"]);

/**
 * −Σ y·(1 − ŷ)^γ·ln(ŷ + ε) over the classes, the last axis of the probabilities ŷ; γ = 2 unless said. Cross-entropy in which
 * easy rows count less (Lin et al. 2017). Targets are as in `crossEntropy`.
 *
 * @throws ShapeError for targets of another shape, or classes out of range.
 * @example
 * focal([[0.5, 0.5], [1, 0]], [[1, 0], [1, 0]]).item() // Math.LN2 / 8
 */
export const focal: LossFunction<FocalOptions> = named("focal", (predictions, targets, options) => {
  const [yHat, y] = classes("focal", predictions, targets);
  const eps = epsilonOf("focal", yHat, options);
  const { gamma = 2 } = options;
  const part = (p: Tensor, y: Operand): Tensor => mul(doubt(p, gamma), xlogy(y, add(p, eps)));
  const losses = y.dtype === "int32" ? part(picked(yHat, y), 1) : sum(part(yHat, y), { axis: -1 });
  return aggregate(neg(losses), options);
}, ["eps", "gamma"]);

export interface LabelSmoothingOptions {
  /** Along which the classes lie, the last axis unless said; null for targets of two classes, 0 and 1. */
  readonly axis?: number | null | undefined;
}

/**
 * y(1 − α) + α/K for K classes: targets that are less sure of themselves (Szegedy et al. 2016).
 *
 * @throws AutodiffError unless 0 ≤ α ≤ 1.
 * @example
 * labelSmoothing([[1, 0]], 0.5).toArray() // [[0.75, 0.25]]
 */
export function labelSmoothing(y: Operand, alpha: number, { axis = -1 }: LabelSmoothingOptions = {}): Tensor {
  if (!(alpha >= 0 && alpha <= 1)) throw new AutodiffError(`labelSmoothing: expected an alpha between 0 and 1, got ${alpha}.`);
  const targets = asTensor("labelSmoothing", float("labelSmoothing", y));
  const count = axis === null ? 2 : targets.shape.at(axis);
  if (count !== undefined) return add(mul(targets, 1 - alpha), alpha / count);
  throw new ShapeError(`labelSmoothing: axis ${axis} is out of range for a tensor of rank ${targets.ndim}. Say axis: null where y is of two classes, 0 and 1.`);
}

/** Predictions with a last axis of classes, and targets: floats of the same shape, or the int32 number of a class per row. */
export function classes(name: string, predictions: Operand, targets: Operand): readonly [yHat: Tensor, y: Tensor] {
  const yHat = withClasses(name, predictions);
  const y = asTensor(name, targets);
  const listed = !(targets instanceof Tensor) && !ArrayBuffer.isView(targets); // numbers in JavaScript: whole where they mean classes
  if (y.ndim === yHat.ndim - 1 && y.shape.every((n, i) => n === yHat.shape[i]) && (y.dtype === "int32" || listed)) {
    return [yHat, checkedLabels(name, y, yHat.shape.at(-1)!)];
  }
  if (y.ndim === yHat.ndim && y.shape.every((n, i) => n === yHat.shape[i])) return [yHat, like(yHat, targets, name) as Tensor];
  const shape = yHat.shape;
  throw new ShapeError(
    `${name}: beside predictions of shape ${showShape(shape)}, expected targets of the same shape, or int32 numbers of classes of ` +
      `shape ${showShape(shape.slice(0, -1))}, got a ${y.dtype} tensor of shape ${showShape(y.shape)}. ` +
      'See oneHot(), or cast(y, "int32").',
  );
}

/** Predictions and targets of one shape, whose last axis is that of the classes. */
function rows(name: string, predictions: Operand, targets: Operand): readonly [yHat: Tensor, y: Tensor] {
  const [yHat, y] = pair(name, withClasses(name, predictions), targets);
  return [yHat as Tensor, y as Tensor];
}

function withClasses(name: string, predictions: Operand): Tensor {
  const yHat = float(name, predictions);
  if (yHat instanceof Tensor && yHat.shape.at(-1) === 1) {
    throw new ShapeError(`${name}: expected several classes, got shape ${showShape(yHat.shape)}: of one there is nothing to tell. One number for two classes is for binaryCrossEntropy(), and measured by mean(cast(equal(greater(p, 0.5), y), "float64")).`);
  }
  if (yHat instanceof Tensor && yHat.ndim > 0) return yHat;
  throw new ShapeError(`${name}: expected predictions with a last axis of classes, got a scalar.`);
}

/**
 * Labels as int32, in range. Where they can be read, the first that is not is named; else `gather` checks, and one below 0,
 * which it would count from the end, is moved out of range.
 */
function checkedLabels(name: string, y: Tensor, count: number): Tensor {
  if (y.trace !== null || y.device.reads !== "sync") {
    const labels = cast(y, "int32");
    return gather(arange(count, undefined, undefined, "int32"), where(less(labels, 0), count, labels));
  }
  const numbers = y.dataSync();
  const wrong = numbers.findIndex((k: number) => !Number.isInteger(k) || k < 0 || k >= count);
  if (wrong < 0) return cast(y, "int32");
  throw new ShapeError(`${name}: expected numbers of classes from 0 to ${count - 1}, got ${numbers[wrong]} at row ${wrong}.`);
}

/** x[…, y[…]]: of each row the entry of its class. */
function picked(x: Tensor, y: Tensor): Tensor {
  const starts = arange(0, x.size, x.shape.at(-1), "int32");
  return reshape(gather(reshape(x, [x.size]), add(starts, reshape(y, [y.size]))), y.shape);
}
