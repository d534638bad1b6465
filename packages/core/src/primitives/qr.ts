import { asTensor, type Operand } from "../convert.js";
import { eye } from "../create.js";
import { ShapeError } from "../errors.js";
import { qrKernel } from "../host/qr.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { showShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { add } from "./add.js";
import { lowerTriangle } from "./linear.js";
import { matmul } from "./matmul.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";
import { transposeMatrices } from "./transpose.js";
import { triangularSolve } from "./triangularSolve.js";

type QrOp = (a: Operand) => readonly [q: Tensor, r: Tensor];

/**
 * A = Q·R for each m × n matrix, m ≥ n, in the last two axes: Q is m × n with orthonormal columns, R upper triangular. The
 * diagonal of R is not negative, which makes the factors unique where A has full rank; elsewhere there is an exact 0 on it.
 * In float64 by Householder's reflections; integers give float64.
 *
 * @throws ShapeError for a matrix with fewer rows than columns; AutodiffError, of its derivative, where A has not full rank.
 * @example
 * const [Q, R] = qr(tensor([[3, 1], [4, 2]]));
 * Q.toArray() // [[0.6, -0.8], [0.8, 0.6]]
 * R.toArray() // [[5, 2.2], [0, 0.4]]
 */
export const qr: Primitive<QrOp> = definePrimitive<readonly [Tensor], readonly [Tensor, Tensor], null, QrOp>({
  name: "qr",
  parse: (x) => {
    const a = asTensor("qr", x);
    if (a.ndim < 2 || a.shape.at(-2)! < a.shape.at(-1)!) {
      throw new ShapeError(`qr: expected a matrix with at least as many rows as columns, or a batch of them, got shape ${showShape(a.shape)}.`);
    }
    return [[a], null];
  },
  dtype: ["float", "float"],
  shape: ([{ shape }]) => [shape, [...shape.slice(0, -2), shape.at(-1)!, shape.at(-1)!]],
  compute: ([q, r], [a]) => qrKernel(q!, r!, a),
  // M = Qᵀ·dA·R⁻¹ and Ω = L − Lᵀ with L below its diagonal: dQ = dA·R⁻¹ − Q·(M − Ω), dR = (M − Ω)·R
  jvp: ([q, r]) => [
    (da) => {
      const x = overR(da, r);
      const m = matmul(q, x, { transposeA: true });
      const below = lowerTriangle(m, -1);
      const upper = sub(m, sub(below, transposeMatrices(below)));
      return [sub(x, matmul(q, upper)), matmul(upper, r)];
    },
  ],
  // Ā = (Q̄ + Q·S)·R⁻ᵀ, where S is symmetric with the lower triangle of R·R̄ᵀ − Q̄ᵀ·Q (Walter and Lehmann 2018, arXiv:1009.6112)
  vjp: ([q, r]) => [
    ([dq, dr]) => {
      const ofR = dr && matmul(r, dr, { transposeB: true });
      const ofQ = dq && matmul(dq, q, { transposeA: true });
      const m = ofR && ofQ ? sub(ofR, ofQ) : (ofR ?? mul(ofQ!, -1));
      const product = matmul(q, copiedUp(m));
      return overRTransposed(dq ? add(dq, product) : product, r);
    },
  ],
  batch: ([a]) => qr(a),
});

/** X·R⁻¹ */
function overR(x: Tensor, r: Tensor): Tensor {
  return transposeMatrices(triangularSolve(r, transposeMatrices(x), { lower: false, transposeA: true }));
}

/** X·R⁻ᵀ */
function overRTransposed(x: Tensor, r: Tensor): Tensor {
  return transposeMatrices(triangularSolve(r, transposeMatrices(x), { lower: false }));
}

/** The symmetric matrix with the same lower triangle. */
function copiedUp(x: Tensor): Tensor {
  const below = lowerTriangle(x, -1);
  return add(add(below, transposeMatrices(below)), mul(x, eye(x.shape.at(-1)!, undefined, x.dtype)));
}
