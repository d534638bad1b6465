import { asTensor, cast, reshape, ShapeError, type ArrayLike, type Operand, type Tensor, type Value } from "@polyad/core";

/**
 * The single element of x: as a number where x's device is read synchronously, else as a scalar tensor. The last step of a
 * model of one output.
 *
 * @throws ShapeError unless there is exactly one element.
 * @example
 * only(tensor([[2.5]])) // 2.5
 */
export function only(x: number): number;
export function only(x: Tensor | ArrayLike): Value;
export function only(x: Operand): Value;
export function only(operand: Operand): Value {
  const x = asTensor("only", operand);
  if (x.size !== 1) throw new ShapeError(`only: expected one element, got shape [${x.shape.join(", ")}]. Use mean() or sum() of several.`);
  const scalar = reshape(x, []);
  return x.device.reads === "sync" ? cast(scalar, "number") : scalar;
}
