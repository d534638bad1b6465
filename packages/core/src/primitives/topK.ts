import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { topKKernel } from "../host/sort.js";
import { putAlongAxis, takeAlongAxis } from "../ops/takeAlongAxis.js";
import { checkOptions } from "../options.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { resolveAxis, showShape, type Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import type { AxisOption } from "./concat.js";

type TopKOp = (x: Operand, k: number, options?: AxisOption) => readonly [values: Tensor, indices: Tensor];

/**
 * The k largest elements along an axis (the last, unless said), largest first, and their int32 indices. Of equals the
 * first comes first; NaN counts as largest.
 *
 * @throws ShapeError if k is not between 0 and the axis length.
 * @example
 * topK(tensor([3, 1, 2]), 2)[0].toArray() // [3, 2]
 */
export const topK: Primitive<TopKOp> = definePrimitive<readonly [Tensor], readonly [Tensor, Tensor], { k: number; axis: number }, TopKOp>({
  name: "topK",
  parse: (operand, k, options) => {
    const { axis = -1 } = checkOptions("topK", options, ["axis"]);
    const x = asTensor("topK", operand);
    const at = resolveAxis("topK", axis, x.ndim);
    if (!Number.isInteger(k) || k < 0 || k > x.shape[at]!) {
      throw new ShapeError(`topK: k = ${k} is not between 0 and the length of axis ${at} of shape ${showShape(x.shape)}.`);
    }
    return [[x], { k, axis: at }];
  },
  dtype: ["promote", "int32"],
  shape: ([x], { k, axis }) => {
    const shape: Shape = x.shape.map((n, i) => (i === axis ? k : n));
    return [shape, shape];
  },
  compute: ([values, indices], [x], { axis }) => topKKernel(values!, indices!, x, axis),
  jvp: ([, indices], _inputs, { axis }) => [(dx) => [takeAlongAxis(dx, indices, axis), indices]],
  vjp: ([, indices], [x], { axis }) => [([ct]) => putAlongAxis(x.shape, indices, ct!, axis)],
  batch: ([x], _batched, { k, axis }) => topK(x, k, { axis: axis + 1 }),
});
