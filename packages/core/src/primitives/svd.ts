import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { svdKernel } from "../host/svd.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { showShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { add } from "./add.js";
import { matmul } from "./matmul.js";
import { mul } from "./mul.js";
import { reciprocal } from "./reciprocal.js";
import { diagonalOfProduct, inverseGaps, onDiagonal, scaleColumns, scaleRows } from "./spectral.js";
import { sub } from "./sub.js";
import { transposeMatrices } from "./transpose.js";

type SvdOp = (a: Operand) => readonly [u: Tensor, s: Tensor, vt: Tensor];

/**
 * A = U·diag(s)·Vᵀ for each m × n matrix in the last two axes, k = min(m, n): U is m × k and Vᵀ k × n, with orthonormal
 * columns and rows, and the singular values s are largest first. Of each row of Vᵀ the first of its largest elements is
 * positive. In float64 by one-sided Jacobi rotations; integers give float64.
 *
 * Where singular values coincide, or are 0, their vectors are not determined: a derivative through these, or a second one,
 * is NaN. First derivatives of s alone (see `svdvals`) are right where values coincide, if they treat them alike.
 *
 * @throws ShapeError for a scalar or a vector.
 * @example
 * const [U, s, Vt] = svd(tensor([[0, 3], [2, 0]]));
 * s.toArray() // [3, 2]
 * matmul(mul(U, s), Vt).toArray() // [[0, 3], [2, 0]]
 */
export const svd: Primitive<SvdOp> = definePrimitive<readonly [Tensor], readonly [Tensor, Tensor, Tensor], null, SvdOp>({
  name: "svd",
  parse: (x) => {
    const a = asTensor("svd", x);
    if (a.ndim < 2) throw new ShapeError(`svd: expected a matrix, or a batch of them, got shape ${showShape(a.shape)}.`);
    return [[a], null];
  },
  dtype: ["float", "float", "float"],
  shape: ([{ shape }]) => {
    const [m, n] = [shape.at(-2)!, shape.at(-1)!];
    const lead = shape.slice(0, -2);
    const k = Math.min(m, n);
    return [[...lead, m, k], [...lead, k], [...lead, k, n]];
  },
  compute: ([u, s, vt], [a]) => svdKernel(u!, s!, vt!, a),
  // P = Uᵀ·dA·V and Fᵢⱼ = 1/(sⱼ² − sᵢ²), S = diag(s): ds = diag P, dU = U·F∘(P·S + S·Pᵀ) + (I − U·Uᵀ)·dA·V·S⁻¹,
  // dV = V·F∘(S·P + Pᵀ·S) + (I − V·Vᵀ)·dAᵀ·U·S⁻¹
  jvp: ([u, s, vt], [a]) => [
    (da) => {
      const f = inverseGaps(s, true);
      const right = matmul(da, vt, { transposeB: true });
      const p = matmul(u, right, { transposeA: true });
      const pt = transposeMatrices(p);
      const du = matmul(u, mul(f, add(scaleColumns(p, s), scaleRows(s, pt))));
      const dvt = matmul(mul(f, add(scaleRows(s, p), scaleColumns(pt, s))), vt, { transposeA: true });
      return [
        isSquareOrWide(a) ? du : add(du, scaleColumns(outside(u, right), reciprocal(s))),
        diagonalOfProduct(u, right),
        isSquareOrTall(a) ? dvt : add(dvt, scaleRows(reciprocal(s), outsideRows(vt, matmul(u, da, { transposeA: true })))),
      ];
    },
  ],
  // The transposes of the above, one for each of the cotangents that is there.
  vjp: ([u, s, vt], [a]) => [
    ([du, ds, dvt]) => {
      const f = du || dvt ? inverseGaps(s, true) : undefined;
      const inner: Tensor[] = [];
      const whole: Tensor[] = [];
      if (ds) inner.push(onDiagonal(ds));
      if (du) {
        inner.push(scaleColumns(skew(f!, matmul(u, du, { transposeA: true })), s));
        if (!isSquareOrWide(a)) whole.push(matmul(scaleColumns(outside(u, du), reciprocal(s)), vt));
      }
      if (dvt) {
        inner.push(scaleRows(s, skew(f!, matmul(vt, dvt, { transposeB: true }))));
        if (!isSquareOrTall(a)) whole.push(matmul(u, scaleRows(reciprocal(s), outsideRows(vt, dvt))));
      }
      return [matmul(matmul(u, inner.reduce((x, y) => add(x, y))), vt), ...whole].reduce((x, y) => add(x, y));
    },
  ],
  batch: ([a]) => svd(a),
});

/** F ∘ (X − Xᵀ) */
function skew(f: Tensor, x: Tensor): Tensor {
  return mul(f, sub(x, transposeMatrices(x)));
}

/** (I − U·Uᵀ)·X */
function outside(u: Tensor, x: Tensor): Tensor {
  return sub(x, matmul(u, matmul(u, x, { transposeA: true })));
}

/** X·(I − V·Vᵀ) */
function outsideRows(vt: Tensor, x: Tensor): Tensor {
  return sub(x, matmul(matmul(x, vt, { transposeB: true }), vt));
}

function isSquareOrWide({ shape }: Tensor): boolean {
  return shape.at(-2)! <= shape.at(-1)!;
}

function isSquareOrTall({ shape }: Tensor): boolean {
  return shape.at(-2)! >= shape.at(-1)!;
}
