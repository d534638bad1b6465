import { checkOptions } from "./options.js";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import type { JumpableRandomGenerator } from "pure-rand/types/JumpableRandomGenerator";
import { allocate, checkDType, isFloat, type DType } from "./dtype.js";
import { AutodiffError } from "./errors.js";
import { checkShape, sizeOf, type Shape } from "./shape.js";
import { describe, HostTensor, type Tensor } from "./tensor.js";
import { currentTrace, type Trace } from "./trace.js";
import { drawFrom } from "./runs.js";
import { standardNormalQuantile } from "./host/normalQuantile.js";

/** Where a generator stands, as plain data: JSON and structuredClone keep it. */
export interface GeneratorState {
  readonly algorithm: "xoroshiro128plus";
  /** Four 32-bit integers. */
  readonly words: readonly number[];
}

/**
 * A stream of random numbers. It advances with every draw; the same seed and the same draws give the same numbers
 * everywhere. It cannot be drawn from while a graph is being captured, where the numbers would be baked in.
 */
export class RandomGenerator {
  private source: JumpableRandomGenerator;

  /** Use `generator(seed)`. */
  constructor(state: GeneratorState) {
    this.source = sourceAt(state);
  }

  /** Goes back, or forward, to a state. */
  rewind(state: GeneratorState): void {
    this.source = sourceAt(state);
  }

  /** Where the stream stands; `generator(state)` goes on from here. */
  state(): GeneratorState {
    return { algorithm: "xoroshiro128plus", words: [...this.source.getState()] };
  }

  /**
   * n streams, independent of each other and of what this one draws later. Each starts from 128 bits drawn here and
   * hashed, so among 2^20 streams of 2^40 draws two overlap with a probability of about 2^-48, however splits are
   * nested. (Jumping ahead instead would meet a sibling's stream when a child splits again.)
   */
  split(n = 2): RandomGenerator[] {
    checkCount("split", n);
    drawFor("split", this);
    return Array.from({ length: n }, () => fromEntropy(Array.from({ length: 4 }, () => this.source.next())));
  }

  /** A number in [0, 1), a multiple of 2^-53. The upper bits of two draws; this algorithm's lowest are its weakest. */
  uniform(): number {
    drawFor("uniform", this);
    return (this.source.next() >>> 5) * 2 ** -27 + (this.source.next() >>> 6) * 2 ** -53;
  }

  /** A standard normal number: the quantile of a uniform one in the middle of one of 2^52 cells, so never infinite. */
  normal(): number {
    drawFor("normal", this);
    const cell = (this.source.next() >>> 6) * 2 ** 26 + (this.source.next() >>> 6);
    return standardNormalQuantile((cell + 0.5) * 2 ** -52);
  }

  /** A whole number in [0, n) for n up to 2^32, all equally likely: surplus draws are thrown away. */
  below(n: number): number {
    if (n === 1) return 0;
    drawFor("below", this);
    const shift = Math.clz32(n - 1);
    for (;;) {
      const k = this.source.next() >>> shift;
      if (k < n) return k;
    }
  }
}

function sourceAt({ algorithm, words }: GeneratorState): JumpableRandomGenerator {
  const valid = words.length === 4 && words.every(Number.isInteger) && words.some((w) => w !== 0);
  if (algorithm !== "xoroshiro128plus" || !valid) {
    throw new AutodiffError("generator: not a state. Expected what state() gave: four 32-bit integers of xoroshiro128plus, not all 0.");
  }
  return xoroshiro128plusFromState(words.map((w) => w | 0));
}

/**
 * A generator of random numbers from a seed, or one that goes on from a state.
 *
 * @throws AutodiffError unless the seed is a safe integer.
 * @example
 * rand(generator(1), [2, 3]).shape // [2, 3]
 */
export function generator(seed: number | GeneratorState): RandomGenerator {
  if (typeof seed === "object" && seed !== null) return new RandomGenerator(seed);
  if (!Number.isSafeInteger(seed)) throw new AutodiffError(`generator: expected an integer seed, got ${seed}.`);
  return fromEntropy([seed | 0, Math.floor(seed / 2 ** 32) | 0, 0, 0]);
}

