import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { mul } from "../primitives/mul.js";
import { reshape } from "../primitives/reshape.js";
import { showShape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/**
 * The matrix aᵢbⱼ of two vectors.
 *
 * @throws ShapeError for anything but vectors.
 * @example
 * outer(tensor([1, 2]), tensor([3, 4, 5])).toArray() // [[3, 4, 5], [6, 8, 10]]
 */
export function outer(x: Operand, y: Operand): Tensor {
  const a = asTensor("outer", x);
  const b = asTensor("outer", y);
  if (a.ndim !== 1 || b.ndim !== 1) {
    throw new ShapeError(`outer: expected two vectors, got shapes ${showShape(a.shape)} and ${showShape(b.shape)}. Use reshape(x, [-1]) to flatten.`);
  }
  return mul(reshape(a, [a.size, 1]), b);
}
