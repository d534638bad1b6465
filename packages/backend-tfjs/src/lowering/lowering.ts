import type * as tf from "@tensorflow/tfjs-core";
import type { AnyPrimitive, Aval, Device, Value } from "@polyad/core/extend";

/** One application of a primitive, seen from TensorFlow.js. */
export interface Application {
  readonly primitive: AnyPrimitive;
  /** The operands, numbers as scalars. */
  readonly inputs: readonly tf.Tensor[];
  /** The same as Polyad's values. */
  readonly values: readonly Value[];
  readonly attrs: unknown;
  /** Shape and dtype of each result. */
  readonly avals: readonly Aval[];
  readonly device: Device;
}

/** A primitive by TensorFlow.js's kernels; never by its gradients. */
export type Lowering = (application: Application) => tf.Tensor | tf.Tensor[];
