import { asValue, type ArrayLike, type Operand } from "../convert.js";
import { greater } from "../primitives/greater.js";
import { less } from "../primitives/less.js";
import { logicalAnd } from "../primitives/logicalAnd.js";
import type { Tensor, Value } from "../tensor.js";

/**
 * Whether x is neither NaN nor infinite, elementwise; bool of tensors, 0 or 1 of a number.
 *
 * @example
 * isFinite(tensor([0, NaN, Infinity])).toArray() // [1, 0, 0]
 */
export function isFinite(x: number): number;
export function isFinite(x: Tensor | ArrayLike): Tensor;
export function isFinite(x: Value): Value;
export function isFinite(x: Operand): Value;
export function isFinite(operand: Operand): Value {
  const x = asValue("isFinite", operand);
  return logicalAnd(greater(x, -Infinity), less(x, Infinity));
}
