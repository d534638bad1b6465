import * as tf from "@tensorflow/tfjs-core";
import type { Lowering } from "./lowering.js";
import { floats, ints, truths } from "./operands.js";
import { onHost } from "./host.js";

interface Section {
  readonly start: number;
  readonly step: number;
  readonly size: number;
}

/** By a product with ones, which is sixty times faster than the wasm kernel that repeats. */
const spread = (x: tf.Tensor, shape: readonly number[]): tf.Tensor =>
  x.dtype === "float32" ? tf.mul(x, tf.ones([...shape])) : tf.broadcastTo(x, [...shape] as [number]);

export const stopGradient: Lowering = ({ inputs: [x] }) => x!.clone();
export const cast: Lowering = ({ inputs: [x], avals: [aval] }) => {
  if (aval!.dtype === "bool") return truths(x!).clone();
  return aval!.dtype === "int32" ? ints(x!).clone() : floats(x!).clone();
};
export const reshape: Lowering = ({ inputs: [x], avals: [aval] }) => tf.reshape(x!, [...aval!.shape]);
export const broadcastTo: Lowering = ({ inputs: [x], avals: [aval] }) => spread(x!, aval!.shape);
export const transpose: Lowering = ({ inputs: [x], attrs }) => tf.transpose(x!, [...(attrs as { readonly perm: readonly number[] }).perm]);
export const concat: Lowering = ({ inputs, attrs, avals: [aval] }) => {
  const like = aval!.dtype === "bool" ? truths : aval!.dtype === "int32" ? ints : floats;
  return tf.concat(inputs.map(like), (attrs as { readonly axis: number }).axis);
};
export const slice: Lowering = ({ inputs: [x], attrs }) => {
  const sections = attrs as readonly Section[];
  const from = sections.map(({ start, step, size }) => (step > 0 ? start : start + step * (size - 1)));
  const spans = sections.map(({ step, size }) => Math.abs(step) * (size - 1) + 1);
  const whole = tf.slice(x!, from, spans);
  const strides = sections.map(({ step }) => Math.abs(step));
  const thinned = strides.every((step) => step === 1) ? whole : tf.stridedSlice(whole, from.map(() => 0), spans, strides);
  const backwards = sections.flatMap(({ step }, axis) => (step < 0 ? [axis] : []));
  return backwards.length === 0 ? thinned : tf.reverse(thinned, backwards);
};
export const unslice: Lowering = onHost;
export const gather: Lowering = ({ inputs: [x, indices], attrs, values }) => {
  const { axis } = attrs as { readonly axis: number };
  const n = x!.shape[axis]!;
  void values;
  const at = tf.where(tf.less(indices!, 0), tf.add(indices!, tf.scalar(n, "int32")), indices!);
  return tf.gather(x!, at as tf.Tensor1D, axis);
};
export const scatterAdd: Lowering = onHost;
