import { AutodiffError, flatten, fmap, gather, permutation, RandomGenerator, ShapeError, slice, Tensor, tensor, type TypedArray } from "@polyad/core";
import { collate as collateByStructure, isTypedArray, type Collated } from "./collate.js";
import { checkOptions } from "./options.js";
import type { Stream } from "./stream.js";
import { streamLoader } from "./streamLoader.js";

export interface LoaderOptions {
  /** Samples in a batch, 1 unless said. */
  readonly batchSize?: number | undefined;
  /** Draws a new order for every pass. Its state is all that a resumed run needs. */
  readonly shuffle?: RandomGenerator | undefined;
  /** Whether the samples that remain make a smaller last batch; else they are left out. True unless said. */
  readonly partial?: boolean | undefined;
}

export interface SampleOptions<S, B> extends LoaderOptions {
  /** Makes a batch of samples; `collate` unless said. */
  readonly collate?: ((samples: readonly S[]) => B) | undefined;
}

export interface StreamOptions<S, B> extends SampleOptions<S, B> {
  /** From how many samples that were read ahead `shuffle` draws the next. */
  readonly buffer?: number | undefined;
}

/** Batches, in a new pass for every loop. */
export interface DataLoader<B> extends Iterable<B> {
  /** Number of batches in a pass. */
  readonly length: number;
  /** Number of samples. */
  readonly size: number;
}

/** Tensors whose first axis counts the samples: one, several, or an object of them. */
export type Columns = Tensor | TypedArray | readonly (Tensor | TypedArray)[] | { readonly [key: string]: Columns };

/** The same with a batch's samples. */
export type Rows<C> = C extends Tensor | TypedArray ? Tensor : { -readonly [K in keyof C]: Rows<C[K]> };

const known = ["batchSize", "shuffle", "partial", "collate", "buffer"];
const hints = { batchsize: "Write batchSize." };

/**
 * Cuts data into batches. The data are tensors whose first axis counts the samples, as `x`, `[x, y]` or
 * `{ image, label }`, and a batch is of the same form; or an array of samples, which are collated; or a stream of them,
 * async or not, of which only a batch is held at a time. A loader can be gone through many times. A list of nothing but
 * tensors is one of columns: if its tensors are samples, pass stack(samples), or name collate.
 *
 * @throws AutodiffError for empty data, or options out of range; ShapeError for columns of different lengths.
 * @example
 * const loader = DataLoader([tensor([[1, 1], [2, 2], [3, 3]]), tensor([1, 2, 3])], { batchSize: 2 });
 * [...loader] // [[[[1, 1], [2, 2]], [1, 2]], [[[3, 3]], [3]]]
 * DataLoader(tensor([1, 2, 3]), { batchSize: 2, partial: false, shuffle: generator(1) }).length // 1
 */
export function DataLoader<const C extends Columns>(columns: C, options?: LoaderOptions): DataLoader<Rows<C>>;
export function DataLoader<S, B = Collated<S>>(samples: readonly S[], options?: SampleOptions<S, B>): DataLoader<B>;
export function DataLoader<S, B = Collated<S>>(stream: Stream<S>, options?: StreamOptions<S, B>): AsyncIterable<B>;
export function DataLoader(data: unknown, options: StreamOptions<unknown, unknown> = {}): DataLoader<unknown> | AsyncIterable<unknown> {
  checkOptions("DataLoader", options, known, hints);
  const { batchSize = 1, shuffle, partial = true, collate = collateByStructure, buffer } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new AutodiffError(`DataLoader: expected a batchSize of at least 1, got ${batchSize}.`);
  if (shuffle !== undefined && !(shuffle instanceof RandomGenerator)) {
    throw new AutodiffError("DataLoader: shuffle takes the generator that draws the order, as shuffle: generator(1).");
  }
  if (isStream(data)) return streamLoader(data, { batchSize, shuffle, partial, collate, buffer });
  if (buffer !== undefined) throw new AutodiffError("DataLoader: buffer is for shuffling streams; of tensors and arrays the whole is shuffled.");
  const sampled = Array.isArray(data) && (options.collate !== undefined || !data.every(isColumn));
  if (options.collate !== undefined && !sampled) throw new AutodiffError("DataLoader: collate makes a batch of an array of samples, or of a stream; tensors and objects of tensors are cut as they are.");
  const { size, rows } = sampled ? samplesOf(data, collate) : columnsOf(data);
  if (size === 0) throw new AutodiffError("DataLoader: the data is empty.");
  const length = partial ? Math.ceil(size / batchSize) : Math.floor(size / batchSize);
  if (length === 0) throw new AutodiffError(`DataLoader: ${size} samples make no batch of ${batchSize}. Let the batch be smaller, or partial: true.`);
  return {
    length,
    size,
    *[Symbol.iterator]() {
      const order = shuffle === undefined ? null : permutation(shuffle, size);
      for (let i = 0; i < length; i++) yield rows(order, i * batchSize, Math.min((i + 1) * batchSize, size));
    },
  };
}

/** Samples, and the batch of those at positions start to stop in an order; null is as they are. */
interface Source {
  readonly size: number;
  rows(order: Tensor | null, start: number, stop: number): unknown;
}

function columnsOf(data: unknown): Source {
  const columns = fmap((leaf) => (isTypedArray(leaf) ? tensor(leaf) : leaf), data);
  const { leaves, def } = flatten(columns);
  let size = -1;
  leaves.forEach((x, i) => {
    const where = def.paths[i] === "" ? "the data" : def.paths[i];
    if (!(x instanceof Tensor) || x.ndim === 0) {
      throw new AutodiffError(
        `DataLoader: expected tensors whose first axis counts the samples, an array of samples, or a stream, got ${x instanceof Tensor ? "a scalar" : `${typeof x} ${String(x)}`} at ${where}.`,
      );
    }
    if (size < 0) size = x.shape[0]!;
    if (x.shape[0] === size) return;
    throw new ShapeError(`DataLoader: the first axes count the samples and must agree: ${def.paths[0]} has ${size}, ${where} has ${x.shape[0]}. If these are samples: stack(samples).`);
  });
  if (size < 0) throw new AutodiffError("DataLoader: the data is empty.");
  const rows = (order: Tensor | null, start: number, stop: number): unknown => {
    const at = order === null ? null : slice(order, [start, stop]);
    return fmap((x) => (at === null ? slice(x as Tensor, [start, stop]) : gather(x as Tensor, at)), columns);
  };
  return { size, rows };
}

function samplesOf(samples: readonly unknown[], collate: (samples: readonly unknown[]) => unknown): Source {
  const rows = (order: Tensor | null, start: number, stop: number): unknown =>
    collate(order === null ? samples.slice(start, stop) : [...slice(order, [start, stop]).dataSync()].map((i) => samples[i]));
  return { size: samples.length, rows };
}

function isColumn(x: unknown): boolean {
  return x instanceof Tensor || isTypedArray(x);
}

function isStream(x: unknown): x is Stream<unknown> {
  if (typeof x === "function") return true;
  if (typeof x !== "object" || x === null || Array.isArray(x) || isColumn(x)) return false;
  return Symbol.asyncIterator in x || Symbol.iterator in x;
}
