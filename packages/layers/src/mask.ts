import { any, arange, AutodiffError, div, exp, lessEqual, max, reshape, ShapeError, stopGradient, sub, sum, where, type Tensor } from "@polyad/core";

/**
 * Which of T steps may see which: row i is true up to and with column i. Step i then depends on no later step.
 *
 * @example
 * causalMask(3).toArray() // [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
 */
export function causalMask(steps: number): Tensor {
  const i = arange(steps);
  return lessEqual(i, reshape(i, [steps, 1]));
}

/** eˣ / Σ eˣ along the last axis over where the mask holds, 0 elsewhere, and all 0 in a row where it holds nowhere. */
export function maskedSoftmax(x: Tensor, mask: Tensor): Tensor {
  if (x.size === 0) return x;
  const along = { axis: -1, keepDims: true };
  const some = any(mask, along);
  const largest = max(where(mask, stopGradient(x), -Infinity), along);
  const powers = exp(where(mask, sub(x, where(some, largest, 0)), -Infinity));
  return div(powers, where(some, sum(powers, along), 1));
}

/** @throws unless the mask is bool and broadcasts to the scores. */
export function checkMask(mask: Tensor, { shape }: Tensor): Tensor {
  if (mask.dtype !== "bool") {
    throw new AutodiffError(`MultiHeadAttention: expected a mask of bool, true where a query may see a key, got ${mask.dtype}. Compare to make one: greater(mask, 0).`);
  }
  const own = mask.ndim === 0 ? [1] : mask.shape;
  const lead = shape.length - own.length;
  if (lead >= 0 && own.every((n, i) => n === 1 || n === shape[lead + i])) return reshape(mask, own);
  throw new ShapeError(`MultiHeadAttention: the mask has shape [${mask.shape.join(", ")}], which does not broadcast to the weights' [..., heads, Tq, Tk], here [${shape.join(", ")}].`);
}
