import { eye } from "../create.js";
import type { Tensor } from "../tensor.js";
import { abs } from "./abs.js";
import { add } from "./add.js";
import { lessEqual } from "./lessEqual.js";
import { max } from "./max.js";
import { mul } from "./mul.js";
import { reciprocal } from "./reciprocal.js";
import { reshape } from "./reshape.js";
import { sub } from "./sub.js";
import { sum } from "./sum.js";
import { where } from "./where.js";

/** X·diag(s) */
export function scaleColumns(x: Tensor, s: Tensor): Tensor {
  return mul(x, asRow(s));
}

/** diag(s)·X */
export function scaleRows(s: Tensor, x: Tensor): Tensor {
  return mul(asColumn(s), x);
}

/** diag(s) */
export function onDiagonal(s: Tensor): Tensor {
  return scaleColumns(eye(s.shape.at(-1)!, undefined, s.dtype), s);
}

/** The diagonal of AᵀB, which is all of it that is computed. */
export function diagonalOfProduct(a: Tensor, b: Tensor): Tensor {
  return sum(mul(a, b), { axis: -2 });
}

/**
 * 1/(xⱼ − xᵢ) off the diagonal, 0 on it; times (xⱼ + xᵢ)⁻¹ if `squares`. Where two do not differ by more than rounding, the
 * vectors that belong to them are not determined, nor are their derivatives: NaN.
 */
export function inverseGaps(x: Tensor, squares: boolean): Tensor {
  const n = x.shape.at(-1)!;
  const same = eye(n, undefined, "bool");
  if (n === 0) return mul(asRow(x), asColumn(x));
  const gap = sub(asRow(x), asColumn(x));
  const rounding = mul(8 * n * (x.dtype === "float32" ? 2 ** -24 : 2 ** -53), max(abs(x), { axis: -1, keepDims: true }));
  const close = lessEqual(abs(gap), asColumn(rounding));
  const difference = squares ? mul(gap, add(asRow(x), asColumn(x))) : gap;
  return where(same, 0, where(close, NaN, reciprocal(where(close, 1, difference))));
}

function asRow(s: Tensor): Tensor {
  return reshape(s, [...s.shape.slice(0, -1), 1, s.shape.at(-1)!]);
}

function asColumn(s: Tensor): Tensor {
  return reshape(s, [...s.shape, 1]);
}
