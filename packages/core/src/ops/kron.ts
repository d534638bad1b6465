import { asTensor, type Operand } from "../convert.js";
import { mul } from "../primitives/mul.js";
import { reshape } from "../primitives/reshape.js";
import type { Tensor } from "../tensor.js";

/**
 * The Kronecker product: each element of a times the whole of b, so that axis lengths multiply, as NumPy's `kron`; the
 * shorter of the two shapes is filled up with ones at the front.
 *
 * @example
 * kron(tensor([1, 10]), tensor([1, 2, 3])).toArray() // [1, 2, 3, 10, 20, 30]
 * kron(eye(2), tensor([[1, 2]])).toArray() // [[1, 2, 0, 0], [0, 0, 1, 2]]
 */
export function kron(x: Operand, y: Operand): Tensor {
  const a = asTensor("kron", x);
  const b = asTensor("kron", y);
  const ndim = Math.max(a.ndim, b.ndim);
  const lengths = ({ shape }: Tensor): number[] => [...new Array<number>(ndim - shape.length).fill(1), ...shape];
  const [m, n] = [lengths(a), lengths(b)];
  const products = mul(reshape(a, m.flatMap((k) => [k, 1])), reshape(b, n.flatMap((k) => [1, k])));
  return reshape(products, m.map((k, i) => k * n[i]!));
}
