import { asTensor, type Operand } from "../convert.js";
import { checkOptions } from "../options.js";
import { argsort, type SortOptions } from "../primitives/argsort.js";
import { resolveAxis } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { takeAlongAxis } from "./takeAlongAxis.js";

/**
 * x in order along an axis, the last unless said: ascending unless `descending`, equals in their order, NaN last either
 * way. Each element carries its derivative to where it goes.
 *
 * @throws ShapeError for a scalar, or an axis out of range.
 * @example
 * sort(tensor([3, 1, 2])).toArray() // [1, 2, 3]
 * sort(tensor([[3, 1], [2, 4]]), { axis: 0, descending: true }).toArray() // [[3, 4], [2, 1]]
 */
export function sort(operand: Operand, options?: SortOptions): Tensor {
  const { axis = -1, descending = false } = checkOptions("sort", options, ["axis", "descending"]);
  const x = asTensor("sort", operand);
  const along = resolveAxis("sort", axis, x.ndim);
  return takeAlongAxis(x, argsort(x, { axis: along, descending }), along);
}
