import * as tf from "@tensorflow/tfjs-core";

/** Operands in the dtype that a kernel is to see: TensorFlow.js promotes by other rules than Polyad. */
type Conversion = (x: tf.Tensor) => tf.Tensor;

/**
 * By a sum, since a cast on webgpu gives the same integers another name, and some kernels then read them as they are; of all
 * elements in a row, since the kernel of the sum is for six axes at most.
 */
export const floats: Conversion = (x) => (x.dtype === "float32" ? x : tf.reshape(tf.add(tf.cast(tf.reshape(x, [x.size]), "float32"), 0), x.shape));
export const ints: Conversion = (x) => (x.dtype === "int32" ? x : tf.cast(x, "int32"));
export const truths: Conversion = (x) => (x.dtype === "bool" ? x : tf.notEqual(x, tf.scalar(0, x.dtype as "float32")));


/** By a product with ones, which is sixty times faster than the wasm kernel that repeats. */
export const spread = (x: tf.Tensor, shape: readonly number[]): tf.Tensor =>
  x.dtype === "float32" ? tf.mul(x, tf.ones([...shape])) : tf.broadcastTo(x, [...shape] as [number]);
