import { asTensor, type Operand } from "../convert.js";
import { checkOptions } from "../options.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { resolveAxis, sizeOf } from "../shape.js";
import { zeros } from "../create.js";
import { gatherRows, positions } from "../host/indices.js";
import { asIndices } from "./indices.js";
import type { Tensor } from "../tensor.js";
import type { AxisOption } from "./concat.js";
import { scatterAdd } from "./scatterAdd.js";
import { transpose } from "./transpose.js";

type GatherOp = (x: Operand, indices: Operand, options?: AxisOption) => Tensor;

/**
 * Entries of x at int32 `indices` along an axis (the first, unless said), as NumPy's `take`: the axis is replaced by
 * the shape of `indices`. Negative indices count from the end.
 *
 * @throws ShapeError for an index out of range; AutodiffError for indices that are not int32.
 * @example
 * gather(tensor([[1, 2], [3, 4], [5, 6]]), tensor([2, 0], null, "int32")).toArray() // [[5, 6], [1, 2]]
 */
export const gather: Primitive<GatherOp> = definePrimitive<readonly [Tensor, Tensor], Tensor, { axis: number }, GatherOp>({
  name: "gather",
  decides: 1,
  parse: (operand, at, options) => {
    const { axis = 0 } = checkOptions("gather", options, ["axis"]);
    const x = asTensor("gather", operand);
    return [[x, asIndices("gather", at)], { axis: resolveAxis("gather", axis, x.ndim) }];
  },
  shape: ([x, indices], { axis }) => [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)],
  compute: (out, [x, indices], { axis }) => {
    const n = x.shape[axis]!;
    const inner = sizeOf(x.shape.slice(axis + 1));
    const outer = sizeOf(x.shape.slice(0, axis));
    gatherRows(out.elements, x.elements, positions("gather", indices, n), outer, n, inner);
  },
  jvp: (_out, [, indices], attrs) => [(dx) => gather(dx, indices, attrs), null],
  vjp: (_out, [x, indices], attrs) => [(ct) => scatterAdd(zeros(x.shape, x.dtype), indices, ct, attrs), null],
  batch: ([x, indices], [xMoves, moving], { axis }) => {
    if (!moving) return gather(x, indices, { axis: axis + 1 });
    if (xMoves) return null;
    const picked = gather(x, indices, { axis }); // the batch axis is where the indices are
    return transpose(picked, [axis, ...picked.shape.map((_, i) => i).filter((i) => i !== axis)]);
  },
});
