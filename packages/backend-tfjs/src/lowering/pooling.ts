import * as tf from "@tensorflow/tfjs-core";
import type { Lowering } from "./lowering.js";
import { floats } from "./operands.js";
import { insertZeros, type Padding } from "./spatial.js";

/** Pooling by the elements of all windows at once, one offset in the window after the other. */

interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly padding: readonly Padding[];
  readonly dilation: readonly number[];
}

/** The largest element of each window; NaN wins. */
export const maxPool: Lowering = ({ inputs: [x], attrs, avals: [aval] }) => largest(elements(floats(x!), attrs as Window, aval!.shape, -Infinity));

/** The mean of v over the elements at which x is largest. */
export const poolAtMax: Lowering = ({ inputs: [x, v], attrs, avals: [aval] }) => {
  const window = attrs as Window;
  const xs = elements(floats(x!), window, aval!.shape, -Infinity);
  const ties = tiesOf(xs);
  const chosen = elements(floats(v!), window, aval!.shape, 0).map((part, k) => tf.where(ties[k]!, part, 0));
  return tf.div(total(chosen), total(ties.map(floats)));
};

/** y shared by the elements at which x is largest in its window. */
export const unpoolAtMax: Lowering = ({ inputs: [x, y], attrs, avals: [aval] }) => {
  const window = attrs as Window;
  const ties = tiesOf(elements(floats(x!), window, y!.shape, -Infinity));
  const share = tf.div(floats(y!), total(ties.map(floats)));
  const { padding, strides } = window;
  const padded = aval!.shape.map((n, axis) => n + (axis < 2 ? 0 : padding[axis - 2]![0] + padding[axis - 2]![1]));
  const spread = offsets(window).map((offset, k) => {
    const part = strides.reduce((z, step, i) => insertZeros(z, i + 2, step), tf.where(ties[k]!, share, 0));
    const around = part.shape.map((n, axis): [number, number] => (axis < 2 ? [0, 0] : [offset[axis - 2]!, padded[axis]! - n - offset[axis - 2]!]));
    return tf.pad(part, around);
  });
  return tf.slice(total(spread), [0, 0, ...padding.map(([before]) => before)], [...aval!.shape]);
};

/** Where in a window its elements are. */
function offsets({ kernel, dilation }: Window): number[][] {
  return kernel.reduce<number[][]>((all, n, axis) => all.flatMap((at) => Array.from({ length: n }, (_, k) => [...at, k * dilation[axis]!])), [[]]);
}

/** For each offset, the elements there of all windows. */
function elements(x: tf.Tensor, window: Window, [N, C, ...counts]: readonly number[], outside: number): tf.Tensor[] {
  const { padding, strides } = window;
  const around = padding.map(([before, after]): [number, number] => [before, after]);
  const padded = around.flat().every((n) => n === 0) ? x : tf.pad(x, [[0, 0], [0, 0], ...around], outside);
  const spans = counts.map((n, i) => (n - 1) * strides[i]! + 1);
  return offsets(window).map((at) => tf.stridedSlice(padded, [0, 0, ...at], [N!, C!, ...at.map((from, i) => from + spans[i]!)], [1, 1, ...strides]));
}

/** Σ x, few at a time: a shader reads no more than seven tensors where it writes one, and gives zeros for more. */
function total(xs: readonly tf.Tensor[]): tf.Tensor {
  return xs.length <= 7 ? tf.addN([...xs]) : total([tf.addN(xs.slice(0, 7)), ...xs.slice(7)]);
}

function largest(xs: readonly tf.Tensor[]): tf.Tensor {
  return tf.max(tf.stack([...xs]), 0);
}

/** Which elements are the largest; where that is NaN, the NaNs. */
function tiesOf(xs: readonly tf.Tensor[]): tf.Tensor[] {
  const best = largest(xs);
  const none = tf.isNaN(best);
  return xs.map((x) => tf.logicalOr(tf.equal(x, best), tf.logicalAnd(none, tf.isNaN(x))));
}
