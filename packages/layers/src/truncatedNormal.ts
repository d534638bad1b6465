import { AutodiffError, erfc, rand, standardNormalQuantile, tensor, type RandomGenerator, type Shape, type Tensor } from "@polyad/core";
import type { InitialiserOptions } from "./init.js";

export interface TruncatedNormalOptions extends InitialiserOptions {
  readonly mean?: number | undefined;
  /** The standard deviation before anything is cut off; 1 unless said. */
  readonly std?: number | undefined;
  /** In standard deviations from the mean; −2 unless said. */
  readonly lower?: number | undefined;
  /** In standard deviations from the mean; 2 unless said. */
  readonly upper?: number | undefined;
}

/**
 * Normal numbers within `lower` to `upper` standard deviations of the mean, ±2 unless said: Φ⁻¹ of a uniform number between
 * Φ(lower) and Φ(upper), so every number costs one draw.
 *
 * @throws AutodiffError unless lower < upper, both finite, and std ≥ 0.
 * @example
 * max(abs(truncatedNormal(generator(1), [1000], { std: 0.5 }))).item() <= 1 // true
 */
export function truncatedNormal(
  rng: RandomGenerator,
  shape: Shape,
  { mean = 0, std = 1, lower = -2, upper = 2, dtype = "float32" }: TruncatedNormalOptions = {},
): Tensor {
  if (!Number.isFinite(upper - lower) || !(lower < upper)) {
    throw new AutodiffError(`truncatedNormal: expected finite lower < upper, got ${lower} and ${upper}.`);
  }
  if (!Number.isFinite(mean) || !(std >= 0 && std < Infinity)) {
    throw new AutodiffError(`truncatedNormal: expected a finite mean and a std of at least 0, got ${mean} and ${std}.`);
  }
  const side = lower > 0 ? -1 : 1; // above 0, Φ has no digits left: there the mirror image is drawn
  const [a, b] = side < 0 ? [-upper, -lower] : [lower, upper];
  const [pa, pb] = [normalCdf(a), normalCdf(b)];
  const draws = rand(rng, shape).dataSync().map((u) => {
    const p = Math.min(Math.max(pa + u * (pb - pa), Number.MIN_VALUE), 1 - 2 ** -53);
    return mean + std * side * Math.min(Math.max(standardNormalQuantile(p), a), b);
  });
  return tensor(draws, shape, dtype);
}

/** Φ(x), the standard normal distribution function. */
function normalCdf(x: number): number {
  return erfc(-x * Math.SQRT1_2) / 2;
}
