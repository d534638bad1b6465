import { asValue, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import type { BinaryOp } from "../primitives/elementwise.js";
import { matmul } from "../primitives/matmul.js";
import { mul } from "../primitives/mul.js";
import { showShape } from "../shape.js";
import { shapeOf, type Value } from "../tensor.js";

/**
 * Σ aᵢbᵢ of two vectors; the matrix product where an operand is a matrix, the product where one is a scalar, as NumPy's
 * `dot` up to rank 2.
 *
 * @throws ShapeError if the inner lengths differ, or for an operand of higher rank: see `matmul`.
 * @example
 * dot(tensor([1, 2]), tensor([3, 4])).item() // 11
 */
export const dot: BinaryOp = ((x: Operand, y: Operand): Value => {
  const a = asValue("dot", x);
  const b = asValue("dot", y);
  const [m, n] = [shapeOf(a), shapeOf(b)];
  if (m.length === 0 || n.length === 0) return mul(a, b);
  if (m.length > 2 || n.length > 2) {
    throw new ShapeError(`dot: expected vectors or matrices, got shapes ${showShape(m)} and ${showShape(n)}. Use matmul() for batches.`);
  }
  if (m.at(-1) !== n[0]) throw new ShapeError(`dot: inner lengths differ: ${m.at(-1)} and ${n[0]}, of shapes ${showShape(m)} and ${showShape(n)}.`);
  return matmul(a, b);
}) as BinaryOp;
