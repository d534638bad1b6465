import { asTensor, type Operand } from "../convert.js";
import { eye } from "../create.js";
import { slogdetKernel } from "../host/det.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { broadcastTo } from "./broadcastTo.js";
import { checkSquare } from "./linear.js";
import { mul } from "./mul.js";
import { reshape } from "./reshape.js";
import { solve } from "./solve.js";
import { sum } from "./sum.js";

type SlogdetOp = (a: Operand) => readonly [sign: Tensor, logabsdet: Tensor];

/**
 * The sign of det A (1, −1, or 0 where A is singular) and ln |det A| (−∞ there) for each matrix in the last two axes, as
 * NumPy's; the latter neither overflows nor underflows. The sign has derivative 0. By LU factors with partial pivoting in
 * float64; integers give float64.
 *
 * @throws ShapeError for a matrix that is not square; AutodiffError, of its derivative, for a singular one.
 * @example
 * const [sign, logabs] = slogdet(tensor([[1, 2], [3, 4]]));
 * [sign.item(), logabs.item()] // [-1, Math.log(2)]
 */
export const slogdet: Primitive<SlogdetOp> = definePrimitive<readonly [Tensor], readonly [Tensor, Tensor], null, SlogdetOp>({
  name: "slogdet",
  parse: (x) => {
    const a = asTensor("slogdet", x);
    checkSquare("slogdet", a);
    return [[a], null];
  },
  dtype: ["float", "float"],
  shape: ([{ shape }]) => [shape.slice(0, -2), shape.slice(0, -2)],
  compute: ([sign, log], [a]) => slogdetKernel(sign!, log!, a),
  // d ln |det A| = tr(A⁻¹·dA)
  jvp: ([sign], [a]) => [(da) => [mul(sign, 0), sum(mul(solve(a, da), eye(a.shape.at(-1)!, undefined, a.dtype)), { axis: [-2, -1] })]],
  // Ā = c̄·A⁻ᵀ
  vjp: ([sign], [a]) => [
    ([, ct]) => {
      const one = broadcastTo(eye(a.shape.at(-1)!, undefined, a.dtype), a.shape);
      return ct ? mul(reshape(ct, [...sign.shape, 1, 1]), solve(a, one, { transposeA: true })) : mul(a, 0);
    },
  ],
  batch: ([a]) => slogdet(a),
});
