import { asValue, type ArrayLike, type Operand } from "../convert.js";
import { notEqual } from "../primitives/notEqual.js";
import type { Tensor, Value } from "../tensor.js";

/**
 * Whether x is NaN, elementwise; bool of tensors, 0 or 1 of a number.
 *
 * @example
 * isNaN(tensor([0, NaN, Infinity])).toArray() // [0, 1, 0]
 */
export function isNaN(x: number): number;
export function isNaN(x: Tensor | ArrayLike): Tensor;
export function isNaN(x: Value): Value;
export function isNaN(x: Operand): Value;
export function isNaN(operand: Operand): Value {
  const x = asValue("isNaN", operand);
  return notEqual(x, x);
}
