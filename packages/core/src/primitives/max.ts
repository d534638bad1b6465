import { maxMiddle } from "../host/extrema.js";
import type { Primitive } from "../primitive.js";
import { extremum } from "./extremum.js";
import type { ReduceOp } from "./reduction.js";

/**
 * The largest element along `axis`, or of all elements. NaN wins. Elements that tie share the derivative equally.
 *
 * @throws ShapeError where there is no element to choose from, or for an axis out of range or named twice.
 * @example
 * max(tensor([[1, 5, 3], [4, 2, 6]]), { axis: 1 }).toArray() // [5, 6]
 */
export const max: Primitive<ReduceOp> = extremum("max", maxMiddle);
