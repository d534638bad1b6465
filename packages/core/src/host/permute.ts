import { allocate, type TypedArray } from "../dtype.js";
import { stridesOf } from "../shape.js";
import type { HostTensor } from "../tensor.js";

/** The elements with axes in another order: result axis i is axis `order[i]` of x. */
export function permute(x: HostTensor, order: readonly number[]): TypedArray {
  const from = stridesOf(x.shape);
  const shape = order.map((a) => x.shape[a]!);
  return gatherStrided(x.elements, allocate(x.dtype, x.size), 0, shape, order.map((a) => from[a]!));
}

/** out[i₀, i₁, …] = from[start + Σ iₖ·strides[k]], row-major; strides may be negative. */
export function gatherStrided(from: TypedArray, out: TypedArray, start: number, shape: readonly number[], strides: readonly number[]): TypedArray {
  if (out.length === 0) return out;
  const last = shape.length - 1;
  if (last < 0) {
    out[0] = from[start]!;
    return out;
  }
  if (last >= 1 && strides[last] !== 1 && strides[last - 1] === 1) {
    return transposeLast(from, out, start, shape, strides);
  }
  const n = shape[last]!;
  const step = strides[last]!;
  walk(shape.slice(0, last), strides, start, (at, row) => {
    const to = row * n;
    if (step === 1) {
      if (n > 16) out.set(from.subarray(at, at + n), to);
      else for (let i = 0; i < n; i++) out[to + i] = from[at + i]!;
    } else for (let i = 0, p = at; i < n; i++, p += step) out[to + i] = from[p]!;
  });
  return out;
}

/** The last two axes swapped, in tiles that stay in cache. */
function transposeLast(from: TypedArray, out: TypedArray, start: number, shape: readonly number[], strides: readonly number[]): TypedArray {
  const last = shape.length - 1;
  const rows = shape[last - 1]!;
  const cols = shape[last]!;
  const step = strides[last]!;
  const tile = 32;
  walk(shape.slice(0, last - 1), strides, start, (at, block) => {
    const to = block * rows * cols;
    for (let r0 = 0; r0 < rows; r0 += tile) {
      const r1 = Math.min(r0 + tile, rows);
      for (let c0 = 0; c0 < cols; c0 += tile) {
        const c1 = Math.min(c0 + tile, cols);
        for (let r = r0; r < r1; r++) {
          for (let c = c0; c < c1; c++) out[to + r * cols + c] = from[at + r + c * step]!;
        }
      }
    }
  });
  return out;
}

/** Visits every index of the outer axes in row-major order, with the source offset and a running number. */
function walk(shape: readonly number[], strides: readonly number[], start: number, visit: (at: number, row: number) => void): void {
  const index = new Array<number>(shape.length).fill(0);
  let at = start;
  for (let row = 0; ; row++) {
    visit(at, row);
    let axis = shape.length - 1;
    for (; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}
