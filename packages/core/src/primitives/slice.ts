import { asTensor, type Operand } from "../convert.js";
import { allocate } from "../dtype.js";
import { ShapeError } from "../errors.js";
import { gatherStrided } from "../host/permute.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { showShape, sizeOf, stridesOf, type Shape } from "../shape.js";
import { HostTensor, type Tensor } from "../tensor.js";
import { bind } from "../trace.js";
import { reshape } from "./reshape.js";
import { unslice } from "./unslice.js";

/** One leading axis of a slice: an index (the axis is dropped), [start, stop), with a step, or null for all. */
export type Range = number | readonly [start: number | null, stop: number | null, step?: number] | null;

/** A resolved axis: elements start, start + step, …, `size` of them. */
export interface Section {
  readonly start: number;
  readonly step: number;
  readonly size: number;
}

type SliceOp = (x: Operand, ...ranges: readonly Range[]) => Tensor;

/**
 * Part of a tensor, one range per leading axis, as in NumPy: `slice(x, 0, [1, -1], null)` is `x[0, 1:-1, :]`. Negative
 * positions count from the end, a range past the end is cut short, a negative step walks backwards.
 *
 * @throws ShapeError for an index out of range, a step of 0, or more ranges than axes.
 * @example
 * slice(arange(6), [1, 5, 2]).toArray() // [1, 3]
 * slice(arange(6), [null, null, -1]).toArray() // [5, 4, 3, 2, 1, 0]
 */
export const slice: Primitive<SliceOp> = definePrimitive<readonly [Tensor], Tensor, readonly Section[], SliceOp>({
  name: "slice",
  parse: (operand, ...ranges) => {
    const x = asTensor("slice", operand);
    if (ranges.length > x.ndim) {
      throw new ShapeError(`slice: ${ranges.length} ranges for shape ${showShape(x.shape)} of rank ${x.ndim}.`);
    }
    const sections = x.shape.map((n, axis) => section(ranges[axis] ?? null, n, axis));
    if (!ranges.some((r) => typeof r === "number")) return [[x], sections];
    return reshape(sliceSections(x, sections), sections.filter((_, axis) => typeof ranges[axis] !== "number").map((s) => s.size));
  },
  shape: (_inputs, sections) => sections.map((s) => s.size),
  evaluate: ([x], sections) => new HostTensor(sections.map((s) => s.size), x.dtype, cut(x, sections)),
  jvp: (_out, _inputs, sections) => [(dx) => sliceSections(dx, sections)],
  vjp: (_out, [x], sections) => [(ct) => unslice(ct, x.shape, sections)],
  batch: ([x], _batched, sections, size) => sliceSections(x, [{ start: 0, step: 1, size }, ...sections]),
});

/** The slice with resolved sections, one per axis. */
export function sliceSections(x: Tensor, sections: readonly Section[]): Tensor {
  return bind(slice, [x], sections) as Tensor;
}

function cut(x: HostTensor, sections: readonly Section[]): HostTensor["elements"] {
  const only = sections[0];
  if (sections.length === 1 && only!.step === 1) {
    const out = allocate(x.dtype, only!.size);
    if (only!.size > 16) out.set(x.elements.subarray(only!.start, only!.start + only!.size));
    else for (let i = 0; i < out.length; i++) out[i] = x.elements[only!.start + i]!;
    return out;
  }
  const strides = stridesOf(x.shape);
  const shape: Shape = sections.map((s) => s.size);
  const start = sections.reduce((at, s, axis) => at + s.start * strides[axis]!, 0);
  return gatherStrided(x.elements, allocate(x.dtype, sizeOf(shape)), start, shape, sections.map((s, axis) => s.step * strides[axis]!));
}

/** @throws ShapeError for what is no range, such as `[2]`. */
function checkRange(range: Exclude<Range, number | null>, axis: number): typeof range {
  const parts: readonly unknown[] = Array.isArray(range) ? range : [];
  const [from, to, step = 1] = parts;
  const isBound = (x: unknown): boolean => x === null || Number.isInteger(x);
  if ((parts.length === 2 || parts.length === 3) && isBound(from) && isBound(to) && Number.isInteger(step)) return range;
  throw new ShapeError(
    `slice: expected an index, [start, stop] or [start, stop, step] of integers for axis ${axis}, null for an end or for all of it, got ${Array.isArray(range) ? `[${parts.map(String).join(", ")}]` : String(range)}.`,
  );
}

/** Resolves one range against an axis of length n. */
function section(range: Range, n: number, axis: number): Section {
  if (range === null) return { start: 0, step: 1, size: n };
  if (typeof range === "number") {
    const at = range < 0 ? range + n : range;
    if (!Number.isInteger(range) || at < 0 || at >= n) {
      throw new ShapeError(`slice: index ${range} is out of range for axis ${axis} of length ${n}.`);
    }
    return { start: at, step: 1, size: 1 };
  }
  const [from, to, step = 1] = checkRange(range, axis);
  if (step === 0) throw new ShapeError(`slice: the step for axis ${axis} is 0.`);
  const low = step > 0 ? 0 : -1;
  const high = step > 0 ? n : n - 1;
  const clip = (i: number): number => Math.min(Math.max(i < 0 ? i + n : i, low), high);
  const start = from === null ? (step > 0 ? 0 : n - 1) : clip(from);
  const stop = to === null ? (step > 0 ? n : -1) : clip(to);
  const size = Math.max(0, Math.ceil((stop - start) / step));
  return { start: size === 0 ? 0 : start, step, size };
}
