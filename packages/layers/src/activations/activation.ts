import { asTensor, cast, Tensor, type ArrayLike, type Operand, type Value } from "@polyad/core";

/** An elementwise function with parameters, which are plain numbers: numbers give a number, tensors a tensor. */
export interface ActivationOp<P extends readonly unknown[] = []> {
  (x: number, ...parameters: P): number;
  (x: Tensor | ArrayLike, ...parameters: P): Tensor;
  (x: Value, ...parameters: P): Value;
  (x: Operand, ...parameters: P): Value;
}

/** An elementwise function of floats, by the name that a layer prints. Integers are taken as float64. */
export function activation<P extends readonly unknown[] = []>(name: string, f: (x: Value, ...parameters: P) => Value): ActivationOp<P> {
  const op = (x: Operand, ...parameters: P): Value => f(float(name, x), ...parameters);
  return Object.defineProperty(op, "name", { value: name }) as ActivationOp<P>;
}

/** An operand as a float: a number or what stands for one stays so, integers become float64. */
export function float(who: string, operand: Operand): Value {
  if (typeof operand === "number") return operand;
  const x = operand instanceof Tensor ? operand : asTensor(who, operand);
  return x.dtype === "float64" || x.dtype === "float32" ? x : cast(x, "float64");
}
