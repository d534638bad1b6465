// TensorFlow.js, on its cpu or wasm backend. Results are disposed by hand, as its users must.
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { adam, checkedSteps, digits, chainPoint, imageNetwork, network, rosenbrockPoint, sumAbs } from "../data.mjs";

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
    digits() {
      const { layers: given, batch, items } = digits();
      const start = () => {
        const [W1, b1, W2, b2] = given.flatMap(({ shape, weight, bias }) => [tf.variable(tf.tensor(weight, shape)), tf.variable(tf.tensor1d(bias))]);
        const optimizer = tf.train.adam(adam.rate, adam.beta1, adam.beta2, adam.epsilon);
        let k = 0;
        const step = () => {
          const { x, y } = items[k++ % items.length];
          const [xs, ys] = [tf.tensor2d(x, [batch, 784]), tf.tensor2d(y, [batch, 10])];
          const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(ys, tf.add(tf.matMul(tf.relu(tf.add(tf.matMul(xs, W1), b1)), W2), b2)), true);
          const value = loss.dataSync()[0];
          tf.dispose([loss, xs, ys]);
          return value;
        };
        return { step, size: () => sumAbs(...[W1, b1, W2, b2].map((v) => v.dataSync())) };
      };
      const { step } = start();
      return {
        run: step,
        check: () => {
          const again = start();
          let loss;
          for (let i = 0; i < checkedSteps; i++) loss = again.step();
          return [loss, again.size()];
        },
      };
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
    cnn32() {
      const data = imageNetwork();
      // Its images are [N, H, W, C], its kernels [k, k, in, out], and a flattened image has its channels innermost.
      const own = [(t) => t.transpose([2, 3, 1, 0]), (t) => t, (t) => t.transpose([2, 3, 1, 0]), (t) => t, (t) => t.reshape([16, 5, 5, 10]).transpose([1, 2, 0, 3]).reshape([400, 10]), (t) => t];
      const variables = data.parameters.map(({ shape, data: values }, i) => tf.variable(tf.tidy(() => own[i](tf.tensor(values, shape)))));
      const [w1, b1, w2, b2, w3, b3] = variables;
      const x = tf.tensor(data.x, [data.batch, 28, 28, 1]);
      const y = tf.tensor2d(data.y, [data.batch, 10]);
      const loss = () => {
        let h = tf.maxPool(tf.relu(tf.add(tf.conv2d(x, w1, 1, "valid"), b1)), 2, 2, "valid");
        h = tf.maxPool(tf.relu(tf.add(tf.conv2d(h, w2, 1, "valid"), b2)), 2, 2, "valid");
        return tf.losses.softmaxCrossEntropy(y, tf.add(tf.matMul(h.reshape([data.batch, 400]), w3), b3));
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
