/** Convolutions and pooling: value and gradient of all parameters. */
export default {
  name: "cnn32",
  title: "Small CNN, batch 32 of 28×28: two of 3×3 convolution, relu and 2×2 max pooling (8 and 16 channels), then dense: value and gradient of all parameters, eager tape",
  engines: [
    { engine: "polyad", dtype: "float32" },
    { engine: "jax-js jit", dtype: "float32", bar: { atMost: 0.5 } },
    { engine: "jax-js eager", dtype: "float32", bar: { atMost: 0.5 } },
    { engine: "tfjs cpu", dtype: "float32" }, // tfjs wasm has no gradient of a filter
  ],
};
