import { middle, sumMiddle } from "../host/reduce.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { parseReduce, reduceShape, shiftAxes, spread, type ReduceAttrs, type ReduceOp } from "./reduction.js";

/**
 * Σ x along `axis`, or of all elements; 0 of none. Added pairwise in float64; bool is counted as int32.
 *
 * @throws ShapeError for an axis out of range or named twice.
 * @example
 * sum(tensor([[1, 2, 3], [4, 5, 6]]), { axis: 0 }).toArray() // [5, 7, 9]
 */
export const sum: Primitive<ReduceOp> = definePrimitive<readonly [Tensor], Tensor, ReduceAttrs, ReduceOp>({
  name: "sum",
  parse: parseReduce("sum"),
  shape: ([x], attrs) => reduceShape(x, attrs),
  compute: (out, [x], { axis }) => sumMiddle(out.elements, middle(x, axis)),
  jvp: (_out, _inputs, attrs) => [(dx) => sum(dx, attrs)],
  vjp: (_out, [x], attrs) => [(ct) => spread(ct, x.shape, attrs)],
  batch: ([x], _batched, attrs) => sum(x, shiftAxes(attrs)),
});
