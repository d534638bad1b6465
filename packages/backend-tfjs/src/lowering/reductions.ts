import * as tf from "@tensorflow/tfjs-core";
import type { Lowering } from "./lowering.js";
import { argsortByRank, searchsortedByRank, topKByRank } from "./rank.js";
import { floats, ints, truths } from "./operands.js";
import { onHost } from "./host.js";

interface Reduce {
  readonly axis: readonly number[];
  readonly keepDims: boolean;
}

type Reduction = (x: tf.Tensor, axis: number[], keepDims: boolean) => tf.Tensor;

const reduction = (f: Reduction): Lowering => ({ inputs: [x], attrs, avals: [aval], device }) => {
  const { axis, keepDims } = attrs as Reduce;
  const like = aval!.dtype === "bool" ? truths : aval!.dtype === "int32" ? ints : floats;
  if (axis.length === 0) return like(x!).clone();
  // webgpu brings the axes to the end first, by a kernel that can do so with floats only
  return device.reads === "async" ? like(f(floats(like(x!)), [...axis], keepDims)) : f(like(x!), [...axis], keepDims);
};

export const sum: Lowering = reduction(tf.sum);
export const prod: Lowering = (application) => tf.reshape(reduction(tf.prod)(application) as tf.Tensor, [...application.avals[0]!.shape]); // webgpu forgets keepDims
export const max: Lowering = reduction(tf.max);
export const min: Lowering = reduction(tf.min);
export const any: Lowering = reduction((x, axis, keepDims) => (x.dtype === "bool" ? tf.any(x, axis, keepDims) : tf.max(x, axis, keepDims)));
export const all: Lowering = reduction((x, axis, keepDims) => (x.dtype === "bool" ? tf.all(x, axis, keepDims) : tf.min(x, axis, keepDims)));
/** The first place of the extremum, or of a NaN. */
const place = (f: typeof tf.max): Lowering => (application) => {
  if (application.device.reads === "sync") return onHost(application);
  const { axis, keepDims } = application.attrs as { readonly axis: number; readonly keepDims: boolean };
  const x = floats(application.inputs[0]!);
  const n = x.shape[axis]!;
  const none = floats(tf.isNaN(x));
  const sought = tf.where(tf.greater(tf.max(none, axis, true), 0), none, floats(tf.equal(x, f(x, axis, true))));
  const places = tf.reshape(tf.range(0, n, 1), x.shape.map((_, i) => (i === axis ? n : 1)));
  return ints(tf.min(tf.where(truths(sought), places, tf.scalar(n)), axis, keepDims));
};
export const argmax: Lowering = place(tf.max);
export const argmin: Lowering = place(tf.min);
export const cumsum: Lowering = ({ inputs: [x], attrs, avals: [aval], device }) => {
  const { axis, reverse } = attrs as { readonly axis: number; readonly reverse: boolean };
  const like = aval!.dtype === "int32" ? ints : floats;
  if (device.reads === "sync") return tf.cumsum(like(x!), axis, false, reverse);
  // On webgpu a shader for one length serves all when it runs backwards, which is wrong
  const turned = (z: tf.Tensor): tf.Tensor => (reverse ? tf.reverse(z, axis) : z);
  return like(turned(tf.cumsum(turned(floats(x!)), axis)));
};
const ranked = (byRank: Lowering): Lowering => (application) => (application.device.reads === "async" ? byRank : onHost)(application);
export const argsort: Lowering = ranked(argsortByRank);
export const topK: Lowering = ranked(topKByRank);
export const searchsorted: Lowering = ranked(searchsortedByRank);
