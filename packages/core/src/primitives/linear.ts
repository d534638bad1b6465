import { ShapeError } from "../errors.js";
import { broadcastShapes, showShape, type Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { lowerMask } from "../host/triangle.js";
import { reshape } from "./reshape.js";
import { where } from "./where.js";

/** Checks that an operand holds square matrices. */
export function checkSquare(who: string, { shape }: Tensor): void {
  if (shape.length < 2 || shape.at(-1) !== shape.at(-2)) {
    throw new ShapeError(`${who}: expected a square matrix, or a batch of them, got shape ${showShape(shape)}.`);
  }
}

/** The shape of op(A)⁻¹·B; batch axes broadcast. */
export function solutionShape(who: string, a: Tensor, b: Tensor): Shape {
  const [n, k] = [b.shape.at(-2)!, b.shape.at(-1)!];
  if (n !== a.shape.at(-1)) {
    throw new ShapeError(`${who}: a matrix of shape ${showShape(a.shape)} does not fit a right-hand side of shape ${showShape(b.shape)}.`);
  }
  return [...broadcastShapes(who, a.shape.slice(0, -2), b.shape.slice(0, -2)), n, k];
}

/** Solves for a right-hand side that may be a vector, as a matrix of one column. */
export function withColumns(who: string, a: Tensor, b: Tensor, solve: (b: Tensor) => Tensor): Tensor {
  checkSquare(who, a);
  if (b.ndim === 0) throw new ShapeError(`${who}: expected a vector or matrices on the right-hand side, got a scalar.`);
  if (b.ndim > 1) return solve(b);
  const x = solve(reshape(b, [b.size, 1]));
  return reshape(x, x.shape.slice(0, -1));
}

/** f, which remembers its last result: the rules of two operands share it. */
export function remembered(f: (ct: Tensor) => Tensor): (ct: Tensor) => Tensor {
  let last: readonly [Tensor, Tensor] | undefined;
  return (ct) => {
    if (last === undefined || last[0] !== ct) last = [ct, f(ct)];
    return last[1];
  };
}

/** What lies on a diagonal of each matrix or below it. */
export function lowerTriangle(x: Tensor, offset = 0): Tensor {
  return where(lowerMask(x.shape.at(-2)!, x.shape.at(-1)!, offset), x, 0);
}

/** What lies on a diagonal of each matrix or above it. */
export function upperTriangle(x: Tensor, offset = 0): Tensor {
  return where(lowerMask(x.shape.at(-2)!, x.shape.at(-1)!, offset - 1), 0, x);
}
