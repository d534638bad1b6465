import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../options.js";
import { lowerTriangle } from "../primitives/linear.js";
import { showShape } from "../shape.js";
import type { Tensor } from "../tensor.js";

export interface DiagonalOptions {
  /** Which diagonal: 0 is the main one, positive ones lie above it, negative ones below. */
  readonly offset?: number | undefined;
}

/**
 * The lower triangle of each matrix in the last two axes, zeros elsewhere: what lies on a diagonal or below it.
 *
 * @throws ShapeError for a scalar or a vector.
 * @example
 * tril(tensor([[1, 2], [3, 4]])).toArray() // [[1, 0], [3, 4]]
 */
export function tril(operand: Operand, options?: DiagonalOptions): Tensor {
  const { offset = 0 } = checkOptions("tril", options, ["offset"]);
  const x = asTensor("tril", operand);
  matrixSize("tril", x);
  return lowerTriangle(x, checkOffset("tril", offset));
}

/** Rows and columns of the matrices in the last two axes. */
export function matrixSize(who: string, { shape }: Tensor): readonly [rows: number, columns: number] {
  if (shape.length < 2) throw new ShapeError(`${who}: expected a matrix, or a batch of them, got shape ${showShape(shape)}.`);
  return [shape.at(-2)!, shape.at(-1)!];
}

export function checkOffset(who: string, offset: number): number {
  if (!Number.isInteger(offset)) throw new ShapeError(`${who}: the offset is a whole number, got ${offset}.`);
  return offset;
}
