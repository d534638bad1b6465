import { asTensor, type Operand } from "../convert.js";
import { eye } from "../create.js";
import { choleskyKernel } from "../host/linalg.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { add } from "./add.js";
import { checkSquare, lowerTriangle } from "./linear.js";
import { matmul } from "./matmul.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";
import { transposeMatrices } from "./transpose.js";
import { triangularSolve } from "./triangularSolve.js";

type CholeskyOp = (a: Operand) => Tensor;

/**
 * The lower triangular L with L·Lᵀ = (A + Aᵀ)/2 and a positive diagonal, for each matrix in the last two axes. Of a matrix
 * that is not symmetric the symmetric part is taken, so the gradient is symmetric. In float64; integers give float64.
 *
 * @throws AutodiffError for a matrix that is not positive definite; ShapeError for one that is not square.
 * @example
 * cholesky(tensor([[4, 2], [2, 5]])).toArray() // [[2, 0], [1, 2]]
 */
export const cholesky: Primitive<CholeskyOp> = definePrimitive<readonly [Tensor], Tensor, null, CholeskyOp>({
  name: "cholesky",
  parse: (x) => {
    const a = asTensor("cholesky", x);
    checkSquare("cholesky", a);
    return [[a], null];
  },
  dtype: "float",
  shape: ([a]) => a.shape,
  compute: (out, [a]) => choleskyKernel(out, a),
  // dL = L·Φ(L⁻¹·dA·L⁻ᵀ), where Φ takes the lower triangle and half of the diagonal (Murray 2016, arXiv:1602.07527)
  jvp: (l) => [(da) => matmul(l, halfLower(conjugate(l, symmetric(da), false)))],
  // Ā = L⁻ᵀ·Φ(Lᵀ·L̄)·L⁻¹
  vjp: (l) => [(ct) => symmetric(conjugate(l, halfLower(matmul(l, ct, { transposeA: true })), true))],
  batch: ([a]) => cholesky(a),
});

function symmetric(x: Tensor): Tensor {
  return mul(add(x, transposeMatrices(x)), 0.5);
}

/** Φ */
function halfLower(x: Tensor): Tensor {
  return sub(lowerTriangle(x), mul(x, mul(eye(x.shape.at(-1)!, undefined, x.dtype), 0.5)));
}

/** op(L)⁻¹·X·op(L)⁻ᵀ */
function conjugate(l: Tensor, x: Tensor, transposeA: boolean): Tensor {
  const left = triangularSolve(l, x, { transposeA });
  return transposeMatrices(triangularSolve(l, transposeMatrices(left), { transposeA }));
}
