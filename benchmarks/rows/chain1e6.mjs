/** Memory and transcendental functions: value and gradient of ten elementwise operations and a sum. */
export default {
  name: "chain1e6",
  title: "Ten elementwise operations on a million elements and their sum: value and gradient, eager tape",
  tolerance: { loss: 1e-3 }, // some engines add a million float32 one after the other
  engines: [
    { engine: "polyad", dtype: "float32" },
    { engine: "jax-js jit", dtype: "float32" },
    { engine: "jax-js eager", dtype: "float32" },
    { engine: "tfjs wasm", dtype: "float32", bar: { atMost: 0.8 } },
    { engine: "JavaScript by hand", dtype: "float32" },
  ],
};
