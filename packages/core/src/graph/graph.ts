import type { AnyPrimitive, Aval } from "../primitive.js";
import { Tensor, type Value } from "../tensor.js";

/** A value that a graph computes or is given, by number. */
export interface Variable extends Aval {
  readonly id: number;
}

/** An operand: a variable, or a constant (a number, a tensor, or a value of an enclosing trace) that was captured. */
export type GraphValue = Variable | Value;

/** One application of a primitive. */
export interface Equation {
  readonly primitive: AnyPrimitive;
  readonly attrs: unknown;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly Variable[];
}

/** A captured program between flat lists: equations in an order in which they can be run. */
export interface FlatGraph {
  readonly inputs: readonly Variable[];
  readonly equations: readonly Equation[];
  readonly outputs: readonly GraphValue[];
}

export function isVariable(x: GraphValue): x is Variable {
  return typeof x !== "number" && !(x instanceof Tensor);
}
