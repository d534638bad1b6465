import * as tf from "@tensorflow/tfjs-core";
import { ShapeError, type Shape } from "@polyad/core/extend";
import { alongAxis, isDeep, spreadDeep } from "./deep.js";
import type { Application, Lowering } from "./lowering.js";
import { floats, ints, spread, truths } from "./operands.js";
import { insertZeros, reversed } from "./spatial.js";

interface Section {
  readonly start: number;
  readonly step: number;
  readonly size: number;
}

/**
 * The second operand: indices, of which negative ones count from the end. One out of range is an error where it can be read;
 * kernels would write beside their array.
 */
const fromStart = ({ primitive, values: [, at], inputs: [, indices] }: Application, n: number): tf.Tensor1D => {
  const read = typeof at !== "number" && at!.device.reads === "sync" ? at!.dataSync() : [];
  for (const i of read) if (i < -n || i >= n) throw new ShapeError(`${primitive.name}: index ${i} is out of range for an axis of length ${n}.`);
  const row = tf.reshape(indices!, [indices!.size]);
  return tf.reshape(tf.where(tf.less(row, 0), tf.add(row, tf.scalar(n, "int32")), row), [...indices!.shape] as [number]);
};

export const stopGradient: Lowering = ({ inputs: [x] }) => tf.reshape(x!, x!.shape); // `clone` copies the data on wasm
export const cast: Lowering = ({ inputs: [x], avals: [aval] }) => {
  if (aval!.dtype === "bool") return truths(x!).clone();
  return aval!.dtype === "int32" ? ints(x!).clone() : floats(x!).clone();
};
export const reshape: Lowering = ({ inputs: [x], avals: [aval] }) => tf.reshape(x!, [...aval!.shape]);
export const broadcastTo: Lowering = ({ inputs: [x], avals: [aval], device }) =>
  isDeep({ device }, aval!.shape) ? spreadDeep(x!, aval!.shape) : spread(x!, aval!.shape);
export const transpose: Lowering = ({ inputs: [x], attrs, avals: [aval], device }) => {
  const perm = [...(attrs as { readonly perm: readonly number[] }).perm];
  if (device.reads === "sync" || x!.dtype === "float32") return tf.transpose(x!, perm);
  return (aval!.dtype === "bool" ? truths : ints)(tf.transpose(floats(x!), perm)); // the kernel on webgpu is for floats only
};
export const concat: Lowering = ({ inputs, attrs, avals: [aval] }) => {
  const like = aval!.dtype === "bool" ? truths : aval!.dtype === "int32" ? ints : floats;
  return tf.concat(inputs.filter(({ size }) => size > 0).map(like), (attrs as { readonly axis: number }).axis);
};
export const slice: Lowering = (application) => {
  const { inputs: [x], attrs } = application;
  const sections = attrs as readonly Section[];
  if (isDeep(application, x!.shape)) return sections.reduce((y, section, axis) => alongAxis(y, axis, (z) => cut(z, [all(z.shape[0]!), section, all(z.shape[2]!)])), x!);
  return cut(x!, sections);
};
const all = (size: number): Section => ({ start: 0, step: 1, size });
const cut = (x: tf.Tensor, sections: readonly Section[]): tf.Tensor => {
  if (sections.length === 0) return x.clone(); // TensorFlow.js slices no scalar
  const from = sections.map(({ start, step, size }) => (step > 0 ? start : start + step * (size - 1)));
  const spans = sections.map(({ step, size }) => Math.abs(step) * (size - 1) + 1);
  const whole = tf.slice(x, from, spans);
  const strides = sections.map(({ step }) => Math.abs(step));
  const thinned = strides.every((step) => step === 1) ? whole : tf.stridedSlice(whole, from.map(() => 0), spans, strides);
  const backwards = sections.flatMap(({ step }, axis) => (step < 0 ? [axis] : []));
  return backwards.length === 0 ? thinned : tf.reverse(thinned, backwards);
};
export const unslice: Lowering = (application) => {
  const { inputs: [x], attrs, avals: [aval] } = application;
  const { at } = attrs as { readonly at: readonly Place[] };
  if (at.length === 0) return x!.clone();
  if (!isDeep(application, aval!.shape)) return put(x!, at, aval!.shape);
  const start = { start: 0, step: 1 };
  return at.reduce((y, place, axis) => alongAxis(y, axis, (z) => put(z, [start, place, start], [z.shape[0]!, aval!.shape[axis]!, z.shape[2]!])), x!);
};
type Place = Pick<Section, "start" | "step">;
const put = (x: tf.Tensor, at: readonly Place[], shape: Shape): tf.Tensor => {
  const forwards = reversed(x, at.flatMap(({ step }, axis) => (step < 0 ? [axis] : [])));
  const apart = at.reduce((z, { step }, axis) => insertZeros(z, axis, Math.abs(step)), forwards);
  const before = at.map(({ start, step }, axis) => (step > 0 ? start : start + step * (x.shape[axis]! - 1)));
  return tf.pad(apart, before.map((n, axis): [number, number] => [n, shape[axis]! - n - apart.shape[axis]!]));
};
export const gather: Lowering = (application) => {
  const { inputs: [x], attrs } = application;
  const { axis } = attrs as { readonly axis: number };
  return tf.gather(x!, fromStart(application, x!.shape[axis]!), axis);
};
export const scatterAdd: Lowering = (application) => {
  const { inputs: [x, indices, updates], attrs, avals: [aval] } = application;
  const { axis } = attrs as { readonly axis: number };
  const like = aval!.dtype === "int32" ? ints : floats;
  if (updates!.size === 0) return like(x!).clone();
  const n = x!.shape[axis]!;
  // The axis comes first, then all others as one.
  const outer = x!.shape.map((_, i) => i).filter((i) => i !== axis);
  const rank = indices!.shape.length;
  const placed = updates!.shape.map((_, i) => i);
  const first = [...placed.slice(axis, axis + rank), ...placed.slice(0, axis), ...placed.slice(axis + rank)];
  const width = outer.reduce((all, i) => all * x!.shape[i]!, 1);
  const inner = application.device.reads === "async" ? floats : like; // the kernel that transposes is for floats only there
  const rows = tf.reshape(tf.transpose(inner(updates!), first), [indices!.size, width]);
  const added = tf.scatterND(tf.reshape(fromStart(application, n), [indices!.size, 1]), rows, [n, width] as never) as tf.Tensor;
  const back = x!.shape.map((_, i) => (i < axis ? i + 1 : i === axis ? 0 : i));
  return tf.add(like(x!), like(tf.transpose(tf.reshape(added, [n, ...outer.map((i) => x!.shape[i]!)]), back)));
};
