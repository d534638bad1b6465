import * as tf from "@tensorflow/tfjs-core";

export type Padding = readonly [before: number, after: number];

/** x with `step − 1` zeros between neighbours along an axis. */
export function insertZeros(x: tf.Tensor, axis: number, step: number): tf.Tensor {
  const n = x.shape[axis]!;
  if (step === 1 || n <= 1) return x;
  const [outer, inner] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const [rows, width] = [outer.reduce((a, b) => a * b, 1) * n, inner.reduce((a, b) => a * b, 1)];
  const spread = tf.concat([tf.reshape(x, [rows, width]), tf.zeros([rows, (step - 1) * width])], 1);
  const whole = tf.reshape(spread, [...outer, n * step, ...inner]);
  return crop(whole, [...outer, (n - 1) * step + 1, ...inner]);
}

/** The first elements along each axis. */
export function crop(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
  return shape.every((n, i) => n === x.shape[i]) ? x : tf.slice(x, shape.map(() => 0), [...shape]);
}

/** x turned around along axes. */
export function reversed(x: tf.Tensor, axes: readonly number[]): tf.Tensor {
  return axes.length === 0 ? x : tf.reverse(x, [...axes]);
}
