import { isTypedArray } from "./dtype.js";
import { AutodiffError } from "./errors.js";
import { stack } from "./ops/stack.js";
import { cast } from "./primitives/cast.js";
import { vendorLeaf } from "./tree/vendor.js";
import { describe, Tensor, tensor, type NestedArray, type Value } from "./tensor.js";

/** What ops take besides values: arrays of numbers become float64 tensors, typed arrays tensors of their dtype. */
export type ArrayLike = readonly Operand[] | Float64Array | Float32Array | Int32Array | Uint8Array;

/** Anything that an op takes as an operand. */
export type Operand = Value | ArrayLike;

/**
 * An operand as a value. Arrays are stacked, so that traced scalars inside them stay traced.
 * @throws AutodiffError for anything that is not numeric.
 */
export function asValue(who: string, x: unknown): Value {
  if (typeof x === "number" || x instanceof Tensor) return x;
  if (isTypedArray(x)) return tensor(x);
  if (typeof x === "boolean") return Number(x);
  if (Array.isArray(x)) return holdsTensors(x) ? stack(x.map((part) => asValue(who, part))) : tensor(x as NestedArray);
  const way = vendorLeaf(x) === null ? "" : " It is a Tensor in functions to which it is passed as an argument to differentiate; elsewhere convert it first, as fromTf(t) does.";
  throw new AutodiffError(`${who}: expected a number, a Tensor or an array of numbers, got ${describe(x)}.${way}`);
}

/** An operand as a tensor; a number becomes a float64 scalar. */
export function asTensor(who: string, x: unknown): Tensor {
  const value = asValue(who, x);
  if (typeof value === "number") return tensor(value);
  return value.weak ? cast(value, "float64") : value;
}

/** Whether an array has tensors or typed arrays in it, and not just numbers. */
function holdsTensors(x: readonly unknown[]): boolean {
  return x.some((part) => part instanceof Tensor || isTypedArray(part) || (Array.isArray(part) && holdsTensors(part)));
}
