// TensorFlow.js, on its cpu or wasm backend. Results are disposed by hand, as its users must.
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { chainPoint, network, rosenbrockPoint, sumAbs } from "../data.mjs";

export async function load(backend) {
  const require = createRequire(import.meta.url);
  const { warn } = console;
  console.warn = () => {}; // an advertisement for tfjs-node
  const tf = require("@tensorflow/tfjs"); // tfjs-core alone registers no gradients in Node
  tf.env().set("PROD", true);
  if (backend === "wasm") {
    const wasm = require("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + sep);
  }
  await tf.setBackend(backend);
  await tf.ready();
  console.warn = warn;
  if (tf.getBackend() !== backend) throw new Error(`tfjs: got the backend ${tf.getBackend()} instead of ${backend}`);

  const rosenbrock = (x) => {
    const a = tf.slice(x, 1, 9);
    const b = tf.slice(x, 0, 9);
    return tf.add(tf.mul(tf.sum(tf.square(tf.sub(a, tf.square(b)))), 100), tf.sum(tf.square(tf.sub(1, b))));
  };
  const chain = (x) => {
    const c = tf.tanh(tf.mul(tf.sin(x), x));
    const d = tf.add(c, x);
    return tf.sum(tf.sqrt(tf.add(tf.mul(tf.exp(tf.neg(tf.mul(d, d))), c), 2)));
  };

  return {
    rosen10() {
      const start = rosenbrockPoint(Float32Array);
      const valueAndGrad = tf.valueAndGrad(rosenbrock);
      let g;
      const run = () => {
        const x = tf.tensor1d(start);
        const r = valueAndGrad(x);
        g = r.grad.dataSync();
        tf.dispose([x, r]);
      };
      const check = () => [tf.tidy(() => rosenbrock(tf.tensor1d(start)).dataSync()[0]), sumAbs(g)];
      return { run, check };
    },
    mlp128() {
      const data = network();
      const layers = data.layers.map(({ shape, weight, bias }) => [tf.variable(tf.tensor(weight, shape)), tf.variable(tf.tensor1d(bias))]);
      const variables = layers.flat();
      const x = tf.tensor2d(data.x, [data.batch, data.inputs]);
      const y = tf.tensor2d(data.y, [data.batch, data.classes]);
      const loss = () => {
        let h = x;
        layers.forEach(([weight, bias], l) => {
          const z = tf.add(tf.matMul(h, weight), bias);
          h = l === layers.length - 1 ? z : tf.relu(z);
        });
        return tf.losses.softmaxCrossEntropy(y, h);
      };
      let last;
      return {
        run: () => {
          if (last) tf.dispose([last.value, last.grads]);
          last = tf.variableGrads(loss, variables);
        },
        check: () => [last.value.dataSync()[0], sumAbs(...Object.values(last.grads).map((g) => g.dataSync()))],
      };
    },
    chain1e6() {
      const x = tf.tensor1d(chainPoint());
      const valueAndGrad = tf.valueAndGrad(chain);
      let last;
      return {
        run: () => {
          if (last) tf.dispose([last.value, last.grad]);
          last = valueAndGrad(x);
        },
        check: () => [last.value.dataSync()[0], sumAbs(last.grad.dataSync())],
      };
    },
  };
}
