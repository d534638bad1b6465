import { asValue, type ArrayLike, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { middle, type Middle } from "../host/reduce.js";
import { checkOptions } from "../options.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { resolveAxis, showShape, sizeOf, type Shape } from "../shape.js";
import { kindOf, type Tensor, type Value } from "../tensor.js";
import type { TypedArray } from "../dtype.js";
import { cast } from "./cast.js";
import { div } from "./div.js";
import { equal } from "./equal.js";
import { checkReduce, reduceAttrs, reduceShape, shiftAxes, thin, type ReduceAttrs, type ReduceOp } from "./reduction.js";
import { reshape } from "./reshape.js";
import { sum } from "./sum.js";
import { where } from "./where.js";

/** Defines the reduction to the largest or the smallest element. */
export function extremum(name: string, kernel: (out: TypedArray, m: Middle) => void): Primitive<ReduceOp> {
  const primitive: Primitive<ReduceOp> = definePrimitive<readonly [Tensor], Tensor, ReduceAttrs, ReduceOp>({
    name,
    parse: (operand, options) => {
      const x = asValue(name, operand);
      if (kindOf(x) !== "number") return [[x as Tensor], reduceAttrs(name, x as Tensor, options)];
      checkReduce(name, options);
      return x;
    },
    shape: ([x], attrs) => {
      const shape = reduceShape(x, attrs);
      if (x.size === 0 && sizeOf(shape) > 0) throw ofNothing(name, x.shape, attrs.axis);
      return shape;
    },
    compute: (out, [x], { axis }) => kernel(out.elements, middle(x, axis)),
    // Each of the k elements that equal the result has derivative 1/k; where the result is NaN, so is the derivative.
    jvp: (out, [x], attrs) => [
      (dx) => {
        const chosen = equal(x, thin(out, x.shape, attrs));
        return div(sum(where(chosen, dx, 0), attrs), count(chosen, x, attrs));
      },
    ],
    vjp: (out, [x], attrs) => [
      (ct) => {
        const chosen = equal(x, thin(out, x.shape, attrs));
        const k = count(chosen, x, { ...attrs, keepDims: true });
        return div(where(chosen, thin(ct, x.shape, attrs), 0), k);
      },
    ],
    batch: ([x], _batched, attrs) => primitive(x, shiftAxes(attrs)),
  });
  return primitive;
}

function count(chosen: Tensor, x: Tensor, attrs: ReduceAttrs): Tensor {
  return sum(cast(chosen, x.dtype as "float64" | "float32"), attrs);
}

/** Along which axis to look; over all elements in row-major order if none is named. */
export interface ArgOptions {
  readonly axis?: number | undefined;
  /** Keep the reduced axis (all axes, if none is named), with length 1. */
  readonly keepDims?: boolean | undefined;
}

/** A number gives 0, the position of its only element; a tensor an int32 tensor. */
export interface ArgOp {
  (x: number, options?: ArgOptions): number;
  (x: Tensor | ArrayLike, options?: ArgOptions): Tensor;
  (x: Value, options?: ArgOptions): Value;
  (x: Operand, options?: ArgOptions): Value;
}

/** Defines the position of the largest or the smallest element. */
export function argExtremum(name: string, kernel: (out: TypedArray, m: Middle) => void): Primitive<ArgOp> {
  const primitive: Primitive<ArgOp> = definePrimitive<readonly [Tensor], Tensor, { axis: number; keepDims: boolean }, ArgOp>({
    name,
    constant: true,
    parse: (operand, options) => {
      const { axis, keepDims = false } = checkOptions(name, options, ["axis", "keepDims"]);
      const x = asValue(name, operand);
      if (kindOf(x) === "number") return 0;
      const t = x as Tensor;
      if (axis !== undefined) return [[t], { axis: resolveAxis(name, axis, t.ndim), keepDims }];
      if (t.ndim === 1) return [[t], { axis: 0, keepDims }];
      const flat = primitive(reshape(t, [t.size]), { axis: 0 });
      return keepDims ? reshape(flat, t.shape.map(() => 1)) : flat;
    },
    dtype: "int32",
    shape: ([x], { axis, keepDims }) => {
      const shape = reduceShape(x, { axis: [axis], keepDims });
      if (x.size === 0 && sizeOf(shape) > 0) throw ofNothing(name, x.shape, [axis]);
      return shape;
    },
    compute: (out, [x], { axis }) => kernel(out.elements, middle(x, [axis])),
    batch: ([x], _batched, { axis, keepDims }) => primitive(x, { axis: axis + 1, keepDims }),
  });
  return primitive;
}

function ofNothing(name: string, shape: Shape, axis: readonly number[]): ShapeError {
  const along = axis.length === shape.length ? "" : ` along axis ${axis.join(", ")}`;
  return new ShapeError(`${name}: a tensor of shape ${showShape(shape)} has no elements${along} to choose from.`);
}
