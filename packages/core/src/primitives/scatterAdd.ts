import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { mostOften, positions, scatterAddRows } from "../host/indices.js";
import { zeros } from "../create.js";
import { checkOptions } from "../options.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { resolveAxis, sameShape, showShape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import type { AxisOption } from "./concat.js";
import { gather } from "./gather.js";
import { asIndices } from "./indices.js";

type ScatterAddOp = (x: Operand, indices: Operand, updates: Operand, options?: AxisOption) => Tensor;

/**
 * x with `updates` added at int32 `indices` along an axis (the first, unless said); equal indices accumulate. The
 * transpose of `gather`: updates have the shape that `gather(x, indices, { axis })` has. bool counts as
 * int32.
 *
 * @throws ShapeError for an index out of range or updates of another shape.
 * @example
 * scatterAdd(zeros([3]), tensor([0, 2, 0], null, "int32"), tensor([1, 2, 3])).toArray() // [4, 0, 2]
 */
export const scatterAdd: Primitive<ScatterAddOp> = definePrimitive<readonly [Tensor, Tensor, Tensor], Tensor, { axis: number }, ScatterAddOp>({
  name: "scatterAdd",
  decides: 1,
  parse: (operand, at, updates, options) => {
    const { axis = 0 } = checkOptions("scatterAdd", options, ["axis"]);
    const x = asTensor("scatterAdd", operand);
    return [[x, asIndices("scatterAdd", at), asTensor("scatterAdd", updates)], { axis: resolveAxis("scatterAdd", axis, x.ndim) }];
  },
  dtype: "numeric",
  shape: ([x, indices, updates], { axis }) => {
    const expected = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    if (!sameShape(expected, updates.shape)) {
      throw new ShapeError(`scatterAdd: expected updates of shape ${showShape(expected)}, got ${showShape(updates.shape)}.`);
    }
    return x.shape;
  },
  compute: (out, [x, indices, updates], { axis }) => {
    const n = x.shape[axis]!;
    const inner = sizeOf(x.shape.slice(axis + 1));
    const outer = sizeOf(x.shape.slice(0, axis));
    const places = positions("scatterAdd", indices, n);
    // Where many meet in one place they are added in float64, as sum() does.
    const total = out.dtype === "float32" && mostOften(places, n) > 16 ? new Float64Array(out.size) : out.elements;
    total.set(x.elements);
    scatterAddRows(total, updates.elements, places, outer, n, inner);
    if (total !== out.elements) out.elements.set(total);
  },
  jvp: (out, [x, indices], attrs) => [
    (dx) => cast(dx, out.dtype),
    null,
    (du) => scatterAdd(zeros(x.shape, out.dtype), indices, du, attrs),
  ],
  vjp: (_out, [x, indices, updates], attrs) => [
    (ct) => cast(ct, x.dtype),
    null,
    (ct) => cast(gather(ct, indices, attrs), updates.dtype),
  ],
  batch: ([x, indices, updates], [xMoves, moving, uMoves], { axis }) =>
    moving || !xMoves || !uMoves ? null : scatterAdd(x, indices, updates, { axis: axis + 1 }),
});
