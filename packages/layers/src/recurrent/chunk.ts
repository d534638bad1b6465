import { concat, definePrimitive, slice, zeros, type Primitive, type Tensor, type TypedArray } from "@polyad/core";

type Chunk = (x: Tensor, axis: number) => readonly Tensor[];

const primitives = new Map<number, Primitive<Chunk>>();

/**
 * x cut along an axis into `count` equal parts, as one primitive with as many results. Its pullback joins their cotangents
 * once; that of as many slices would fill and add as many arrays of the size of x, which for the steps of a sequence is
 * quadratic in its length.
 */
export function chunk(x: Tensor, count: number, axis: number): readonly Tensor[] {
  const known = primitives.get(count) ?? define(count);
  primitives.set(count, known);
  return known(x, axis);
}

/** One primitive for each number of results, which a primitive has to say. */
function define(count: number): Primitive<Chunk> {
  const part = (shape: readonly number[], axis: number): number[] => shape.map((n, i) => (i === axis ? n / count : n));
  const primitive: Primitive<Chunk> = definePrimitive<readonly [Tensor], readonly Tensor[], { readonly axis: number }, Chunk>({
    name: "chunk",
    parse: (x, axis) => [[x], { axis }],
    dtype: new Array<"promote">(count).fill("promote"),
    shape: ([x], { axis }) => new Array<number[]>(count).fill(part(x.shape, axis)),
    compute: (outs, [x], { axis }) => {
      const width = x.shape.slice(axis).reduce((a, b) => a * b, 1);
      outs.forEach(({ elements }, k) => copyBlocks(x.elements, elements, (k * width) / count, width, width / count));
    },
    composite: ([x], { axis }) => {
      const n = x.shape[axis]! / count;
      return Array.from({ length: count }, (_, k) => slice(x, ...x.shape.map((_n, i) => (i === axis ? ([k * n, (k + 1) * n] as const) : null))));
    },
    jvp: (_outs, _inputs, { axis }) => [(dx) => primitive(dx, axis)],
    vjp: (_outs, [x], { axis }) => [(cts) => concat(Array.from({ length: count }, (_, k) => cts[k] ?? zeros(part(x.shape, axis), x.dtype)), { axis })],
    batch: ([x], _batched, { axis }) => primitive(x, axis + 1),
  });
  return primitive;
}

/** Copies blocks of `size` that lie `stride` apart, from `start` on, one after the other. */
function copyBlocks(from: TypedArray, to: TypedArray, start: number, stride: number, size: number): void {
  for (let at = 0, row = start; at < to.length; at += size, row += stride) {
    if (size > 32) to.set(from.subarray(row, row + size), at);
    else for (let i = 0; i < size; i++) to[at + i] = from[row + i]!;
  }
}
