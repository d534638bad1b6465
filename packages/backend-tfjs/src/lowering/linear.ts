import * as tf from "@tensorflow/tfjs-core";
import type { Lowering } from "./lowering.js";
import { floats, ints } from "./operands.js";
import { onHost } from "./host.js";

export const matmul: Lowering = ({ inputs: [a, b], attrs, avals: [aval] }) => {
  const { transposeA, transposeB } = attrs as { readonly transposeA: boolean; readonly transposeB: boolean };
  const like = aval!.dtype === "int32" ? ints : floats;
  return tf.matMul(like(a!), like(b!), transposeA, transposeB);
};
export const conv: Lowering = onHost;
export const convTranspose: Lowering = onHost;
export const convFilter: Lowering = onHost;
export const maxPool: Lowering = onHost;
export const poolAtMax: Lowering = onHost;
export const unpoolAtMax: Lowering = onHost;
export const cholesky: Lowering = onHost;
export const cofactor: Lowering = onHost;
export const det: Lowering = onHost;
export const eigh: Lowering = onHost;
export const qr: Lowering = onHost;
export const slogdet: Lowering = onHost;
export const solve: Lowering = onHost;
export const svd: Lowering = onHost;
export const triangularSolve: Lowering = onHost;
