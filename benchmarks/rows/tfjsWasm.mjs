/** The network of mlp128 by the tape of TensorFlow.js wasm: ours beside variableGrads by hand. */
export default {
  name: "tfjsWasm",
  task: "mlp128",
  title: "Dense network 784-256-128-10, batch 128, by the tape of TensorFlow.js wasm: ours beside variableGrads by hand",
  engines: [
    { engine: "polyad AutoTfjs wasm", dtype: "float32" },
    { engine: "tfjs wasm", dtype: "float32", bar: { atMost: 1.1 } },
  ],
};
