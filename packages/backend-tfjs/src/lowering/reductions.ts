import * as tf from "@tensorflow/tfjs-core";
import { alongAxis, isDeep } from "./deep.js";
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

export const sum: Lowering = (application) => reduction(application.device.name === "tfjs wasm" ? sumOfSums : tf.sum)(application);

/** The kernel on wasm adds one element after the other, in float32: of a million, three digits are lost. So, sums of blocks first. */
const sumOfSums: Reduction = (x, axis, keepDims) => {
  const kept = x.shape.map((_, i) => i).filter((i) => !axis.includes(i));
  const n = axis.reduce((all, i) => all * x.shape[i]!, 1);
  if (n < 4096 || x.dtype !== "float32") return tf.sum(x, axis, keepDims);
  const rows = tf.reshape(kept.every((i, k) => i === k) ? x : tf.transpose(x, [...kept, ...axis]), [x.size / n, n]);
  const root = Math.floor(Math.sqrt(n));
  const even = Array.from({ length: root - (root >> 3) }, (_, k) => root - k).find((k) => n % k === 0); // nothing to pad, which costs a copy
  const block = even ?? root;
  const count = Math.ceil(n / block);
  const whole = count * block === n ? rows : tf.pad(rows, [[0, 0], [0, count * block - n]]);
  return tf.reshape(tf.sum(tf.sum(tf.reshape(whole, [-1, count, block]), 2), 1), x.shape.flatMap((size, i) => (kept.includes(i) ? [size] : keepDims ? [1] : [])));
};
export const prod: Lowering = (application) => tf.reshape(reduction(tf.prod)(application) as tf.Tensor, [...application.avals[0]!.shape]); // webgpu forgets keepDims
export const max: Lowering = reduction(tf.max);
export const min: Lowering = reduction(tf.min);
export const any: Lowering = reduction((x, axis, keepDims) => (x.dtype === "bool" ? tf.any(x, axis, keepDims) : tf.max(x, axis, keepDims)));
export const all: Lowering = reduction((x, axis, keepDims) => (x.dtype === "bool" ? tf.all(x, axis, keepDims) : tf.min(x, axis, keepDims)));
/** The first place of the extremum, or of a NaN. */
const place = (f: typeof tf.max): Lowering => (application) => {
  if (application.device.reads === "sync") return onHost(application);
  const { axis, keepDims } = application.attrs as { readonly axis: number; readonly keepDims: boolean };
  const given = floats(application.inputs[0]!);
  if (isDeep(application, given.shape)) {
    const [before, behind] = [given.shape.slice(0, axis), given.shape.slice(axis + 1)];
    const attrs = { axis: 1, keepDims: false };
    const rows = tf.reshape(given, [before.reduce((a, b) => a * b, 1), given.shape[axis]!, behind.reduce((a, b) => a * b, 1)]);
    return tf.reshape(place(f)({ ...application, attrs, inputs: [rows] }) as tf.Tensor, [...application.avals[0]!.shape]);
  }
  const x = given;
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
  const summed = (z: tf.Tensor, along: number): tf.Tensor => (reverse ? tf.reverse(tf.cumsum(tf.reverse(z, along), along), along) : tf.cumsum(z, along));
  return like(isDeep({ device }, x!.shape) ? alongAxis(floats(x!), axis, (z) => summed(z, 1)) : summed(floats(x!), axis));
};
const ranked = (byRank: Lowering): Lowering => (application) => (application.device.reads === "async" ? byRank : onHost)(application);
export const argsort: Lowering = ranked(argsortByRank);
export const topK: Lowering = ranked(topKByRank);
export const searchsorted: Lowering = ranked(searchsortedByRank);
