import { asTensor, type Operand } from "../convert.js";
import { eighKernel } from "../host/eigh.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { add } from "./add.js";
import { checkSquare } from "./linear.js";
import { matmul } from "./matmul.js";
import { mul } from "./mul.js";
import { diagonalOfProduct, inverseGaps, onDiagonal } from "./spectral.js";
import { transposeMatrices } from "./transpose.js";

type EighOp = (a: Operand) => readonly [values: Tensor, vectors: Tensor];

/**
 * The eigenvalues of (A + Aᵀ)/2, ascending, and its eigenvectors, as orthonormal columns, for each matrix in the last two
 * axes: A·V = V·diag(w). Of each eigenvector the first of its largest elements is positive. In float64 by Jacobi's method;
 * integers give float64.
 *
 * Where eigenvalues coincide the gradient of a symmetric function of them, as their sum, is right; their eigenvectors are
 * not determined, so a derivative through these, or a second one, is NaN.
 *
 * @throws ShapeError for a matrix that is not square.
 * @example
 * const [w, V] = eigh(tensor([[2, 1], [1, 2]]));
 * w.toArray() // [1, 3]
 * mul(V, Math.SQRT2).toArray() // [[1, 1], [-1, 1]]
 */
export const eigh: Primitive<EighOp> = definePrimitive<readonly [Tensor], readonly [Tensor, Tensor], null, EighOp>({
  name: "eigh",
  parse: (x) => {
    const a = asTensor("eigh", x);
    checkSquare("eigh", a);
    return [[a], null];
  },
  dtype: ["float", "float"],
  shape: ([{ shape }]) => [shape.slice(0, -1), shape],
  compute: ([w, v], [a]) => eighKernel(w!, v!, a),
  // dw = diag(Vᵀ·dA·V), dV = V·(F ∘ Vᵀ·dA·V) with Fᵢⱼ = 1/(wⱼ − wᵢ)
  jvp: ([w, v]) => [
    (da) => {
      const moved = matmul(symmetric(da), v);
      return [diagonalOfProduct(v, moved), matmul(v, mul(inverseGaps(w, false), matmul(v, moved, { transposeA: true })))];
    },
  ],
  // Ā = V·(diag(w̄) + F ∘ Vᵀ·V̄)·Vᵀ
  vjp: ([w, v]) => [
    ([dw, dv]) => {
      const ofVectors = dv && mul(inverseGaps(w, false), matmul(v, dv, { transposeA: true }));
      const ofValues = dw && onDiagonal(dw);
      const inner = ofVectors && ofValues ? add(ofVectors, ofValues) : (ofVectors ?? ofValues)!;
      return symmetric(matmul(matmul(v, inner), v, { transposeB: true }));
    },
  ],
  batch: ([a]) => eigh(a),
});

function symmetric(x: Tensor): Tensor {
  return mul(add(x, transposeMatrices(x)), 0.5);
}
