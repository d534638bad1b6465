import { argminMiddle } from "../host/extrema.js";
import type { Primitive } from "../primitive.js";
import { argExtremum, type ArgOp } from "./extremum.js";

/**
 * The int32 position of the smallest element along `axis`, or in row-major order among all elements; the first of equals,
 * or the first NaN. Piecewise constant: it carries no derivative.
 *
 * @throws ShapeError where there is no element to choose from, or for an axis out of range.
 * @example
 * argmin(tensor([[1, 5, 3], [4, 2, 6]]), { axis: 1 }).toArray() // [0, 1]
 * argmin(tensor([[1, 5, 3], [4, 2, 6]])).item() // 0
 */
export const argmin: Primitive<ArgOp> = argExtremum("argmin", argminMiddle);
