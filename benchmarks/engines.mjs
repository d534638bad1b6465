// Who is compared: the module that knows the engine, and what of it is asked for.
export const engines = {
  polyad: { module: "./engines/polyad.mjs" },
  "polyad AutoTfjs cpu": { module: "./engines/polyadTfjs.mjs", mode: { device: "cpu" } },
  "polyad AutoTfjs wasm": { module: "./engines/polyadTfjs.mjs", mode: { device: "wasm" } },
  "polyad AutoTape on tfjs wasm": { module: "./engines/polyadTfjs.mjs", mode: { device: "wasm", tape: true } },
  "JavaScript by hand": { module: "./engines/js.mjs" },
  "jax-js jit": { module: "./peers/jax.mjs", mode: "jit" },
  "jax-js eager": { module: "./peers/jax.mjs", mode: "eager" },
  "tfjs cpu": { module: "./peers/tfjs.mjs", mode: "cpu" },
  "tfjs wasm": { module: "./peers/tfjs.mjs", mode: "wasm" },
};
