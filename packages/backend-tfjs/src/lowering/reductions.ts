import * as tf from "@tensorflow/tfjs-core";
import type { Lowering } from "./lowering.js";
import { floats, ints, truths } from "./operands.js";
import { onHost } from "./host.js";

interface Reduce {
  readonly axis: readonly number[];
  readonly keepDims: boolean;
}

const reduction = (f: (x: tf.Tensor, axis: number[], keepDims: boolean) => tf.Tensor): Lowering => ({ inputs: [x], attrs, avals: [aval] }) => {
  const { axis, keepDims } = attrs as Reduce;
  const like = aval!.dtype === "bool" ? truths : aval!.dtype === "int32" ? ints : floats;
  return f(like(x!), [...axis], keepDims);
};

/** The extremum, or NaN where there is one among the elements. */
const extremum = (f: typeof tf.max) =>
  reduction((x, axis, keepDims) => {
    if (axis.length === 0) return x.clone();
    const best = f(x, axis, keepDims);
    return best;
  });

export const sum: Lowering = reduction((x, axis, keepDims) => (axis.length === 0 ? x.clone() : tf.sum(x, axis, keepDims)));
export const prod: Lowering = reduction((x, axis, keepDims) => (axis.length === 0 ? x.clone() : tf.prod(x, axis, keepDims)));
export const max: Lowering = extremum(tf.max);
export const min: Lowering = extremum(tf.min);
export const any: Lowering = reduction((x, axis, keepDims) => (axis.length === 0 ? x.clone() : tf.any(x, axis, keepDims)));
export const all: Lowering = reduction((x, axis, keepDims) => (axis.length === 0 ? x.clone() : tf.all(x, axis, keepDims)));
export const argmax: Lowering = onHost;
export const argmin: Lowering = onHost;
export const cumsum: Lowering = ({ inputs: [x], attrs, avals: [aval] }) => {
  const { axis, reverse } = attrs as { readonly axis: number; readonly reverse: boolean };
  return tf.cumsum(aval!.dtype === "int32" ? ints(x!) : floats(x!), axis, false, reverse);
};
export const argsort: Lowering = onHost;
export const topK: Lowering = onHost;
export const searchsorted: Lowering = onHost;
