import { asTensor, type Operand } from "../convert.js";
import { AutodiffError, ShapeError } from "../errors.js";
import { copyRows } from "../host/permute.js";
import { checkOptions } from "../options.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { resolveAxis, showShape, sizeOf } from "../shape.js";
import { describe, type Tensor } from "../tensor.js";
import { broadcastTo } from "./broadcastTo.js";
import { cast } from "./cast.js";
import { slice } from "./slice.js";
import { unslice } from "./unslice.js";

export interface AxisOption {
  readonly axis?: number | undefined;
}

type ConcatOp = (xs: readonly Operand[], options?: AxisOption) => Tensor;

/**
 * Tensors one after the other along an existing axis (the first, unless said); their other lengths agree.
 *
 * @throws ShapeError for shapes that do not fit, or scalars: see `stack`.
 * @example
 * concat([tensor([1, 2]), tensor([3])]).toArray() // [1, 2, 3]
 */
export const concat: Primitive<ConcatOp> = definePrimitive<readonly Tensor[], Tensor, { axis: number }, ConcatOp>({
  name: "concat",
  parse: (operands, options) => {
    if (!Array.isArray(operands)) throw new AutodiffError(`concat: expected an array of tensors, concat([a, b]), got ${describe(operands)}.`);
    const { axis = 0 } = checkOptions("concat", options, ["axis"]);
    const xs = operands.map((x) => asTensor("concat", x));
    if (xs.length === 0) throw new AutodiffError("concat: expected at least one tensor, got none.");
    if (xs[0]!.ndim === 0) throw new ShapeError("concat: scalars have no axis to join along. Use stack().");
    return [xs, { axis: resolveAxis("concat", axis, xs[0]!.ndim) }];
  },
  shape: (xs, { axis }) => {
    const first = xs[0]!.shape;
    for (const { shape } of xs) {
      if (shape.length !== first.length || shape.some((n, i) => i !== axis && n !== first[i])) {
        throw new ShapeError(`concat: shapes ${showShape(first)} and ${showShape(shape)} differ outside of axis ${axis}.`);
      }
    }
    return first.map((n, i) => (i === axis ? xs.reduce((total, x) => total + x.shape[axis]!, 0) : n));
  },
  compute: (out, xs, { axis }) => {
    const rows = sizeOf(out.shape.slice(0, axis));
    const width = sizeOf(out.shape.slice(axis));
    let at = 0;
    for (const x of xs) {
      const w = rows === 0 ? 0 : x.size / rows;
      copyRows(x.elements, out.elements, at, width, rows, w);
      at += w;
    }
  },
  jvp: (out, xs, { axis }) => {
    const starts = offsets(xs, axis);
    return xs.map((_, i) => (dx) => cast(place(dx, out.shape[axis]!, starts[i]!, axis), out.dtype));
  },
  vjp: (_out, xs, { axis }) => {
    const starts = offsets(xs, axis);
    return xs.map((x, i) => (ct) => {
      const start = starts[i]!;
      return cast(slice(ct, ...x.shape.map((n, a) => (a === axis ? ([start, start + n] as const) : null))), x.dtype);
    });
  },
  batch: (xs, batched, { axis }, size) =>
    concat(xs.map((x, i) => (batched[i] ? x : broadcastTo(x, [size, ...x.shape]))), { axis: axis + 1 }),
});

/** Where each operand begins along the axis. */
function offsets(xs: readonly Tensor[], axis: number): number[] {
  let end = 0;
  return xs.map((x) => (end += x.shape[axis]!) - x.shape[axis]!);
}

/** An operand's tangent among zeros for the others, `length` along the axis in all. */
function place(dx: Tensor, length: number, start: number, axis: number): Tensor {
  const shape = dx.shape.map((n, a) => (a === axis ? length : n));
  return unslice(dx, shape, shape.map((_, a) => ({ start: a === axis ? start : 0, step: 1 })));
}
