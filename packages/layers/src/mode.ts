import { AutodiffError } from "@polyad/core";
import { mapLayers } from "./mapLayers.js";

/** Whether a layer computes as in training; null as long as it has not been told. A layer's field `training`. */
export type Mode = boolean | null;

/**
 * The model in training: Dropout drops, BatchNorm uses the statistics of its batch. Told to every layer that has a field
 * `training`, own ones too; ties stay. The model given stays as it is.
 *
 * @example
 * trainMode([Dropout(0.5, generator(1))])[0].training // true
 */
export function trainMode<T>(model: T): T {
  return inMode(model, true);
}

/**
 * The model in use: Dropout is the identity, BatchNorm uses its running statistics.
 *
 * @example
 * const model = testMode(Dropout(0.5, generator(1)));
 * model(tensor([1, 2])).toArray() // [1, 2]
 */
export function testMode<T>(model: T): T {
  return inMode(model, false);
}

function inMode<T>(model: T, training: boolean): T {
  return mapLayers(model, (fields) => ("training" in fields ? { training } : null));
}

/**
 * Whether the layer of this name, with this field `training`, computes as in training. For the call of own layers.
 *
 * @throws AutodiffError if it has not been told.
 * @example
 * const Noise = defineLayer(
 *   "Noise",
 *   (rng) => ({ rng, training: null }),
 *   (self, x) => (requireMode("Noise", self.training) ? add(x, randn(self.rng, x.shape)) : x),
 * );
 * testMode(Noise(generator(1)))(tensor([1, 2])).toArray() // [1, 2]
 */
export function requireMode(name: string, mode: Mode): boolean {
  if (mode !== null) return mode;
  throw new AutodiffError(
    `layer ${name} has not been told whether it is being trained. Use trainMode(model) for training and testMode(model) for ` +
      "use; both return a new model. (No engine is asked: the answer would not be the same on all of them.)",
  );
}
