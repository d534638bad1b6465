/** The network of mlp128 by the tape of TensorFlow.js cpu: ours beside variableGrads by hand. */
export default {
  name: "tfjsCpu",
  task: "mlp128",
  title: "Dense network 784-256-128-10, batch 128, by the tape of TensorFlow.js cpu: ours beside variableGrads by hand",
  engines: [
    { engine: "polyad AutoTfjs cpu", dtype: "float32" },
    { engine: "tfjs cpu", dtype: "float32", bar: { atMost: 1.1 } },
  ],
};
