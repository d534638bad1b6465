import {
  AutodiffError, cast, eye, mul, ones, permutation, qr, rand, randn, reshape, ShapeError, tensor, transpose, zeros, type RandomGenerator,
  type RandnOptions, type RandOptions, type Shape, type Tensor,
} from "@polyad/core";
import { truncatedNormal } from "./truncatedNormal.js";

export * from "./truncatedNormal.js";

/**
 * Draws the first values of an array of parameters. Any function of this form serves: `(rng, shape) => full(shape, 0.1)`,
 * or an initialiser with its options set: `(rng, shape) => kaimingNormal(rng, shape, { gain: 1 })`.
 */
export type Initialiser = (rng: RandomGenerator, shape: Shape, options?: InitialiserOptions) => Tensor;

export interface InitialiserOptions {
  /** float32 unless said. */
  readonly dtype?: "float32" | "float64" | undefined;
}

export interface GainOptions extends InitialiserOptions {
  /** What the values are multiplied by. */
  readonly gain?: number | undefined;
}

/**
 * The numbers of inputs and outputs that an array of parameters joins: [in, out] of a weight [out, in]; each times
 * ∏ k for a kernel [out, in, ...k]. A vector of n counts as [n, 1].
 *
 * @example
 * fans([10, 3]) // [3, 10]
 * fans([8, 3, 5, 5]) // [75, 200]
 */
export function fans([nOut = 1, nIn = 1, ...kernel]: Shape): readonly [fanIn: number, fanOut: number] {
  const taps = kernel.reduce((n, k) => n * k, 1);
  return [taps * nIn, taps * nOut];
}

/**
 * Uniform on ±gain √(6 / (fanIn + fanOut)): a layer keeps the variance of values and of cotangents (Glorot and Bengio 2010).
 *
 * @example
 * glorotUniform(generator(1), [100, 100]).dtype // "float32"
 */
export function glorotUniform(rng: RandomGenerator, shape: Shape, { gain = 1, dtype }: GainOptions = {}): Tensor {
  const [fanIn, fanOut] = fans(shape);
  return symmetric(rng, shape, gain * Math.sqrt(6 / (fanIn + fanOut)), dtype);
}

/**
 * Normal of standard deviation gain √(2 / (fanIn + fanOut)) (Glorot and Bengio 2010).
 *
 * @example
 * std(glorotNormal(generator(1), [100, 100])).item().toFixed(2) // "0.10"
 */
export function glorotNormal(rng: RandomGenerator, shape: Shape, { gain = 1, dtype }: GainOptions = {}): Tensor {
  const [fanIn, fanOut] = fans(shape);
  return spread(rng, shape, gain * Math.sqrt(2 / (fanIn + fanOut)), dtype);
}

/**
 * Uniform on ±gain √(3 / fanIn), with gain √2 unless said: keeps the variance through relu (He et al. 2015).
 *
 * @example
 * max(kaimingUniform(generator(1), [100, 100])).item() < Math.sqrt(6 / 100) // true
 */
export function kaimingUniform(rng: RandomGenerator, shape: Shape, { gain = Math.SQRT2, dtype }: GainOptions = {}): Tensor {
  return symmetric(rng, shape, gain * Math.sqrt(3 / fans(shape)[0]), dtype);
}

/**
 * Normal of standard deviation gain / √fanIn, with gain √2 unless said: keeps the variance through relu (He et al. 2015).
 *
 * @example
 * std(kaimingNormal(generator(1), [100, 100], { gain: 1 })).item().toFixed(2) // "0.10"
 */
export function kaimingNormal(rng: RandomGenerator, shape: Shape, { gain = Math.SQRT2, dtype }: GainOptions = {}): Tensor {
  return spread(rng, shape, gain / Math.sqrt(fans(shape)[0]), dtype);
}

/**
 * Normal of variance 1 / fanIn, cut off at two standard deviations: for selu (Klambauer et al. 2017). What is cut off is
 * made up for, so that the variance is right, as in JAX and Keras.
 *
 * @example
 * std(lecunNormal(generator(1), [100, 100])).item().toFixed(2) // "0.10"
 */
export function lecunNormal(rng: RandomGenerator, shape: Shape, { gain = 1, dtype }: GainOptions = {}): Tensor {
  if (shape.includes(0)) return zerosInit(rng, shape, { dtype });
  return truncatedNormal(rng, shape, { std: gain / Math.sqrt(fans(shape)[0]) / truncatedStd, dtype });
}

/** The standard deviation of a standard normal number that lies in ±2: √(1 − 4 φ(2) / (2 Φ(2) − 1)). */
const truncatedStd = 0.8796256610342398;

/**
 * A random matrix with orthonormal rows or columns, whichever are fewer, times `gain`; of a kernel [out, in, ...k] the matrix
 * [out, in ∏ k]. Q of a normal matrix; as R has a positive diagonal, all directions are equally likely (Saxe et al. 2014;
 * Mezzadri 2007).
 *
 * @throws ShapeError for fewer than two axes.
 * @example
 * const q = orthogonal(generator(1), [5, 3], { dtype: "float64" });
 * max(abs(sub(matmul(transpose(q), q), eye(3)))).item() < 1e-12 // true
 */
