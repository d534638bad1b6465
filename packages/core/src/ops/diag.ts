import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../options.js";
import { reshape } from "../primitives/reshape.js";
import { unslice } from "../primitives/unslice.js";
import { showShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { diagonalOf } from "./diagonal.js";
import { checkOffset, type DiagonalOptions } from "./tril.js";

/**
 * Of a vector, the square matrix with it on a diagonal; of a matrix, its diagonal, as NumPy's `diag`.
 *
 * @throws ShapeError for anything but a vector or a matrix.
 * @example
 * diag(tensor([1, 2])).toArray() // [[1, 0], [0, 2]]
 * diag(tensor([[1, 2], [3, 4]]), { offset: 1 }).toArray() // [2]
 */
export function diag(operand: Operand, options?: DiagonalOptions): Tensor {
  const { offset = 0 } = checkOptions("diag", options, ["offset"]);
  const x = asTensor("diag", operand);
  if (x.ndim === 2) return diagonalOf("diag", x, offset);
  if (x.ndim !== 1) throw new ShapeError(`diag: expected a vector or a matrix, got shape ${showShape(x.shape)}.`);
  const n = x.size + Math.abs(checkOffset("diag", offset));
  const start = offset >= 0 ? offset : -offset * n;
  return reshape(unslice(x, [n * n], [{ start, step: n + 1 }]), [n, n]);
}
