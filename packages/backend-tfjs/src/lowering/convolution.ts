import * as tf from "@tensorflow/tfjs-core";
import type { Lowering } from "./lowering.js";
import { floats } from "./operands.js";
import { crop, insertZeros, reversed, type Padding } from "./spatial.js";

/**
 * The three partial derivatives of Polyad's trilinear form T (core's primitives/trilinear.ts), all by TensorFlow.js's
 * forward convolution: no gradient kernel is needed, of which some devices have none.
 */

interface Form {
  readonly image: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly padding: readonly Padding[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

type Pair = readonly [tf.Tensor, tf.Tensor];

/** y = Σ w·x, windows of x by w. */
export const conv: Lowering = ({ inputs, attrs }) => {
  const form = attrs as Form;
  return byGroup(inputs, form, [1, 0], 1, ([x, w]) => correlate(x, w, form.padding, form.strides, form.dilation));
};

/** x = Σ w·y: y, its elements as far apart as the windows were, correlated with the kernel turned around. */
export const convTranspose: Lowering = ({ inputs, attrs }) => {
  const form = attrs as Form;
  const { image, kernel, strides, padding, dilation } = form;
  return byGroup(inputs, form, [1, 0], 1, ([y, w]) => {
    const axes = kernel.map((_, i) => i + 2);
    const apart = axes.reduce((z, axis, i) => insertZeros(z, axis, strides[i]!), y);
    const around = image.map((n, i): Padding => {
      const reach = dilation[i]! * (kernel[i]! - 1);
      const before = reach - padding[i]![0];
      return [before, n + reach - before - apart.shape[i + 2]!];
    });
    const turned = reversed(swapped(w), axes);
    return correlate(apart, turned, around, kernel.map(() => 1), dilation);
  });
};

/** w = Σ y·x: the image correlated with y, windows and kernel having changed places. */
export const convFilter: Lowering = ({ inputs, attrs }) => {
  const form = attrs as Form;
  const { kernel, strides, padding, dilation } = form;
  return byGroup(inputs, form, [1, 1], 0, ([x, y]) => {
    const all = correlate(swapped(x), swapped(y), padding, dilation, strides); // [C, O, …K and what is left over]
    return swapped(crop(all, [all.shape[0]!, all.shape[1]!, ...kernel]));
  });
};

/** Each group of channels by itself; `axes` says along which axis an operand's groups lie, and `out` the result's. */
function byGroup([a, b]: readonly tf.Tensor[], { groups }: Form, axes: readonly [number, number], out: number, f: (pair: Pair) => tf.Tensor): tf.Tensor {
  const [x, y] = [floats(a!), floats(b!)];
  if (groups === 1) return f([x, y]);
  const [xs, ys] = [tf.split(x, groups, axes[0]), tf.split(y, groups, axes[1])];
  return tf.concat(xs.map((part, g) => f([part, ys[g]!])), out);
}

/** [N, C, …S] by [O, C, …K] to [N, O, …P]. A signal is an image of one row. */
function correlate(x: tf.Tensor, w: tf.Tensor, padding: readonly Padding[], strides: readonly number[], dilation: readonly number[]): tf.Tensor {
  if (x.shape.length === 3) {
    const [image, kernel] = [tf.expandDims(x, 2), tf.expandDims(w, 2)];
    return tf.squeeze(correlate(image, kernel, [[0, 0], ...padding], [1, ...strides], [1, ...dilation]), [2]);
  }
  const padded = tf.transpose(padAndCrop(x, padding), [0, 2, 3, 1]);
  const both = strides.some((s) => s > 1) && dilation.some((d) => d > 1); // TensorFlow.js takes one or the other
  const kernel = both ? [2, 3].reduce((k, axis, i) => insertZeros(k, axis, dilation[i]!), w) : w;
  const filter = tf.transpose(kernel, [2, 3, 1, 0]) as tf.Tensor4D;
  const y = tf.conv2d(padded as tf.Tensor4D, filter, strides as [number, number], "valid", "NHWC", both ? 1 : (dilation as [number, number]));
  return tf.transpose(y, [0, 3, 1, 2]);
}

/** Zeros around an image; where there are to be fewer than none, it loses elements, which may be zeros of the other end. */
function padAndCrop(x: tf.Tensor, padding: readonly Padding[]): tf.Tensor {
  const around = padding.map(([before, after]): [number, number] => [Math.max(0, before), Math.max(0, after)]);
  const padded = around.flat().every((n) => n === 0) ? x : tf.pad(x, [[0, 0], [0, 0], ...around]);
  if (padding.flat().every((n) => n >= 0)) return padded;
  const start = padding.map(([before]) => Math.max(0, -before));
  const kept = padding.map(([, after], i) => padded.shape[i + 2]! - start[i]! - Math.max(0, -after));
  return tf.slice(padded, [0, 0, ...start], [x.shape[0]!, x.shape[1]!, ...kept]);
}

function swapped(x: tf.Tensor): tf.Tensor {
  return tf.transpose(x, [1, 0, ...x.shape.slice(2).map((_, i) => i + 2)]);
}
