import { allocate, type TypedArray } from "../dtype.js";
import { stridesOf } from "../shape.js";
import type { HostTensor } from "../tensor.js";
import { perType } from "./loops.js";

/** The elements with axes in another order: result axis i is axis `order[i]` of x. */
export function permute(x: HostTensor, order: readonly number[]): TypedArray {
  const from = stridesOf(x.shape);
  const shape = order.map((a) => x.shape[a]!);
  return gatherStrided(x.elements, allocate(x.dtype, x.size), 0, shape, order.map((a) => from[a]!));
}

/** out[i₀, i₁, …] = from[start + Σ iₖ·strides[k]], row-major; strides may be negative. */
export function gatherStrided(from: TypedArray, out: TypedArray, start: number, shape: readonly number[], strides: readonly number[]): TypedArray {
  if (out.length === 0) return out;
  const axes = merged(shape, strides);
  const last = axes.pop();
  if (last === undefined) {
    out[0] = from[start]!;
    return out;
  }
  if (axes.length === 0 && last.stride === 1) {
    out.set(from.subarray(start, start + last.size));
    return out;
  }
  // Where rows of the source run across those of the result, both in tiles that stay in cache: a column is a cache line.
  const crossing = last.stride === 1 ? -1 : axes.findIndex(({ stride }) => Math.abs(stride) === 1);
  const [row = { size: 1, stride: 0, step: 0 }] = axes.splice(crossing >= 0 ? crossing : Math.max(0, axes.length - 1), 1);
  const rowTile = crossing >= 0 ? 64 : row.size;
  const columnTile = crossing >= 0 ? 64 / from.BYTES_PER_ELEMENT : last.size;
  copyBlocks(
    from, out, start,
    axes.map((a) => a.size), axes.map((a) => a.stride), axes.map((a) => a.step),
    row.size, row.stride, row.step, rowTile, last.size, last.stride, columnTile,
  );
  return out;
}

/** An axis of the result, with its steps in the source and in the result. */
interface Axis {
  readonly size: number;
  readonly stride: number;
  readonly step: number;
}

/** The axes that are longer than 1, neighbours that run on evenly in the source as one. */
function merged(shape: readonly number[], strides: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  for (let i = shape.length - 1, step = 1; i >= 0; i--) {
    const size = shape[i]!;
    if (size === 1) continue;
    const inner = axes[0];
    if (inner !== undefined && strides[i] === inner.stride * inner.size) axes[0] = { ...inner, size: inner.size * size };
    else axes.unshift({ size, stride: strides[i]!, step });
    step *= size;
  }
  return axes;
}

/** For every index of the outer axes a block of rows and columns; the columns are adjacent in the result. */
const copyBlocks = perType(
  (
    from: TypedArray, out: TypedArray, start: number,
    shape: readonly number[], strides: readonly number[], steps: readonly number[],
    rows: number, rowStride: number, rowStep: number, rowTile: number,
    columns: number, columnStride: number, columnTile: number,
  ) => {
    const index = new Array<number>(shape.length).fill(0);
    let at = start;
    let to = 0;
    for (;;) {
      for (let r0 = 0; r0 < rows; r0 += rowTile) {
        const r1 = Math.min(r0 + rowTile, rows);
        for (let c0 = 0; c0 < columns; c0 += columnTile) {
          const width = Math.min(columnTile, columns - c0);
          for (let r = r0; r < r1; r++) {
            let p = at + r * rowStride + c0 * columnStride;
            const q = to + r * rowStep + c0;
            if (columnStride === 1 && width > 64) out.set(from.subarray(p, p + width), q);
            else {
              for (let c = 0; c < width; c++) {
                out[q + c] = from[p]!;
                p += columnStride;
              }
            }
          }
        }
      }
      let axis = shape.length - 1;
      for (; axis >= 0; axis--) {
        at += strides[axis]!;
        to += steps[axis]!;
        index[axis] = index[axis]! + 1;
        if (index[axis]! < shape[axis]!) break;
        at -= strides[axis]! * shape[axis]!;
        to -= steps[axis]! * shape[axis]!;
        index[axis] = 0;
      }
      if (axis < 0) return;
    }
  },
);

/** Copies rows of w adjacent elements to where they lie in rows of `width`. */
export function copyRows(from: TypedArray, out: TypedArray, start: number, width: number, rows: number, w: number): void {
  if (rows === 1) out.set(from, start);
  else rowCopies(from, out, start, width, rows, w);
}

const rowCopies = perType((from: TypedArray, out: TypedArray, start: number, width: number, rows: number, w: number) => {
  for (let r = 0, p = 0, q = start; r < rows; r++, p += w, q += width) {
    if (w > 64) out.set(from.subarray(p, p + w), q);
    else for (let i = 0; i < w; i++) out[q + i] = from[p + i]!;
  }
});
