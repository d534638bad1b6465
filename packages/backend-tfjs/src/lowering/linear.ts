import * as tf from "@tensorflow/tfjs-core";
import type { Lowering } from "./lowering.js";
import { floats, ints } from "./operands.js";
import { onHost } from "./host.js";

const turned = (x: tf.Tensor, transposed: boolean): tf.Tensor => {
  if (!transposed) return x;
  const axes = x.shape.map((_, i) => i);
  return tf.transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
};

export const matmul: Lowering = ({ inputs: [a, b], attrs, avals: [aval] }) => {
  const { transposeA, transposeB } = attrs as { readonly transposeA: boolean; readonly transposeB: boolean };
  const like = aval!.dtype === "int32" ? ints : floats;
  // Transposed first: the wasm kernel takes seven times longer to read an operand across its rows.
  return tf.matMul(turned(like(a!), transposeA), turned(like(b!), transposeB));
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
