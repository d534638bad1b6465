import type { TypedArray } from "../dtype.js";
import { perType } from "./loops.js";

/** What a window moves over: planes of H×W, and one for each of N·C. A signal is an image of one row. */
export interface Geometry {
  /** Channels of the image. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly dilationY: number;
  readonly dilationX: number;
  readonly top: number;
  readonly left: number;
  /** Windows in a column and in a row. */
  readonly rows: number;
  readonly columns: number;
}

interface Sizes {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  readonly dilation: readonly number[];
}

export function geometryOf(channels: number, image: readonly number[], counts: readonly number[], { kernel, strides, padding, dilation }: Sizes): Geometry {
  const pair = (of: readonly number[], missing: number): readonly number[] => (of.length === 2 ? of : [missing, of[0]!]);
  const [height, width] = pair(image, 1) as [number, number];
  const [kernelHeight, kernelWidth] = pair(kernel, 1) as [number, number];
  const [strideY, strideX] = pair(strides, 1) as [number, number];
  const [dilationY, dilationX] = pair(dilation, 1) as [number, number];
  const [top, left] = pair(padding.map(([before]) => before), 0) as [number, number];
  const [rows, columns] = pair(counts, 1) as [number, number];
  return { channels, height, width, kernelHeight, kernelWidth, strideY, strideX, dilationY, dilationX, top, left, rows, columns };
}

type Loop = (x: TypedArray, patches: TypedArray, g: Geometry, channel: number, count: number, from: number, to: number) => void;

/**
 * patches[(c, i, j), q] = x[n, channel + c, window q of sample n at (i, j)], 0 outside of the image, for `count` channels
 * and windows from ≤ q < to; windows are numbered through all samples.
 */
export const gatherPatches: Loop = perType(
  (x: TypedArray, patches: TypedArray, g: Geometry, channel: number, count: number, from: number, to: number) => {
    const { channels, height, width, kernelHeight, kernelWidth, strideY, strideX, dilationY, dilationX, top, left, rows, columns } = g;
    const row0 = (from / columns) | 0;
    const y0 = row0 % rows;
    const n0 = (row0 / rows) | 0;
    const x0 = from - row0 * columns;
    let at = 0;
    for (let c = 0; c < count; c++) {
      for (let i = 0; i < kernelHeight; i++) {
        for (let j = 0; j < kernelWidth; j++) {
          const shift = j * dilationX - left;
          // The windows in a row whose element j lies in the image.
          const first = shift < 0 ? ((strideX - 1 - shift) / strideX) | 0 : 0;
          const past = shift < width ? (((width - 1 - shift) / strideX) | 0) + 1 : 0;
          let n = n0;
          let y = y0;
          let begin = x0;
          for (let q = from; q < to; ) {
            const end = Math.min(columns, begin + to - q);
            const line = y * strideY + i * dilationY - top;
            let p = begin;
            if (line >= 0 && line < height) {
              const base = ((n * channels + channel + c) * height + line) * width + shift;
              const low = Math.min(first, end);
              const high = Math.min(past, end);
              while (p < low) {
                patches[at++] = 0;
                p++;
              }
              if (strideX === 1) {
                if (high - p > 64) {
                  patches.set(x.subarray(base + p, base + high), at);
                  at += high - p;
                  p = high;
                }
                for (; p + 4 <= high; p += 4) {
                  patches[at] = x[base + p]!;
                  patches[at + 1] = x[base + p + 1]!;
                  patches[at + 2] = x[base + p + 2]!;
                  patches[at + 3] = x[base + p + 3]!;
                  at += 4;
                }
                for (; p < high; p++) patches[at++] = x[base + p]!;
              } else {
                for (; p < high; p++) patches[at++] = x[base + p * strideX]!;
              }
            }
            for (; p < end; p++) patches[at++] = 0;
            q += end - begin;
            begin = 0;
            if (++y === rows) {
              y = 0;
              n++;
            }
          }
        }
      }
    }
  },
);

/** The transpose: x[n, channel + c, …] += patches[(c, i, j), q] wherever `gatherPatches` reads. */
export const scatterPatches: Loop = perType(
  (x: TypedArray, patches: TypedArray, g: Geometry, channel: number, count: number, from: number, to: number) => {
    const { channels, height, width, kernelHeight, kernelWidth, strideY, strideX, dilationY, dilationX, top, left, rows, columns } = g;
    const row0 = (from / columns) | 0;
    const y0 = row0 % rows;
    const n0 = (row0 / rows) | 0;
    const x0 = from - row0 * columns;
    let at = 0;
    for (let c = 0; c < count; c++) {
      for (let i = 0; i < kernelHeight; i++) {
        for (let j = 0; j < kernelWidth; j++) {
          const shift = j * dilationX - left;
          const first = shift < 0 ? ((strideX - 1 - shift) / strideX) | 0 : 0;
          const past = shift < width ? (((width - 1 - shift) / strideX) | 0) + 1 : 0;
          let n = n0;
          let y = y0;
          let begin = x0;
          for (let q = from; q < to; ) {
            const end = Math.min(columns, begin + to - q);
            const line = y * strideY + i * dilationY - top;
            if (line >= 0 && line < height) {
              const base = ((n * channels + channel + c) * height + line) * width + shift;
              const high = Math.min(past, end);
              const skip = at - begin;
              let p = Math.max(first, begin);
              if (strideX === 1) {
                for (; p + 4 <= high; p += 4) {
                  x[base + p]! += patches[skip + p]!;
                  x[base + p + 1]! += patches[skip + p + 1]!;
                  x[base + p + 2]! += patches[skip + p + 2]!;
                  x[base + p + 3]! += patches[skip + p + 3]!;
                }
              }
              for (; p < high; p++) x[base + p * strideX]! += patches[skip + p]!;
            }
            at += end - begin;
            q += end - begin;
            begin = 0;
            if (++y === rows) {
              y = 0;
              n++;
            }
          }
        }
      }
    }
  },
);
