import { add, asTensor, AutodiffError, isFinite, mean, mul, ones, reshape, rsqrt, ShapeError, square, sub, where, zeros, type Operand, type Tensor } from "@polyad/core";
import { checkActivation, checkSizes, matchInput, type Activation } from "./match.js";
import { identity } from "./identity.js";
import { showActivation } from "./show.js";

/** x with mean 0 and variance 1 along some axes, and what its mean and variance were; reduced axes have length 1. */
export interface Normalised {
  readonly y: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * (x − x̄) / √(σ² + ε), with x̄ = Σx / n and σ² = Σ(x − x̄)² / n along the axes: in two passes, since Σx² / n − x̄² cancels
 * where the mean is large. NaN where σ² overflows, at deviations of about 1e19 in float32 and 1e154 in float64, which would
 * give 0. (To scale them first takes two to four times as long.) Tiny deviations are right: ε outweighs their squares.
 */
export function normalise(x: Tensor, axis: readonly number[], eps: number): Normalised {
  const along = { axis, keepDims: true };
  const average = mean(x, along);
  const deviation = sub(x, average);
  const variance = mean(square(deviation), along);
  const known = where(isFinite(variance), variance, NaN);
  return { y: mul(deviation, rsqrt(add(known, eps))), mean: average, variance };
}

/** What is learned after normalising, y ↦ f(γ·y + β); γ and β are null where a layer has none. */
export interface Affine<A extends Tensor | null = Tensor | null> {
  readonly activation: Activation;
  readonly scale: A;
  readonly bias: A;
}

/** γ = 1 and β = 0 of a shape, float32. */
export function affine(name: string, activation: Activation, shape: readonly number[], learned: boolean): Affine {
  checkSizes(name, ...shape);
  checkActivation(name, activation);
  return { activation, scale: learned ? ones(shape, "float32") : null, bias: learned ? zeros(shape, "float32") : null };
}

/** f(γ·y + β), where γ and β are spread over axes of length 1 after them, as channels are over the pixels of an image. */
export function applyAffine({ activation, scale, bias }: Affine, y: Tensor, after = 0): Tensor {
  const spread = (x: Tensor): Tensor => (after === 0 ? x : reshape(x, [...x.shape, ...new Array<number>(after).fill(1)]));
  if (scale === null || bias === null) return activation(y);
  return activation(add(mul(y, spread(scale)), spread(bias)));
}

/** x in the precision of a layer's arrays, if it has any. */
export function matchAffine(name: string, x: Operand, like: Tensor | null): Tensor {
  return like === null ? asTensor(`layer ${name}`, x) : matchInput(name, x, like);
}

/** `BatchNorm(64, relu)` */
export function showNorm(kind: string, size: readonly number[], { activation, scale }: Affine): string {
  const parts = [...size, ...(activation === identity ? [] : [showActivation(activation)]), ...(scale === null ? ["affine=false"] : [])];
  return `${kind}(${parts.join(", ")})`;
}

/** @throws ShapeError unless x is [N, channels, …]. */
export function checkChannels(name: string, { shape }: Tensor, channels: number): void {
  if (shape.length >= 2 && shape[1] === channels) return;
  throw new ShapeError(`layer ${name} expects an input of shape [N, ${channels}, ...], got shape [${shape.join(", ")}].`);
}

/** @throws AutodiffError unless ε is positive: a constant input has variance 0. */
export function checkEps(name: string, eps: number): void {
  if (!(eps > 0)) throw new AutodiffError(`${name}: expected eps > 0, got ${eps}.`);
}
