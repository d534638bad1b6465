import { notEqual } from "../primitives/notEqual.js";
import { sqrt } from "../primitives/sqrt.js";
import { whereSafe } from "./whereSafe.js";
import { varianceOf, type VarianceOp, type VarianceOptions } from "./variance.js";
import type { Operand } from "../convert.js";
import type { Value } from "../tensor.js";

/**
 * The standard deviation √variance along `axis`, or of all elements. Where the variance is 0 the derivative is 0.
 *
 * @throws ShapeError for an axis out of range or named twice.
 * @example
 * std(tensor([1, 3])).item() // 1
 */
export const std: VarianceOp = ((x: Operand, options?: VarianceOptions) => rootSafe(varianceOf("std", x, options))) as VarianceOp;

/** √x with derivative 0 at 0; NaN stays. */
export function rootSafe(x: Value): Value {
  return whereSafe(notEqual(x, 0), sqrt, x, 0);
}
