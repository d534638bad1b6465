// Rows with `engines` are comparisons (compare.mjs); the others measure Polyad alone, in their own `measure`.
import chain1e6 from "./chain1e6.mjs";
import cnn32 from "./cnn32.mjs";
import costLaw from "./costLaw.mjs";
import digits from "./digits.mjs";
import digitsEpoch from "./digitsEpoch.mjs";
import hostKernels from "./hostKernels.mjs";
import hostMatmul from "./hostMatmul.mjs";
import leaks from "./leaks.mjs";
import mlp128 from "./mlp128.mjs";
import rosen10 from "./rosen10.mjs";
import scalarLoop from "./scalarLoop.mjs";
import tfjsCnn from "./tfjsCnn.mjs";
import tfjsCpu from "./tfjsCpu.mjs";
import tfjsTape from "./tfjsTape.mjs";
import tfjsWasm from "./tfjsWasm.mjs";

export const rows = [rosen10, mlp128, cnn32, digits, digitsEpoch, chain1e6, costLaw, scalarLoop, leaks, tfjsCpu, tfjsWasm, tfjsTape, tfjsCnn, hostMatmul, hostKernels];
