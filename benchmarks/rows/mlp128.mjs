/** Matrix products: value and gradient of all parameters. */
export default {
  name: "mlp128",
  title: "Dense network 784-256-128-10, batch 128: value and gradient of all parameters, eager tape",
  engines: [
    { engine: "polyad", dtype: "float32" },
    { engine: "jax-js jit", dtype: "float32" },
    { engine: "jax-js eager", dtype: "float32", bar: { atMost: 1 } },
    { engine: "tfjs wasm", dtype: "float32", bar: { atMost: 1 / 3 } },
  ],
};