/** What floating-point draws may say. */
export interface RandOptions {
  readonly dtype?: "float64" | "float32" | undefined;
  /** Smallest value, 0 unless said. */
  readonly min?: number | undefined;
  /** Upper bound, itself never drawn; 1 unless said. */
  readonly max?: number | undefined;
}

/**
 * Uniform numbers in [min, max), in the result's dtype too. float64 unless said.
 *
 * @throws AutodiffError while a graph is being captured, where the numbers would be baked in.
 * @example
 * rand(generator(1), [3], { min: -1, max: 1 })
 */
export function rand(from: RandomGenerator, shape: Shape, options?: RandOptions): Tensor {
  const { dtype = "float64", min = 0, max = 1 } = checkOptions("rand", options, ["dtype", "min", "max"]);
  const out = prepare("rand", from, shape, checkFloat("rand", dtype));
  if (!(min < max) || !Number.isFinite(max - min)) throw new AutodiffError(`rand: expected finite min < max, got ${min} and ${max}.`);
  const [low, high] = representable(dtype, min, max);
  if (low > high) throw new AutodiffError(`rand: no ${dtype} number lies in [${min}, ${max}).`);
  const { elements } = out;
  const width = max - min;
  const round = dtype === "float32" ? Math.fround : Number;
  for (let i = 0; i < elements.length; i++) elements[i] = Math.min(Math.max(round(min + width * from.uniform()), low), high);
  return out;
}

export interface RandnOptions {
  readonly dtype?: "float64" | "float32" | undefined;
  readonly mean?: number | undefined;
  /** Standard deviation, 1 unless said. */
  readonly std?: number | undefined;
}

/**
 * Normal numbers of a mean and a standard deviation. float64 unless said; float32 is drawn in float64, then rounded.
 *
 * @throws AutodiffError while a graph is being captured, where the numbers would be baked in.
 * @example
 * randn(generator(1), [2, 3], { dtype: "float32", std: 0.1 }).dtype // "float32"
 */
export function randn(from: RandomGenerator, shape: Shape, options?: RandnOptions): Tensor {
  const { dtype = "float64", mean = 0, std = 1 } = checkOptions("randn", options, ["dtype", "mean", "std"]);
  const out = prepare("randn", from, shape, checkFloat("randn", dtype));
  if (!Number.isFinite(mean) || !(std >= 0 && std < Infinity)) {
    throw new AutodiffError(`randn: expected a finite mean and a std of at least 0, got ${mean} and ${std}.`);
  }
  const { elements } = out;
  for (let i = 0; i < elements.length; i++) elements[i] = mean + std * from.normal();
  return out;
}

export interface RandintOptions {
  /** Smallest value, 0 unless said. */
  readonly min?: number | undefined;
  /** Upper bound, itself never drawn. */
  readonly max: number;
}

/**
 * int32 numbers in [min, max), all equally likely.
 *
 * @throws AutodiffError while a graph is being captured, where the numbers would be baked in.
 * @example
 * randint(generator(1), [5], { max: 6 }).dtype // "int32"
 */
export function randint(from: RandomGenerator, shape: Shape, options: RandintOptions): Tensor {
  const { min = 0, max } = checkOptions("randint", options, ["min", "max"]);
  const out = prepare("randint", from, shape, "int32");
  const fits = Number.isInteger(min) && Number.isInteger(max) && min >= -(2 ** 31) && max <= 2 ** 31;
  if (!fits || min >= max) throw new AutodiffError(`randint: expected 32-bit integers min < max, got ${min} and ${max}.`);
  const { elements } = out;
  for (let i = 0; i < elements.length; i++) elements[i] = min + from.below(max - min);
  return out;
}

/**
 * 0, 1, …, n − 1 in random order, every order equally likely (Fisher and Yates), as int32.
 *
 * @throws AutodiffError while a graph is being captured, where the order would be baked in.
 * @example
 * sum(permutation(generator(1), 4)).item() // 6
 */
