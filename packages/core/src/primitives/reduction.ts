import { asValue, type ArrayLike, type Operand } from "../convert.js";
import { checkOptions } from "../options.js";
import { reducedShape, resolveAxes, type Shape } from "../shape.js";
import { kindOf, type Tensor, type Value } from "../tensor.js";
import { broadcastTo } from "./broadcastTo.js";
import { cast } from "./cast.js";
import { reshape } from "./reshape.js";

/** Along which axes to reduce: one, several, or all if none is named. */
export interface ReduceOptions {
  readonly axis?: number | readonly number[] | undefined;
  /** Keep reduced axes, with length 1. */
  readonly keepDims?: boolean | undefined;
}

/** A number gives a number, a tensor a tensor. */
export interface ReduceOp {
  (x: number, options?: ReduceOptions): number;
  (x: Tensor | ArrayLike, options?: ReduceOptions): Tensor;
  (x: Value, options?: ReduceOptions): Value;
  (x: Operand, options?: ReduceOptions): Value;
}

/** Resolved options: ascending axes. They are options themselves, so rules pass them on. */
export interface ReduceAttrs {
  readonly axis: readonly number[];
  readonly keepDims: boolean;
}

/** Arguments of a reduction; a number is its own sum, product and maximum, and comes back as it is. */
export function parseReduce(who: string): (x: Operand, options?: ReduceOptions) => readonly [readonly [Tensor], ReduceAttrs] | Value {
  return (operand, options) => {
    const x = asValue(who, operand);
    if (kindOf(x) === "number") {
      checkReduce(who, options);
      return x;
    }
    const t = x as Tensor;
    return [[t.dtype === "bool" ? cast(t, "int32") : t], reduceAttrs(who, t, options)];
  };
}

/** The options of a reduction. @throws AutodiffError for one that does not exist. */
export function checkReduce(who: string, options: ReduceOptions | undefined): ReduceOptions {
  return checkOptions(who, options, ["axis", "keepDims"]);
}

export function reduceAttrs(who: string, x: Tensor, options?: ReduceOptions): ReduceAttrs {
  const { axis, keepDims = false } = checkReduce(who, options);
  return { axis: resolveAxes(who, axis, x.ndim), keepDims };
}

export function reduceShape(x: Tensor, { axis, keepDims }: ReduceAttrs): Shape {
  return reducedShape(x.shape, axis, keepDims);
}

/** A reduction's result, or its cotangent, with the reduced axes of length 1, so that it broadcasts against the operand. */
export function thin(reduced: Tensor, shape: Shape, { axis, keepDims }: ReduceAttrs): Tensor {
  return keepDims ? reduced : reshape(reduced, reducedShape(shape, axis, true));
}

/** A reduction's result, or its cotangent, repeated over the axes that were reduced. */
export function spread(reduced: Tensor, shape: Shape, { axis }: ReduceAttrs): Tensor {
  if (axis.length === shape.length) return broadcastTo(reduced.ndim === 0 ? reduced : reshape(reduced, []), shape);
  return broadcastTo(reshape(reduced, shape.map((n, i) => (axis.includes(i) ? 1 : n))), shape);
}

/** The same reduction behind a leading batch axis. */
export function shiftAxes({ axis, keepDims }: ReduceAttrs): ReduceAttrs {
  return { axis: axis.map((a) => a + 1), keepDims };
}
