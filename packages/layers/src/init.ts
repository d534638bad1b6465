import type { RandomGenerator, Shape, Tensor } from "@polyad/core";

/** Draws the first values of an array of parameters. */
export type Initialiser = (rng: RandomGenerator, shape: Shape, options?: InitialiserOptions) => Tensor;

export interface InitialiserOptions {
  /** float32 unless said. */
  readonly dtype?: "float32" | "float64" | undefined;
}
