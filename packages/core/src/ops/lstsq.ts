import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { matmul } from "../primitives/matmul.js";
import { qr } from "../primitives/qr.js";
import { reshape } from "../primitives/reshape.js";
import { transposeMatrices } from "../primitives/transpose.js";
import { triangularSolve } from "../primitives/triangularSolve.js";
import { showShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { matrixSize } from "./tril.js";

/**
 * The X that minimises ‖A·X − B‖, for each m × n matrix in the last two axes of `a`; where m < n, the shortest of those
 * with A·X = B. A must have full rank. Batch axes broadcast, and a vector `b` is one column, as in `solve`. By QR factors.
 *
 * @throws AutodiffError for a matrix that has not full rank; ShapeError if `b` does not fit.
 * @example
 * lstsq(tensor([[1, 0], [1, 1], [1, 2]]), tensor([1, 3, 5])).toArray() // [1, 2]
 * lstsq(tensor([[3, 4]]), tensor([5])).toArray() // [0.6, 0.8]
 */
export function lstsq(matrix: Operand, rhs: Operand): Tensor {
  const a = asTensor("lstsq", matrix);
  const b = asTensor("lstsq", rhs);
  const [m, n] = matrixSize("lstsq", a);
  if (b.ndim === 0 || b.shape.at(b.ndim === 1 ? 0 : -2) !== m) {
    throw new ShapeError(`lstsq: a matrix of shape ${showShape(a.shape)} does not fit a right-hand side of shape ${showShape(b.shape)}.`);
  }
  if (b.ndim === 1) {
    const x = lstsq(a, reshape(b, [m, 1]));
    return reshape(x, x.shape.slice(0, -1));
  }
  if (m >= n) {
    const [q, r] = qr(a);
    return triangularSolve(r, matmul(q, b, { transposeA: true }), { lower: false });
  }
  const [q, r] = qr(transposeMatrices(a)); // A = Rᵀ·Qᵀ
  return matmul(q, triangularSolve(r, b, { lower: false, transposeA: true }));
}
