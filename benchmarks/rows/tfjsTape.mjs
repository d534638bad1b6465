/** The network of mlp128 on tensors of TensorFlow.js wasm, by our tape and by its own. */
export default {
  name: "tfjsTape",
  task: "mlp128",
  title: "Dense network 784-256-128-10, batch 128, on tensors of TensorFlow.js wasm, by our tape and by its own",
  engines: [
    { engine: "polyad AutoTape on tfjs wasm", dtype: "float32" },
    { engine: "tfjs wasm", dtype: "float32", bar: { atMost: 1 } },
  ],
};
