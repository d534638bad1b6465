import type { TypedArray } from "../dtype.js";
import { perType } from "./loops.js";

/** Along one axis: where each window's first element in the image is, and how many of its elements are in the image. */
export interface Spans {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** From one element of a window to the next. */
  readonly step: number;
  /** Length of the axis. */
  readonly length: number;
}

export function spansOf(length: number, windows: number, kernel: number, stride: number, before: number, step: number): Spans {
  const starts = new Int32Array(windows);
  const counts = new Int32Array(windows);
  for (let p = 0; p < windows; p++) {
    const at = p * stride - before;
    const first = at < 0 ? Math.ceil(-at / step) : 0;
    const past = Math.min(kernel, Math.ceil((length - at) / step));
    starts[p] = at + first * step;
    counts[p] = Math.max(past - first, 0);
  }
  return { starts, counts, step, length };
}

type Loop<Operands extends readonly TypedArray[]> = (x: TypedArray, ...rest: readonly [...Operands, planes: number, ys: Spans, xs: Spans]) => void;
type Result = readonly [out: TypedArray];
type Beside = readonly [v: TypedArray, out: TypedArray];

/** Whether each window is two by two elements of the image, the usual case: it has loops without branches of its own. */
function areSquares(ys: Spans, xs: Spans): boolean {
  return ys.counts.every((n) => n === 2) && xs.counts.every((n) => n === 2);
}

// Which element is largest is computed as a number rather than branched on: the branches of random data are mispredicted.

/** out[q] = the largest of x in window q of each plane, NaN first. No window is empty. */
export const maxWindows: Loop<Result> = (x, out, planes, ys, xs) => (areSquares(ys, xs) ? maxSquares : maxAny)(x, out, planes, ys, xs);

const maxAny: Loop<Result> = perType((x: TypedArray, out: TypedArray, planes: number, ys: Spans, xs: Spans) => {
  const [rows, columns, width] = [ys.starts.length, xs.starts.length, xs.length];
  const [down, right] = [ys.step * width, xs.step];
  for (let plane = 0, q = 0; plane < planes; plane++) {
    for (let r = 0; r < rows; r++) {
      const line = (plane * ys.length + ys.starts[r]!) * width;
      const past = ys.counts[r]! * down;
      for (let c = 0; c < columns; c++) {
        const corner = line + xs.starts[c]!;
        const across = xs.counts[c]! * right;
        let best = corner;
        for (let row = corner; row < corner + past; row += down) {
          for (let at = row; at < row + across; at += right) {
            const v = x[at]!;
            best += (at - best) * (Number(v > x[best]!) | Number(v !== v));
          }
        }
        out[q++] = x[best]!;
      }
    }
  }
});

const maxSquares: Loop<Result> = perType((x: TypedArray, out: TypedArray, planes: number, ys: Spans, xs: Spans) => {
  const [rows, columns, width] = [ys.starts.length, xs.starts.length, xs.length];
  const [down, right] = [ys.step * width, xs.step];
  for (let plane = 0, q = 0; plane < planes; plane++) {
    for (let r = 0; r < rows; r++) {
      const line = (plane * ys.length + ys.starts[r]!) * width;
      for (let c = 0; c < columns; c++) {
        const corner = line + xs.starts[c]!;
        const b = x[corner + right]!;
        const upper = corner + right * (Number(b > x[corner]!) | Number(b !== b));
        const d = x[corner + down + right]!;
        const lower = corner + down + right * (Number(d > x[corner + down]!) | Number(d !== d));
        const v = x[lower]!;
        out[q++] = x[upper + (lower - upper) * (Number(v > x[upper]!) | Number(v !== v))]!;
      }
    }
  }
});

