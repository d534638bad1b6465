import { equal, log, logicalAnd, mul, where, type BinaryOp, type Operand, type Value } from "@polyad/core";
import { float } from "../activations/activation.js";

/**
 * x·ln y elementwise, and 0 where both are 0; shapes broadcast. The derivatives ln y and x/y count as 0 there, too.
 *
 * @example
 * xlogy(tensor([0, 2]), tensor([0, 1])).toArray() // [0, 0]
 */
export const xlogy: BinaryOp = ((x: Operand, y: Operand): Value => {
  const [factor, argument] = [float("xlogy", x), float("xlogy", y)];
  return mul(factor, log(where(logicalAnd(equal(factor, 0), equal(argument, 0)), 1, argument)));
}) as BinaryOp;
