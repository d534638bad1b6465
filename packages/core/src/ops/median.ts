import type { Operand } from "../convert.js";
import type { ReduceOp, ReduceOptions } from "../primitives/reduction.js";
import type { Value } from "../tensor.js";
import { quantileOf } from "./quantile.js";

/**
 * The middle element in order along `axis`, or of all elements; the mean of the two middle ones of an even number. A NaN
 * makes the result NaN; integers give float64.
 *
 * @throws ShapeError where there is no element, for an axis out of range or named twice.
 * @example
 * median(tensor([3, 1, 2])).item() // 2
 * median(tensor([[3, 1], [2, 4]]), { axis: 0 }).toArray() // [2.5, 2.5]
 */
export const median: ReduceOp = ((operand: Operand, options: ReduceOptions = {}): Value => quantileOf("median", operand, 0.5, options)) as ReduceOp;
