import { asTensor, type Operand } from "../convert.js";
import { triangularSolveKernel, type Triangle } from "../host/linalg.js";
import { checkOptions } from "../options.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { bind } from "../trace.js";
import { unbroadcast } from "./conform.js";
import { lowerTriangle, remembered, solutionShape, upperTriangle, withColumns } from "./linear.js";
import { behindBatch, matmul } from "./matmul.js";
import { neg } from "./neg.js";

export type TriangularSolveOptions = { readonly [K in keyof Triangle]?: Triangle[K] | undefined };

type TriangularSolveOp = (a: Operand, b: Operand, options?: TriangularSolveOptions) => Tensor;

/**
 * X with T·X = B, where T is the lower triangle of `a` (the upper one if `lower` is false), transposed first with
 * `transposeA`, with ones on its diagonal if `unitDiagonal`. The rest of `a` is not read and has derivative 0. Batch axes
 * broadcast, and a vector `b` is one column, as in `solve`.
 *
 * @throws AutodiffError for a zero on the diagonal; ShapeError for a matrix that is not square, or does not fit `b`.
 * @example
 * triangularSolve(tensor([[2, 0], [1, 4]]), tensor([4, 6])).toArray() // [2, 1]
 */
export const triangularSolve: Primitive<TriangularSolveOp> = definePrimitive<readonly [Tensor, Tensor], Tensor, Triangle, TriangularSolveOp>({
  name: "triangularSolve",
  parse: (matrix, rhs, options) => {
    const { lower = true, transposeA = false, unitDiagonal = false } = checkOptions("triangularSolve", options, ["lower", "transposeA", "unitDiagonal"]);
    const a = asTensor("triangularSolve", matrix);
    const attrs: Triangle = { lower, transposeA, unitDiagonal };
    return withColumns("triangularSolve", a, asTensor("triangularSolve", rhs), (b) => bind(triangularSolve, [a, b], attrs) as Tensor);
  },
  dtype: "float",
  shape: ([a, b]) => solutionShape("triangularSolve", a, b),
  compute: (out, [a, b], attrs) => triangularSolveKernel(out, a, b, attrs),
  // T·dX = dB − dT·X
  jvp: (x, [a], attrs) => [
    (da) => neg(triangularSolve(a, matmul(triangle(da, attrs), x, { transposeA: attrs.transposeA }), attrs)),
    (db) => triangularSolve(a, db, attrs),
  ],
  // B̄ = T⁻ᵀ·X̄, T̄ = −B̄·Xᵀ on the triangle
  vjp: (x, [a, b], attrs) => {
    const adjoint = remembered((ct) => triangularSolve(a, ct, { ...attrs, transposeA: !attrs.transposeA }));
    return [
      (ct) => {
        const y = adjoint(ct);
        const product = attrs.transposeA ? matmul(x, y, { transposeB: true }) : matmul(y, x, { transposeB: true });
        return unbroadcast(neg(triangle(product, attrs)), a);
      },
      (ct) => unbroadcast(adjoint(ct), b),
    ];
  },
  batch: ([a, b], [aMoves, bMoves], attrs, size) => {
    const ndim = Math.max(a.ndim - (aMoves ? 1 : 0), b.ndim - (bMoves ? 1 : 0));
    return triangularSolve(aMoves ? behindBatch(a, ndim, size) : a, bMoves ? behindBatch(b, ndim, size) : b, attrs);
  },
});

/** The part of a matrix that is read. */
function triangle(x: Tensor, { lower, unitDiagonal }: Triangle): Tensor {
  const inside = unitDiagonal ? 1 : 0;
  return lower ? lowerTriangle(x, -inside) : upperTriangle(x, inside);
}
