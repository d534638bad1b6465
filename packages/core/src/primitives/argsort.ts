import { asTensor, type Operand } from "../convert.js";
import { argsortKernel } from "../host/argsort.js";
import { checkOptions } from "../options.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { resolveAxis } from "../shape.js";
import type { Tensor } from "../tensor.js";
import type { AxisOption } from "./concat.js";

export interface SortOptions extends AxisOption {
  /** Largest first. */
  readonly descending?: boolean | undefined;
}

interface SortAttrs {
  readonly axis: number;
  readonly descending: boolean;
}

type ArgsortOp = (x: Operand, options?: SortOptions) => Tensor;

/**
 * The int32 positions that put x in order along an axis, the last unless said: ascending unless `descending`, equals in
 * their order, NaN last either way. Piecewise constant: it carries no derivative.
 *
 * @throws ShapeError for a scalar, or an axis out of range.
 * @example
 * argsort(tensor([3, 1, 2])).toArray() // [1, 2, 0]
 * argsort(tensor([3, NaN, 1, 3]), { descending: true }).toArray() // [0, 3, 2, 1]
 */
export const argsort: Primitive<ArgsortOp> = definePrimitive<readonly [Tensor], Tensor, SortAttrs, ArgsortOp>({
  name: "argsort",
  constant: true,
  parse: (operand, options) => {
    const { axis = -1, descending = false } = checkOptions("argsort", options, ["axis", "descending"]);
    const x = asTensor("argsort", operand);
    return [[x], { axis: resolveAxis("argsort", axis, x.ndim), descending }];
  },
  dtype: "int32",
  shape: ([x]) => x.shape,
  compute: (out, [x], { axis, descending }) => argsortKernel(out, x, axis, descending),
  batch: ([x], _batched, { axis, descending }) => argsort(x, { axis: axis + 1, descending }),
});
