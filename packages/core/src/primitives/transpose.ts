import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { permute } from "../host/permute.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { resolveAxis } from "../shape.js";
import { HostTensor, type Tensor } from "../tensor.js";

type TransposeOp = (x: Operand, perm?: readonly number[]) => Tensor;

/**
 * Axes in another order: axis i of the result is axis perm[i] of x; reversed if no order is given.
 *
 * @throws ShapeError unless `perm` names every axis once.
 * @example
 * transpose(zeros([2, 3, 4])).shape // [4, 3, 2]
 * transpose(zeros([2, 3, 4]), [0, 2, 1]).shape // [2, 4, 3]
 */
export const transpose: Primitive<TransposeOp> = definePrimitive<readonly [Tensor], Tensor, { perm: readonly number[] }, TransposeOp>({
  name: "transpose",
  parse: (x, order) => {
    const t = asTensor("transpose", x);
    if (order !== undefined && !Array.isArray(order)) throw new ShapeError(`transpose: the order of the axes is an array, transpose(x, [1, 0]), got ${String(order)}.`);
    const perm = order === undefined ? t.shape.map((_, i) => t.ndim - 1 - i) : order.map((a) => resolveAxis("transpose", a, t.ndim));
    if (new Set(perm).size !== t.ndim || perm.length !== t.ndim) {
      throw new ShapeError(`transpose: [${String(order)}] must name each of the ${t.ndim} axes once.`);
    }
    return perm.every((a, i) => a === i) ? t : [[t], { perm }];
  },
  shape: ([x], { perm }) => perm.map((a) => x.shape[a]!),
  evaluate: ([x], { perm }) => new HostTensor(perm.map((a) => x.shape[a]!), x.dtype, permute(x, perm)),
  jvp: (_out, _inputs, { perm }) => [(dx) => transpose(dx, perm)],
  vjp: (_out, _inputs, { perm }) => [(ct) => transpose(ct, perm.map((_, i) => perm.indexOf(i)))],
  batch: ([x], _batched, { perm }) => transpose(x, [0, ...perm.map((a) => a + 1)]),
});

/** Xᵀ of each matrix in the last two axes. */
export function transposeMatrices(x: Tensor): Tensor {
  const n = x.ndim;
  return transpose(x, x.shape.map((_, i) => (i < n - 2 ? i : 2 * n - 3 - i)));
}
