import { AutodiffError, cast, clamp, greater, mean, pow, ShapeError, sub, Tensor, whereSafe, type ArrayLike, type Operand, type Shape, type Value } from "@polyad/core";
import { float } from "../activations/activation.js";
import { checkOptions } from "../options.js";

export interface LossOptions {
  /** What becomes of the losses of the parts; their mean unless said. `sum` adds them, `identity` keeps them. */
  readonly agg?: ((losses: Tensor) => Tensor) | undefined;
}

export interface EpsOptions extends LossOptions {
  /** What is added inside of a logarithm so that it stays finite: the spacing of numbers near 1 unless said. */
  readonly eps?: number | undefined;
}

/** Of predictions ŷ and targets y. Numbers give a number, tensors a tensor. */
export interface LossFunction<O extends LossOptions = LossOptions> {
  (yHat: number, y: number, options?: O): number;
  (yHat: Tensor | ArrayLike, y: Operand, options?: O): Tensor;
  (yHat: Operand, y: Tensor | ArrayLike, options?: O): Tensor;
  (yHat: Value, y: Value, options?: O): Value;
  (yHat: Operand, y: Operand, options?: O): Value;
}

/**
 * (1 − p)^γ of probabilities p. Its slope at p = 1 counts as 0 where γ > 0, also where it is infinite: what it multiplies is
 * 0 there, and their product is flat.
 */
export function doubt(p: Value, gamma: number): Value {
  const rest = clamp(sub(1, p), 0, 1);
  return gamma > 0 ? whereSafe(greater(rest, 0), (q) => pow(q, gamma), rest, 0) : pow(rest, gamma);
}

/** A loss of pairs: predictions and targets of one shape, and a part for each element. */
export function pairwise<O extends LossOptions = LossOptions>(
  name: string,
  part: (yHat: Value, y: Value, options: O) => Value,
  own: readonly (keyof O & string)[] = [],
): LossFunction<O> {
  return named(name, (yHat, y, options) => aggregate(part(...pair(name, yHat, y), options), options), own);
}

/** A loss by the name that its messages and a table of losses use, with the names of options besides `agg`. */
export function named<O extends LossOptions>(
  name: string,
  loss: (yHat: Operand, y: Operand, options: O) => Value,
  own: readonly (keyof O & string)[] = [],
): LossFunction<O> {
  const known = ["agg", ...own];
  const of = (yHat: Operand, y: Operand, options: O = {} as O): Value => {
    checkOptions(name, options, known, hints);
    return loss(yHat, y, options);
  };
  return Object.defineProperty(of, "name", { value: name }) as LossFunction<O>;
}

const hints = { reduction: "Write agg: mean, sum or identity.", dims: "Write agg: (losses) => mean(losses, { axis })." };

/**
 * Predictions and targets as floats; targets that are whole numbers have the predictions' dtype.
 *
 * @throws ShapeError unless they have one shape: broadcasting would count pairs that do not belong together.
 */
export function pair(name: string, predictions: Operand, targets: Operand): readonly [yHat: Value, y: Value] {
  const yHat = float(name, predictions);
  const y = like(yHat, targets, name);
  const [a, b] = [shapeOf(yHat), shapeOf(y)];
  if (a.length === b.length && a.every((n, i) => n === b[i])) return [yHat, y];
  throw new ShapeError(
    `${name}: expected predictions and targets of one shape, got ${showShape(a)} and ${showShape(b)}. Broadcasting would ` +
      "pair what does not belong together: reshape one of them.",
  );
}

/** Targets as floats: whole numbers, which have no precision of their own, in that of the predictions. */
export function like(yHat: Value, targets: Operand, name: string): Value {
  const whole = targets instanceof Tensor && (targets.dtype === "int32" || targets.dtype === "bool");
  return whole && yHat instanceof Tensor && !yHat.weak ? cast(targets, yHat.dtype) : float(name, targets);
}

/** The losses of the parts as one; a number's is a number. */
export function aggregate(losses: Value, { agg = mean }: LossOptions): Value {
  if (typeof agg !== "function") throw new AutodiffError(`agg: expected a function such as mean, sum or identity, got ${String(agg)}.`);
  if (losses instanceof Tensor && !losses.weak) return agg(losses);
  return cast(agg(cast(losses, "float64")), "number");
}

/** ε: the spacing of numbers near 1 in the predictions' dtype, unless said. */
export function epsilonOf(name: string, yHat: Value, { eps }: EpsOptions): number {
  if (eps === undefined) return yHat instanceof Tensor && yHat.dtype === "float32" ? 2 ** -23 : 2 ** -52;
  if (eps >= 0) return eps;
  throw new AutodiffError(`${name}: expected an eps of at least 0, got ${eps}.`);
}

export function shapeOf(x: Value): Shape {
  return typeof x === "number" ? [] : x.shape;
}

export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}