export function orthogonal(rng: RandomGenerator, shape: Shape, { gain = 1, dtype = "float32" }: GainOptions = {}): Tensor {
  if (shape.length < 2) throw new ShapeError(`orthogonal: expected a shape of at least two axes, [out, in, ...], got [${shape.join(", ")}].`);
  const rows = shape[0]!;
  const columns = shape.slice(1).reduce((n, k) => n * k, 1);
  if (rows === 0 || columns === 0) return zeros(shape, dtype);
  const [q] = qr(randn(rng, [Math.max(rows, columns), Math.min(rows, columns)]));
  return cast(reshape(mul(rows < columns ? transpose(q) : q, gain), shape), dtype);
}

/**
 * `gain` on the diagonal of a weight [out, in], or at the middle of each diagonal kernel of [out, in, ...k]: the layer starts
 * as the identity (a convolution does where its padding keeps the size). Zeros for a vector.
 *
 * @example
 * identityInit(generator(1), [2, 3]).toArray() // [[1, 0, 0], [0, 1, 0]]
 */
export function identityInit(_rng: RandomGenerator, shape: Shape, { gain = 1, dtype = "float32" }: GainOptions = {}): Tensor {
  if (shape.length < 2) return zeros(shape, dtype);
  const [nOut, nIn, ...kernel] = shape as [number, number, ...number[]];
  const diagonals = mul(eye(nOut, nIn), gain);
  const middle = kernel.map((k, axis) => {
    const along = kernel.map((_, i) => (i === axis ? k : 1));
    return tensor(Array.from({ length: k }, (_, i) => (i === Math.floor(k / 2) ? 1 : 0)), along);
  });
  const start = reshape(diagonals, [nOut, nIn, ...kernel.map(() => 1)]);
  return cast(middle.reduce<Tensor>((w, along) => mul(w, along), start), dtype);
}

export interface SparseOptions extends InitialiserOptions {
  /** The fraction of each column that is zero, rounded up to whole entries. */
  readonly sparsity: number;
  /** The standard deviation of the others; 0.01 unless said. */
  readonly std?: number | undefined;
}

/**
 * A weight [out, in] in which every input reaches only some outputs: normal numbers, with a fraction of each column zero, at
 * random places (Martens 2010). It needs an option, so it is passed as `(rng, shape) => sparseInit(rng, shape, { sparsity: 0.9 })`.
 *
 * @throws ShapeError unless there are two axes; AutodiffError for a sparsity outside of [0, 1].
 * @example
 * sum(equal(sparseInit(generator(1), [4, 3], { sparsity: 0.5 }), 0), { axis: 0 }).toArray() // [2, 2, 2]
 */
export function sparseInit(rng: RandomGenerator, shape: Shape, { sparsity, std = 0.01, dtype = "float32" }: SparseOptions): Tensor {
  if (shape.length !== 2) throw new ShapeError(`sparseInit: expected a shape of two axes, [out, in], got [${shape.join(", ")}].`);
  if (!(sparsity >= 0 && sparsity <= 1)) throw new AutodiffError(`sparseInit: expected a sparsity between 0 and 1, got ${sparsity}.`);
  const [rows, columns] = shape as readonly [number, number];
  const drawn = randn(rng, shape, { std }).dataSync();
  for (let j = 0; j < columns; j++) {
    const order = permutation(rng, rows).dataSync();
    for (const i of order.subarray(0, Math.ceil(sparsity * rows))) drawn[i * columns + j] = 0;
  }
  return tensor(drawn, shape, dtype);
}

/**
 * Normal numbers, of mean 0 and standard deviation 1 unless said: core's `randn`, in float32 unless said.
 *
 * @example
 * normalInit(generator(1), [3]).dtype // "float32"
 */
export function normalInit(rng: RandomGenerator, shape: Shape, { dtype = "float32", ...options }: RandnOptions = {}): Tensor {
  return randn(rng, shape, { dtype, ...options });
}

/**
 * Uniform numbers in [min, max), [0, 1) unless said: core's `rand`, in float32 unless said.
 *
 * @example
 * min(uniformInit(generator(1), [100], { min: 2, max: 3 })).item() >= 2 // true
 */
export function uniformInit(rng: RandomGenerator, shape: Shape, { dtype = "float32", ...options }: RandOptions = {}): Tensor {
  return rand(rng, shape, { dtype, ...options });
}

/**
 * Zeros: core's `zeros` as an initialiser.
 *
 * @example
 * Dense(2, 1, identity, { init: zerosInit })([1, 2]).toArray() // [0]
 */
export function zerosInit(_rng: RandomGenerator, shape: Shape, { dtype = "float32" }: InitialiserOptions = {}): Tensor {
  return zeros(shape, dtype);
}

/**
 * Ones: core's `ones` as an initialiser.
 *
 * @example
 * Dense(2, 1, identity, { init: onesInit })([1, 2]).toArray() // [3]
 */
export function onesInit(_rng: RandomGenerator, shape: Shape, { dtype = "float32" }: InitialiserOptions = {}): Tensor {
  return ones(shape, dtype);
}

/** Uniform on ±bound. */
function symmetric(rng: RandomGenerator, shape: Shape, bound: number, dtype: "float32" | "float64" = "float32"): Tensor {
  if (shape.includes(0) || bound === 0) return zeros(shape, dtype);
  return rand(rng, shape, { dtype, min: -Math.abs(bound), max: Math.abs(bound) });
}

/** Normal of mean 0. */
function spread(rng: RandomGenerator, shape: Shape, std: number, dtype: "float32" | "float64" = "float32"): Tensor {
  return shape.includes(0) ? zeros(shape, dtype) : randn(rng, shape, { dtype, std: Math.abs(std) });
}
