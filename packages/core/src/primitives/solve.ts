import { asTensor, type Operand } from "../convert.js";
import { solveKernel } from "../host/linalg.js";
import { checkOptions } from "../options.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { bind } from "../trace.js";
import { unbroadcast } from "./conform.js";
import { remembered, solutionShape, withColumns } from "./linear.js";
import { behindBatch, matmul } from "./matmul.js";
import { neg } from "./neg.js";

export interface SolveOptions {
  /** Solve with the transposes of the matrices; no copy is made. */
  readonly transposeA?: boolean | undefined;
}

type SolveOp = (a: Operand, b: Operand, options?: SolveOptions) => Tensor;

/**
 * X with A·X = B, for square matrices A in the last two axes of `a`; batch axes broadcast. A vector `b` is one column,
 * used for every matrix, and its axis is dropped from the result, as in NumPy. By LU factors with partial pivoting in
 * float64; integers give float64.
 *
 * @throws AutodiffError for a matrix that is singular; ShapeError for one that is not square, or does not fit `b`.
 * @example
 * solve(tensor([[2, 1], [1, 3]]), tensor([3, 4])).toArray() // [1, 1]
 */
export const solve: Primitive<SolveOp> = definePrimitive<readonly [Tensor, Tensor], Tensor, { transposeA: boolean }, SolveOp>({
  name: "solve",
  parse: (matrix, rhs, options) => {
    const { transposeA = false } = checkOptions("solve", options, ["transposeA"]);
    const a = asTensor("solve", matrix);
    return withColumns("solve", a, asTensor("solve", rhs), (b) => bind(solve, [a, b], { transposeA }) as Tensor);
  },
  dtype: "float",
  shape: ([a, b]) => solutionShape("solve", a, b),
  compute: (out, [a, b], { transposeA }) => solveKernel(out, a, transposeA, b),
  // A·dX = dB − dA·X
  jvp: (x, [a], attrs) => [(da) => neg(solve(a, matmul(da, x, attrs), attrs)), (db) => solve(a, db, attrs)],
  // B̄ = A⁻ᵀ·X̄, Ā = −B̄·Xᵀ
  vjp: (x, [a, b], { transposeA }) => {
    const adjoint = remembered((ct) => solve(a, ct, { transposeA: !transposeA }));
    return [
      (ct) => {
        const y = adjoint(ct);
        return unbroadcast(neg(transposeA ? matmul(x, y, { transposeB: true }) : matmul(y, x, { transposeB: true })), a);
      },
      (ct) => unbroadcast(adjoint(ct), b),
    ];
  },
  batch: ([a, b], [aMoves, bMoves], attrs, size) => {
    const ndim = Math.max(a.ndim - (aMoves ? 1 : 0), b.ndim - (bMoves ? 1 : 0));
    return solve(aMoves ? behindBatch(a, ndim, size) : a, bMoves ? behindBatch(b, ndim, size) : b, attrs);
  },
});
