import * as tf from "@tensorflow/tfjs-core";

/** Operands in the dtype that a kernel is to see: TensorFlow.js promotes by other rules than Polyad. */
type Conversion = (x: tf.Tensor) => tf.Tensor;

export const floats: Conversion = (x) => (x.dtype === "float32" ? x : tf.cast(x, "float32"));
export const ints: Conversion = (x) => (x.dtype === "int32" ? x : tf.cast(x, "int32"));
export const truths: Conversion = (x) => (x.dtype === "bool" ? x : tf.notEqual(x, tf.scalar(0, x.dtype as "float32")));

