import type { Tangents } from "./backend.js";
import { zeros } from "./create.js";
import { promote } from "./dtype.js";
import { stack } from "./ops/stack.js";
import { add } from "./primitives/add.js";
import { cast } from "./primitives/cast.js";
import { broadcastLike } from "./primitives/conform.js";
import { mul } from "./primitives/mul.js";
import { reshape } from "./primitives/reshape.js";
import { sum } from "./primitives/sum.js";
import { sizeOf, type Shape } from "./shape.js";
import { kindOf, shapeOf, tensor, type Tensor, type Value } from "./tensor.js";

/** Lists of values as vectors: basis, inner product, and back from scalars. */

/** Number of elements of all values. */
export function dimension(xs: readonly Value[]): number {
  return xs.reduce<number>((n, x) => n + sizeOf(shapeOf(x)), 0);
}

/** Basis vectors `from` up to `to`, counted over the elements of all values: 1 at one element, the other values absent. */
export function basisOf(xs: readonly Value[], from = 0, to: number = dimension(xs)): Tangents[] {
  const basis: Tangents[] = [];
  let first = 0;
  xs.forEach((x, i) => {
    const past = first + sizeOf(shapeOf(x));
    for (let k = Math.max(first, from); k < Math.min(past, to); k++) {
      const one = kindOf(x) === "number" ? 1 : oneHot(k - first, x as Tensor);
      basis.push(xs.map((_, j) => (j === i ? one : undefined)));
    }
    first = past;
  });
  return basis;
}

function oneHot(k: number, like: Tensor): Tensor {
  const elements = like.dtype === "float32" ? new Float32Array(like.size) : new Float64Array(like.size);
  elements[k] = 1;
  return tensor(elements, like.shape);
}

/** Σ ⟨aᵢ, bᵢ⟩ */
export function inner(as: Tangents, bs: Tangents): Value {
  return as.reduce<Value>((total, a, i) => {
    const b = bs[i];
    return a === undefined || b === undefined ? total : add(total, sum(mul(a, b)));
  }, 0);
}

/** Scalars, one per element, as a value like x. */
export function fromScalars(scalars: readonly Value[], x: Value): Value {
  if (kindOf(x) === "number") return broadcastLike(scalars[0]!, x);
  const t = x as Tensor;
  return scalars.length === 0 ? zeros(t.shape, t.dtype) : cast(reshape(stack(scalars), t.shape), t.dtype);
}

/** Scalars for all elements of ys in order, each ys[i] with its own. */
export function split(scalars: readonly Value[], ys: readonly Value[]): Value[] {
  let at = 0;
  return ys.map((y) => fromScalars(scalars.slice(at, (at += sizeOf(shapeOf(y)))), y));
}

/** A block of the Jacobian in its layout; a number for numbers. */
export function block(value: Value, y: Value, x: Value): Value {
  if (kindOf(y) === "number" && kindOf(x) === "number") return kindOf(value) === "number" ? value : cast(reshape(value, []), "number");
  const shape: Shape = [...shapeOf(y), ...shapeOf(x)];
  const kinds = [y, x].map(kindOf).filter((k) => k !== "number");
  const dtype = kinds.reduce(promote);
  return cast(reshape(value, shape), dtype);
}

export function zeroLike(x: Value): Value {
  return kindOf(x) === "number" ? 0 : zeros((x as Tensor).shape, (x as Tensor).dtype);
}

/** Absent entries made explicit zeros. */
export function fill(values: Tangents, like: readonly Value[]): Value[] {
  return like.map((x, i) => values[i] ?? zeroLike(x));
}