/** out[q] = the mean of v where x is largest in window q; NaN where the window holds NaN, which equals nothing. */
export const meanAtMax: Loop<Beside> = perType((x: TypedArray, v: TypedArray, out: TypedArray, planes: number, ys: Spans, xs: Spans) => {
  const [rows, columns, width] = [ys.starts.length, xs.starts.length, xs.length];
  const [down, right] = [ys.step * width, xs.step];
  for (let plane = 0, q = 0; plane < planes; plane++) {
    for (let r = 0; r < rows; r++) {
      const line = (plane * ys.length + ys.starts[r]!) * width;
      const past = ys.counts[r]! * down;
      for (let c = 0; c < columns; c++) {
        const corner = line + xs.starts[c]!;
        const across = xs.counts[c]! * right;
        let best = corner;
        for (let row = corner; row < corner + past; row += down) {
          for (let at = row; at < row + across; at += right) {
            const value = x[at]!;
            best += (at - best) * (Number(value > x[best]!) | Number(value !== value));
          }
        }
        const most = x[best]!;
        let count = 0;
        for (let row = corner; row < corner + past; row += down) {
          for (let at = row; at < row + across; at += right) count += Number(x[at] === most);
        }
        let sum = 0;
        if (count === 1) sum = v[best]!;
        else {
          for (let row = corner; row < corner + past; row += down) {
            for (let at = row; at < row + across; at += right) if (x[at] === most) sum += v[at]!;
          }
        }
        out[q++] = sum / count;
      }
    }
  }
});

/** The transpose in v: out gets ct[q], shared equally, where x is largest in window q; NaN where the window holds NaN. */
export const shareAtMax: Loop<Beside> = (x, ct, out, planes, ys, xs) => (areSquares(ys, xs) ? shareSquares : shareAny)(x, ct, out, planes, ys, xs);

const shareAny: Loop<Beside> = perType((x: TypedArray, ct: TypedArray, out: TypedArray, planes: number, ys: Spans, xs: Spans) => {
  const [rows, columns, width] = [ys.starts.length, xs.starts.length, xs.length];
  const [down, right] = [ys.step * width, xs.step];
  for (let plane = 0, q = 0; plane < planes; plane++) {
    for (let r = 0; r < rows; r++) {
      const line = (plane * ys.length + ys.starts[r]!) * width;
      const past = ys.counts[r]! * down;
      for (let c = 0; c < columns; c++) {
        const corner = line + xs.starts[c]!;
        const across = xs.counts[c]! * right;
        let best = corner;
        for (let row = corner; row < corner + past; row += down) {
          for (let at = row; at < row + across; at += right) {
            const value = x[at]!;
            best += (at - best) * (Number(value > x[best]!) | Number(value !== value));
          }
        }
        const most = x[best]!;
        let count = 0;
        for (let row = corner; row < corner + past; row += down) {
          for (let at = row; at < row + across; at += right) count += Number(x[at] === most);
        }
        const share = ct[q++]! / count;
        if (count === 1) out[best]! += share;
        else {
          for (let row = corner; row < corner + past; row += down) {
            for (let at = row; at < row + across; at += right) {
              if (count === 0) out[at] = NaN;
              else if (x[at] === most) out[at]! += share;
            }
          }
        }
      }
    }
  }
});

const shareSquares: Loop<Beside> = perType((x: TypedArray, ct: TypedArray, out: TypedArray, planes: number, ys: Spans, xs: Spans) => {
  const [rows, columns, width] = [ys.starts.length, xs.starts.length, xs.length];
  const [down, right] = [ys.step * width, xs.step];
  for (let plane = 0, q = 0; plane < planes; plane++) {
    for (let r = 0; r < rows; r++) {
      const line = (plane * ys.length + ys.starts[r]!) * width;
      for (let c = 0; c < columns; c++) {
        const i = line + xs.starts[c]!;
        const [j, k, l] = [i + right, i + down, i + down + right];
        const upper = i + right * (Number(x[j]! > x[i]!) | Number(x[j] !== x[j]));
        const lower = k + right * (Number(x[l]! > x[k]!) | Number(x[l] !== x[l]));
        const best = upper + (lower - upper) * (Number(x[lower]! > x[upper]!) | Number(x[lower] !== x[lower]));
        const most = x[best]!;
        const count = Number(x[i] === most) + Number(x[j] === most) + Number(x[k] === most) + Number(x[l] === most);
        const share = ct[q++]! / count;
        if (count === 1) out[best]! += share;
        else if (count === 0) out[i] = out[j] = out[k] = out[l] = NaN;
        else {
          if (x[i] === most) out[i]! += share;
          if (x[j] === most) out[j]! += share;
          if (x[k] === most) out[k]! += share;
          if (x[l] === most) out[l]! += share;
        }
      }
    }
  }
});
