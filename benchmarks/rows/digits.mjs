/** One step of training on real digits. */
export default {
  name: "digits",
  title: "A step of training on MNIST, 784-128-10, batch 128, Adam: gradient, update, loss read",
  tolerance: { loss: 1e-3, gradient: 1e-3 }, // after ten steps; Adam's first ones divide small numbers by small ones
  engines: [
    { engine: "polyad", dtype: "float32" },
    { engine: "tfjs wasm", dtype: "float32", bar: { below: 1 } },
    { engine: "jax-js eager", dtype: "float32", bar: { below: 1 } },
    { engine: "jax-js jit", dtype: "float32" },
  ],
};
