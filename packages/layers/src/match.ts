import { asTensor, AutodiffError, cast, logSoftmax, ShapeError, softmax, Tensor, type Operand } from "@polyad/core";
import { warnOnce } from "./warn.js";

/** What a layer applies to each element of its result. */
export type Activation = (x: Tensor) => Tensor;

/** A layer's name, or how to tell it: only messages need it. */
export type Name = string | (() => string);

/** The bias of a layer that was made with `bias: B`. */
export type Bias<B extends boolean> = B extends true ? Tensor : null;

/**
 * An input in the precision of a layer's arrays. Another float dtype is cast with one warning, since half of the digits
 * or half of the speed is lost; what has no float dtype of its own (integers, numbers, arrays of numbers) silently.
 */
export function matchInput(name: Name, x: Operand, like: Tensor): Tensor {
  if (x instanceof Tensor && !x.weak) return matchDType(name, x, like);
  const t = asTensor(`layer ${tell(name)}`, x);
  return ArrayBuffer.isView(x) || t.dtype === like.dtype ? matchDType(name, t, like) : cast(t, like.dtype);
}

/** `matchInput` of a tensor. */
export function matchDType(name: Name, x: Tensor, like: Tensor): Tensor {
  if (x.dtype === like.dtype) return x;
  if (x.dtype === "float64" || x.dtype === "float32") {
    warnOnce(`layer ${tell(name)} computes in ${like.dtype} and got ${x.dtype}, which is cast at every call. Cast it once, before: cast(x, "${like.dtype}").`);
  }
  return cast(x, like.dtype);
}

export function tell(name: Name): string {
  return typeof name === "string" ? name : name();
}

/** @throws ShapeError unless the last axis of x has this size. */
export function checkSize(name: Name, x: Tensor, size: number, what = "an input"): void {
  if (x.ndim > 0 && x.shape[x.ndim - 1] === size) return;
  throw new ShapeError(`layer ${tell(name)} expects ${what} of size ${size} in its last axis, got shape [${x.shape.join(", ")}].`);
}

/** @throws AutodiffError unless every size is a whole number of at least 1. */
export function checkSizes(name: string, ...sizes: readonly number[]): void {
  if (sizes.every((n) => Number.isInteger(n) && n >= 1)) return;
  throw new AutodiffError(`${name}: expected whole numbers of at least 1 as sizes, got ${sizes.map(String).join(", ")}.`);
}

/**
 * @throws AutodiffError unless the activation is a function of single elements. softmax is one of a whole axis, which
 * may not be that of the layer: it needs to be seen.
 */
export function checkActivation(name: string, activation: Activation): void {
  if (typeof activation !== "function") {
    throw new AutodiffError(`${name}: expected an activation function, got ${String(activation)}. Options come after it: pass identity for none.`);
  }
  if (activation !== softmax && activation !== logSoftmax) return;
  throw new AutodiffError(`${name}: ${activation.name} needs to be outside of the layer, since it works on an axis and not on single elements. Write Chain(${name}(…), ${activation.name}).`);
}
