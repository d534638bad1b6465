/** The small CNN on TensorFlow.js wasm, which has no gradient of a filter of its own. */
export default {
  name: "tfjsCnn",
  task: "cnn32",
  title: "The small CNN of cnn32 on TensorFlow.js wasm, where its own tape has no gradient of a filter",
  engines: [
    { engine: "polyad AutoTfjs wasm", dtype: "float32" },
    { engine: "polyad AutoTape on tfjs wasm", dtype: "float32" },
    { engine: "tfjs cpu", dtype: "float32" },
    { engine: "jax-js jit", dtype: "float32" },
    { engine: "jax-js eager", dtype: "float32" },
  ],
};
