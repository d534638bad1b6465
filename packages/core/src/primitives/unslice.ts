import { stridesOf, type Shape } from "../shape.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import type { TypedArray } from "../dtype.js";
import { sliceSections, type Section } from "./slice.js";

type At = Pick<Section, "start" | "step">;
type UnsliceOp = (x: Tensor, shape: Shape, at: readonly At[]) => Tensor;

/** Zeros of a shape with x written at a slice: the transpose of `slice`. `at` gives start and step along each axis. */
export const unslice: Primitive<UnsliceOp> = definePrimitive<readonly [Tensor], Tensor, { shape: Shape; at: readonly At[] }, UnsliceOp>({
  name: "unslice",
  parse: (x, shape, at) => [[x], { shape, at }],
  shape: (_inputs, { shape }) => shape,
  compute: (out, [x], { at }) => scatterStrided(out.elements, x.elements, x.shape, stridesOf(out.shape), at),
  jvp: (_out, _inputs, { shape, at }) => [(dx) => unslice(dx, shape, at)],
  vjp: (_out, [x], { at }) => [(ct) => sliceSections(ct, at.map(({ start, step }, i) => ({ start, step, size: x.shape[i]! })))],
  batch: ([x], _batched, { shape, at }, size) => unslice(x, [size, ...shape], [{ start: 0, step: 1 }, ...at]),
});

function scatterStrided(out: TypedArray, x: TypedArray, shape: Shape, strides: readonly number[], at: readonly At[]): void {
  const visit = (axis: number, from: number, to: number): number => {
    if (axis === shape.length) {
      out[to] = x[from]!;
      return from + 1;
    }
    const start = to + at[axis]!.start * strides[axis]!;
    const step = at[axis]!.step * strides[axis]!;
    const n = shape[axis]!;
    if (axis === shape.length - 1) {
      if (step === 1 && n > 32) out.set(x.subarray(from, from + n), start);
      else for (let i = 0; i < n; i++) out[start + i * step] = x[from + i]!;
      return from + n;
    }
    let next = from;
    for (let i = 0; i < n; i++) next = visit(axis + 1, next, start + i * step);
    return next;
  };
  if (x.length > 0) visit(0, 0, 0);
}
