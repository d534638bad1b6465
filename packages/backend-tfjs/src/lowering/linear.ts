import * as tf from "@tensorflow/tfjs-core";
import type { Lowering } from "./lowering.js";
import { floats, ints } from "./elementwise.js";
import { onHost } from "./host.js";

export const linear = {
  matmul: ({ inputs: [a, b], attrs, avals: [aval] }) => {
    const { transposeA, transposeB } = attrs as { readonly transposeA: boolean; readonly transposeB: boolean };
    const like = aval!.dtype === "int32" ? ints : floats;
    return tf.matMul(like(a!), like(b!), transposeA, transposeB);
  },
  conv: onHost,
  convTranspose: onHost,
  convFilter: onHost,
  maxPool: onHost,
  poolAtMax: onHost,
  unpoolAtMax: onHost,
  cholesky: onHost,
  cofactor: onHost,
  det: onHost,
  eigh: onHost,
  qr: onHost,
  slogdet: onHost,
  solve: onHost,
  svd: onHost,
  triangularSolve: onHost,
} satisfies Record<string, Lowering>;
