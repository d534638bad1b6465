import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { matmulKernel } from "../host/matmul.js";
import { checkOptions } from "../options.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { broadcastShapes, sameShape, showShape, type Shape } from "../shape.js";
import { type Tensor } from "../tensor.js";
import { unbroadcast } from "./conform.js";
import { reshape } from "./reshape.js";

/** Whether to transpose the last two axes of an operand first; no copy is made. */
export interface MatmulOptions {
  readonly transposeA?: boolean | undefined;
  readonly transposeB?: boolean | undefined;
}

interface MatmulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

type MatmulOp = (a: Operand, b: Operand, options?: MatmulOptions) => Tensor;

/**
 * The matrix product Cᵢⱼ = Σₖ Aᵢₖ Bₖⱼ over the last two axes; leading axes are batches and broadcast. A vector on the
 * left is a row, on the right a column, and its axis is dropped from the result, as in NumPy. bool counts as int32.
 *
 * @throws ShapeError if the inner lengths differ, or an operand is a scalar.
 * @example
 * matmul(tensor([[1, 2], [3, 4]]), tensor([5, 6])).toArray() // [17, 39]
 */
export const matmul: Primitive<MatmulOp> = definePrimitive<readonly [Tensor, Tensor], Tensor, MatmulAttrs, MatmulOp>({
  name: "matmul",
  parse: (x, y, options) => {
    const { transposeA = false, transposeB = false } = checkOptions("matmul", options, ["transposeA", "transposeB"]);
    const a = asTensor("matmul", x);
    const b = asTensor("matmul", y);
    if (a.ndim === 0 || b.ndim === 0) {
      throw new ShapeError(`matmul: expected vectors or matrices, got shapes ${showShape(a.shape)} and ${showShape(b.shape)}. Use mul() to scale.`);
    }
    if (a.ndim > 1 && b.ndim > 1) return [[a, b], { transposeA, transposeB }];
    const [k, l] = [innerLength(a, !transposeA), innerLength(b, transposeB)];
    if (k !== l) throw innerMismatch(k, l, a, b, "");
    const row = a.ndim === 1 ? reshape(a, [1, a.size]) : a;
    const column = b.ndim === 1 ? reshape(b, [b.size, 1]) : b;
    const product = matmul(row, column, { transposeA: transposeA && a.ndim > 1, transposeB: transposeB && b.ndim > 1 });
    const { shape } = product;
    const keep = shape.slice(0, -2);
    if (a.ndim > 1) keep.push(shape[shape.length - 2]!);
    if (b.ndim > 1) keep.push(shape[shape.length - 1]!);
    return reshape(product, keep);
  },
  dtype: "numeric",
  shape: ([a, b], attrs) => {
    const [m, k] = matrixShape(a.shape, attrs.transposeA);
    const [l, n] = matrixShape(b.shape, attrs.transposeB);
    if (k !== l) throw innerMismatch(k, l, a, b, attrs.transposeA || attrs.transposeB ? " (after the transpose flags)" : "");
    const batch = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
    return [...batch, m, n];
  },
  compute: (out, [a, b], { transposeA, transposeB }) => matmulKernel(out, a, transposeA, b, transposeB),
  jvp: (_out, [a, b], attrs) => [(da) => matmul(da, b, attrs), (db) => matmul(a, db, attrs)],
  // C = A·B: Ā = C̄·Bᵀ and B̄ = Aᵀ·C̄, each with its operand's own flag undone.
  vjp: (_out, [a, b], { transposeA, transposeB }) => [
    (ct) => sumBatch(transposeA
      ? matmul(b, ct, { transposeA: transposeB, transposeB: true })
      : matmul(ct, b, { transposeB: !transposeB }), a),
    (ct) => sumBatch(transposeB
      ? matmul(ct, a, { transposeA: true, transposeB: transposeA })
      : matmul(a, ct, { transposeA: !transposeA }), b),
  ],
  batch: ([a, b], [aBatched, bBatched], attrs, size) => {
    const ndim = Math.max(a.ndim - (aBatched ? 1 : 0), b.ndim - (bBatched ? 1 : 0));
    return matmul(aBatched ? behindBatch(a, ndim, size) : a, bBatched ? behindBatch(b, ndim, size) : b, attrs);
  },
});

/** The length along which an operand is summed: its last axis, or the one before. */
function innerLength({ shape }: Tensor, last: boolean): number {
  return shape[shape.length - (last || shape.length === 1 ? 1 : 2)]!;
}

function innerMismatch(k: number, l: number, a: Tensor, b: Tensor, flags: string): ShapeError {
  return new ShapeError(`matmul: inner lengths differ: ${k} and ${l}, of shapes ${showShape(a.shape)} and ${showShape(b.shape)}${flags}.`);
}

function matrixShape(shape: Shape, transposed: boolean): readonly [number, number] {
  const rows = shape[shape.length - 2]!;
  const cols = shape[shape.length - 1]!;
  return transposed ? [cols, rows] : [rows, cols];
}

/** Sums a cotangent over the batch axes along which its operand was repeated. */
function sumBatch(ct: Tensor, x: Tensor): Tensor {
  return sameShape(ct.shape, x.shape) && ct.dtype === x.dtype ? ct : unbroadcast(ct, x);
}

/** [size, …batch, m, n] with ones after the batch axis, so that x's own batch axes align. */
export function behindBatch(x: Tensor, ndim: number, size: number): Tensor {
  const rest = x.shape.slice(1);
  return rest.length === ndim ? x : reshape(x, [size, ...new Array<number>(ndim - rest.length).fill(1), ...rest]);
}
