import { asTensor, type Operand } from "../convert.js";
import { arange, eye } from "../create.js";
import { cofactorKernel } from "../host/det.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { type Tensor } from "../tensor.js";
import { abs } from "./abs.js";
import { broadcastTo } from "./broadcastTo.js";
import { cast } from "./cast.js";
import { det } from "./det.js";
import { greater } from "./greater.js";
import { checkSquare } from "./linear.js";
import { logicalNot } from "./logicalNot.js";
import { matmul } from "./matmul.js";
import { mul } from "./mul.js";
import { prod } from "./prod.js";
import { reshape } from "./reshape.js";
import { solve } from "./solve.js";
import { onDiagonal } from "./spectral.js";
import { square } from "./square.js";
import { sqrt } from "./sqrt.js";
import { sub } from "./sub.js";
import { sum } from "./sum.js";
import { svd } from "./svd.js";
import { transposeMatrices } from "./transpose.js";
import { where } from "./where.js";

type CofactorOp = (a: Operand) => Tensor;

/**
 * The cofactors Cᵢⱼ = ∂ det A / ∂Aᵢⱼ of each matrix in the last two axes, the transpose of its adjugate: det A · A⁻ᵀ where
 * there is an inverse, and right where there is none. By LU factors in float64, and by singular values where A is nearly
 * singular; integers give float64.
 *
 * Its first derivatives are right everywhere; the second ones of a singular matrix are NaN if its singular values coincide.
 *
 * @throws ShapeError for a matrix that is not square.
 * @example
 * cofactor(tensor([[1, 2], [2, 4]])).toArray() // [[4, -2], [-2, 1]]
 */
export const cofactor: Primitive<CofactorOp> = definePrimitive<readonly [Tensor], Tensor, null, CofactorOp>({
  name: "cofactor",
  parse: (x) => {
    const a = asTensor("cofactor", x);
    checkSquare("cofactor", a);
    return [[a], null];
  },
  dtype: "float",
  shape: ([a]) => a.shape,
  compute: (out, [a]) => cofactorKernel(out, a),
  // The second derivative of det is symmetric: its own transpose.
  jvp: (c, [a]) => [(da) => change(a, c, da)],
  vjp: (c, [a]) => [(ct) => cast(change(a, c, ct), a.dtype)],
  batch: ([a]) => cofactor(a),
});

/** dC, from the inverse of A where there is one, by singular values elsewhere; each of the two is kept from the other's matrices. */
function change(a: Tensor, c: Tensor, da: Tensor): Tensor {
  const n = a.shape.at(-1)!;
  if (n < 2) return mul(da, 0);
  const d = reshape(det(a), [...a.shape.slice(0, -2), 1, 1]);
  const size = (x: Tensor): Tensor => sqrt(sum(square(x), { axis: [-2, -1], keepDims: true }));
  const invertible = greater(abs(d), mul(mul(size(a), size(c)), 1e-6)); // the inverse of its condition
  const one = broadcastTo(eye(n, undefined, a.dtype), a.shape);
  const distinct = broadcastTo(onDiagonal(cast(arange(1, n + 1), a.dtype as "float64" | "float32")), a.shape);
  const regular = where(invertible, a, one);
  return where(invertible, byInverse(regular, where(invertible, c, one), da), bySingularValues(where(invertible, distinct, a), da));
}

/** dC = tr(A⁻¹·dA)·C − C·(A⁻¹·dA)ᵀ */
function byInverse(a: Tensor, c: Tensor, da: Tensor): Tensor {
  const x = solve(a, da);
  const trace = sum(mul(x, eye(a.shape.at(-1)!, undefined, a.dtype)), { axis: [-2, -1], keepDims: true });
  return sub(mul(trace, c), matmul(c, x, { transposeB: true }));
}

/**
 * With A = U·diag(s)·Vᵀ, E = Uᵀ·dA·V and Gᵢⱼ the product of all singular values but sᵢ and sⱼ, 0 on the diagonal:
 * dC = det U det V · U·(diag(G·diag E) − G ∘ Eᵀ)·Vᵀ. Nothing is divided by.
 */
function bySingularValues(a: Tensor, da: Tensor): Tensor {
  const n = a.shape.at(-1)!;
  const [u, s, vt] = svd(a);
  const sign = reshape(det(matmul(u, vt)), [...a.shape.slice(0, -2), 1, 1]);
  const e = matmul(matmul(u, da, { transposeA: true }), vt, { transposeB: true });
  const g = productsOfOthers(s);
  const trace = sum(mul(e, eye(n, undefined, a.dtype)), { axis: -1 });
  const along = reshape(matmul(g, reshape(trace, [...trace.shape, 1])), trace.shape);
  const inner = sub(onDiagonal(along), mul(g, transposeMatrices(e)));
  return mul(sign, matmul(matmul(u, inner), vt));
}

/** Gᵢⱼ: each product over n factors, of which those of i and j are ones. */
function productsOfOthers(s: Tensor): Tensor {
  const n = s.shape.at(-1)!;
  const same = eye(n, undefined, "bool");
  const spread = broadcastTo(reshape(s, [...s.shape.slice(0, -1), 1, 1, n]), [...s.shape.slice(0, -1), n, n, n]);
  const without = where(reshape(same, [n, 1, n]), 1, where(reshape(same, [1, n, n]), 1, spread));
  return where(logicalNot(same), prod(without, { axis: -1 }), 0);
}
