/** Small problem, all fixed cost: a fresh input and the gradient read back in each call. */
export default {
  name: "rosen10",
  title: "Gradient of the 10-dimensional Rosenbrock function in vector operations, eager tape",
  engines: [
    { engine: "polyad", dtype: "float64" },
    { engine: "jax-js jit", dtype: "float32", bar: { below: 1 } },
    { engine: "jax-js eager", dtype: "float32" },
    { engine: "tfjs cpu", dtype: "float32", bar: { atMost: 1 / 4 } },
    { engine: "tfjs wasm", dtype: "float32" },
    { engine: "JavaScript by hand", dtype: "float64" },
  ],
};
