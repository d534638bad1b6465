import * as tf from "@tensorflow/tfjs-core";
import type { Lowering } from "./lowering.js";
import { floats, ints, spread } from "./operands.js";
import { onHost } from "./host.js";

const turned = (x: tf.Tensor, transposed: boolean): tf.Tensor => {
  if (!transposed) return x;
  const axes = x.shape.map((_, i) => i);
  return tf.transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
};

const inBatch = (x: tf.Tensor, batch: readonly number[]): tf.Tensor => {
  const matrix = x.shape.slice(-2);
  const lead = x.shape.slice(0, -2);
  const same = lead.length === batch.length && lead.every((n, i) => n === batch[i]);
  return same || lead.every((n) => n === 1) ? x : spread(x, [...batch, ...matrix]);
};

/** The matrices as which data on wasm were right operands. */
const packed = new WeakMap<object, string>();

/**
 * A right operand whose data were never one of another shape: the wasm kernel keeps what it has packed by the data alone, and
 * would multiply by the other matrix.
 */
function alone(x: tf.Tensor): tf.Tensor {
  const shape = x.shape.slice(-2).join();
  const before = packed.get(x.dataId);
  if (before === undefined) packed.set(x.dataId, shape);
  return before === undefined || before === shape ? x : x.clone(); // which copies on wasm
}

export const matmul: Lowering = ({ inputs: [a, b], attrs, avals: [aval], device }) => {
  const { transposeA, transposeB } = attrs as { readonly transposeA: boolean; readonly transposeB: boolean };
  const like = aval!.dtype === "int32" ? ints : floats;
  // Transposed first: the wasm kernel takes seven times longer to read an operand across its rows.
  const batch = aval!.shape.slice(0, -2); // spread out first: TensorFlow.js gets batches wrong that broadcast both ways
  const right = inBatch(turned(like(b!), transposeB), batch);
  return tf.matMul(inBatch(turned(like(a!), transposeA), batch), device.name === "tfjs wasm" ? alone(right) : right);
};
export const cholesky: Lowering = onHost;
export const cofactor: Lowering = onHost;
export const det: Lowering = onHost;
export const eigh: Lowering = onHost;
export const qr: Lowering = onHost;
export const slogdet: Lowering = onHost;
export const solve: Lowering = onHost;
export const svd: Lowering = onHost;
export const triangularSolve: Lowering = onHost;
