import { reshape } from "../primitives/reshape.js";
import { sliceSections } from "../primitives/slice.js";
import type { Tensor } from "../tensor.js";
import { checkOffset, matrixSize } from "./tril.js";

/** The diagonal of each matrix in the last two axes. */
export function diagonalOf(who: string, x: Tensor, offset: number): Tensor {
  const [rows, columns] = matrixSize(who, x);
  checkOffset(who, offset);
  const size = Math.max(0, offset >= 0 ? Math.min(rows, columns - offset) : Math.min(rows + offset, columns));
  const lead = x.shape.slice(0, -2);
  const start = size === 0 ? 0 : offset >= 0 ? offset : -offset * columns;
  const all = lead.map((n) => ({ start: 0, step: 1, size: n }));
  return sliceSections(reshape(x, [...lead, rows * columns]), [...all, { start, step: columns + 1, size }]);
}
