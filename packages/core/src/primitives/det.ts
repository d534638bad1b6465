import { asTensor, type Operand } from "../convert.js";
import { detKernel } from "../host/det.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { cofactor } from "./cofactor.js";
import { checkSquare } from "./linear.js";
import { mul } from "./mul.js";
import { reshape } from "./reshape.js";
import { sum } from "./sum.js";

type DetOp = (a: Operand) => Tensor;

/**
 * The determinant of each matrix in the last two axes; 1 of an empty one. The derivatives, by cofactors, are right for
 * singular matrices too. By LU factors with partial pivoting in float64; integers give float64. Where it overflows, see
 * `slogdet`.
 *
 * @throws ShapeError for a matrix that is not square.
 * @example
 * det(tensor([[1, 2], [3, 4]])).item() // -2
 */
export const det: Primitive<DetOp> = definePrimitive<readonly [Tensor], Tensor, null, DetOp>({
  name: "det",
  parse: (x) => {
    const a = asTensor("det", x);
    checkSquare("det", a);
    return [[a], null];
  },
  dtype: "float",
  shape: ([{ shape }]) => shape.slice(0, -2),
  compute: (out, [a]) => detKernel(out, a),
  // d det A = Σ Cᵢⱼ dAᵢⱼ
  jvp: (_out, [a]) => [(da) => sum(mul(cofactor(a), da), { axis: [-2, -1] })],
  vjp: (out, [a]) => [(ct) => mul(reshape(ct, [...out.shape, 1, 1]), cofactor(a))],
  batch: ([a]) => det(a),
});