export function permutation(from: RandomGenerator, n: number): Tensor {
  checkCount("permutation", n);
  const out = prepare("permutation", from, [n], "int32");
  const { elements } = out;
  for (let i = 0; i < n; i++) {
    const j = from.below(i + 1);
    elements[i] = elements[j]!;
    elements[j] = i;
  }
  return out;
}

/** Storage to draw into, after the checks that all draws share. */
function prepare(who: string, from: RandomGenerator, shape: Shape, dtype: "float64" | "float32" | "int32"): HostTensor {
  if (!(from instanceof RandomGenerator)) {
    throw new AutodiffError(`${who}: expected a generator first, got ${describe(from)}. Make one with generator(seed).`);
  }
  refuseCapture(who);
  checkShape(who, shape);
  return new HostTensor([...shape], dtype, allocate(dtype, sizeOf(shape)));
}

/** Says that a generator is about to be drawn from, where it may be. */
function drawFor(who: string, from: RandomGenerator): void {
  refuseCapture(who);
  drawFrom(from);
}

function refuseCapture(who: string): void {
  for (let trace: Trace | null = currentTrace(); trace !== null; trace = trace.parent) {
    if (trace.kind !== "capture") continue;
    throw new AutodiffError(
      `${who}: drawn while a graph is being captured, the numbers would be baked in and the same in every run. Draw them ` +
        "outside of the function, and pass them as an argument.",
    );
  }
}

/** Checks a dtype that came from outside the type system. */
function checkFloat(who: string, dtype: DType): "float64" | "float32" {
  if (isFloat(checkDType(who, dtype))) return dtype as "float64" | "float32";
  throw new AutodiffError(`${who}: draws float64 or float32, not ${dtype}. Use randint() for whole numbers.`);
}

function checkCount(who: string, n: number): void {
  if (!Number.isInteger(n) || n < 0) throw new AutodiffError(`${who}: expected a count of at least 0, got ${n}.`);
}

/**
 * A generator whose four words each depend on all bits of the entropy, nonlinearly: neighbouring seeds share nothing,
 * and a child's stream is no linear image of its parent's.
 */
function fromEntropy(entropy: readonly number[]): RandomGenerator {
  let hash = 0x243f6a88; // π
  const words = entropy.map(() => 0);
  for (let round = 0; round < 2; round++) {
    entropy.forEach((word, i) => {
      hash = mix((hash ^ word) + 0x9e3779b9); // the golden ratio, as in SplitMix
      words[i] = hash;
    });
  }
  if (!words.some((w) => w !== 0)) words[0] = 1; // the one state that never moves
  return new RandomGenerator({ algorithm: "xoroshiro128plus", words });
}

/** The finaliser of MurmurHash3: a bijection of 32 bits in which every input bit moves half of the output bits. */
function mix(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The smallest number of a dtype that is at least `min`, and the largest below `max`. */
function representable(dtype: "float64" | "float32", min: number, max: number): readonly [number, number] {
  const rounded = dtype === "float32" ? Math.fround : Number;
  const [a, b] = [rounded(min), rounded(max)];
  return [a < min ? neighbour(dtype, a, 1) : a, b < max ? b : neighbour(dtype, b, -1)];
}

/** The next number of a dtype, upwards or downwards. */
function neighbour(dtype: "float64" | "float32", x: number, direction: 1 | -1): number {
  if (x === 0) return direction * (dtype === "float32" ? 2 ** -149 : Number.MIN_VALUE);
  // As integers, the bits of floats of one sign are in order of magnitude.
  const step = (x > 0) === (direction > 0) ? 1 : -1;
  const floats = dtype === "float32" ? Float32Array.of(x) : Float64Array.of(x);
  if (floats instanceof Float32Array) new Int32Array(floats.buffer)[0]! += step;
  else new BigInt64Array(floats.buffer)[0]! += BigInt(step);
  return floats[0]!;
}
