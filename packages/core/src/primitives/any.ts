import { asValue } from "../convert.js";
import { middle, truthMiddle } from "../host/reduce.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { kindOf, type Tensor } from "../tensor.js";
import { notEqual } from "./notEqual.js";
import { checkReduce, reduceAttrs, reduceShape, shiftAxes, type ReduceAttrs, type ReduceOp } from "./reduction.js";

/**
 * Whether any element along `axis`, or any at all, is not 0; false of none. NaN is not 0. The result is bool, 0 or 1 of a
 * number, and carries no derivative.
 *
 * @throws ShapeError for an axis out of range or named twice.
 * @example
 * any(tensor([[0, 0], [0, 3]]), { axis: 1 }).toArray() // [0, 1]
 */
export const any: Primitive<ReduceOp> = truth("any", 1);

/**
 * Whether all elements along `axis`, or all at all, are not 0; true of none. NaN is not 0. The result is bool, 0 or 1 of
 * a number, and carries no derivative.
 *
 * @throws ShapeError for an axis out of range or named twice.
 * @example
 * all(tensor([[1, 2], [0, 3]]), { axis: 1 }).toArray() // [1, 0]
 */
export const all: Primitive<ReduceOp> = truth("all", 0);

function truth(name: string, verdict: 0 | 1): Primitive<ReduceOp> {
  const primitive: Primitive<ReduceOp> = definePrimitive<readonly [Tensor], Tensor, ReduceAttrs, ReduceOp>({
    name,
    constant: true,
    parse: (operand, options) => {
      const x = asValue(name, operand);
      if (kindOf(x) !== "number") return [[x as Tensor], reduceAttrs(name, x as Tensor, options)];
      checkReduce(name, options);
      return notEqual(x, 0);
    },
    dtype: "bool",
    shape: ([x], attrs) => reduceShape(x, attrs),
    compute: (out, [x], { axis }) => truthMiddle(out.elements, middle(x, axis), verdict),
    batch: ([x], _batched, attrs) => primitive(x, shiftAxes(attrs)),
  });
  return primitive;
}
