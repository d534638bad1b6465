import { allocate, checkDType, isFloat, type Kind, type TypedArray } from "../dtype.js";
import { AutodiffError, ShapeError } from "../errors.js";
import { perType } from "../host/loops.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { scalarShape, showShape } from "../shape.js";
import { HostTensor, kindOf, shapeOf, type Tensor, type Value } from "../tensor.js";
import { asValue, type Operand } from "../convert.js";

interface CastOp {
  (x: Operand, to: "float64" | "float32" | "int32" | "bool"): Tensor;
  (x: Operand, to: Kind): Value;
}

/**
 * x converted to another dtype. Floats become int32 by truncation towards zero and bool by x ≠ 0; those two carry no
 * derivative. "number" turns a scalar tensor into a plain (weak) number, and is what the cotangent of a number needs.
 *
 * @example
 * cast(tensor([1.7, -1.7]), "int32").toArray() // [1, -1]
 */
export const cast: Primitive<CastOp> = definePrimitive<readonly [Value], Value, { to: Kind }, CastOp>({
  name: "cast",
  parse: (x, to) => [[asValue("cast", x)], { to: to === "number" ? to : checkDType("cast", to) }],
  weak: ({ to }) => to === "number",
  dtype: ({ to }) => (to === "number" ? "float64" : to),
  shape: ([x], { to }) => {
    if (to === "number") requireScalar(x);
    return shapeOf(x);
  },
  evaluate: ([x], { to }) => {
    if (to === "number") {
      requireScalar(x);
      return typeof x === "number" ? x : x.item();
    }
    if (typeof x !== "number" && x.dtype === to) return x;
    const from = typeof x === "number" ? Float64Array.of(x) : x.elements;
    const out = allocate(to, from.length);
    if (to === "bool") truths(from, out);
    else {
      if (to === "int32" && (from instanceof Float64Array || from instanceof Float32Array)) checkRange(from);
      out.set(from);
    }
    return new HostTensor(typeof x === "number" ? scalarShape : x.shape, to, out);
  },
  jvp: (_out, _inputs, { to }) => [carries(to) ? (dx) => cast(dx, to) : null],
  vjp: (_out, [x], { to }) => [carries(to) ? (ct) => cast(ct, kindOf(x)) : null],
  batch: ([x], _batched, { to }) => cast(x, to === "number" ? "float64" : to),
});

function carries(to: Kind): boolean {
  return to === "number" || isFloat(to);
}

const truths = perType((from: TypedArray, out: TypedArray) => {
  for (let i = 0; i < from.length; i++) out[i] = from[i] !== 0 ? 1 : 0;
});

function checkRange(xs: Float64Array | Float32Array): void {
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i]!;
    if (!(x > -2147483649 && x < 2147483648)) throw new AutodiffError(`cast: ${x} does not fit int32.`);
  }
}

/** A number has no axes, and its cotangent none. */
function requireScalar(x: Value): void {
  if (shapeOf(x).length === 0) return;
  throw new ShapeError(`cast: a plain number has no axes, got shape ${showShape(shapeOf(x))}. Use reshape(x, []) first.`);
}
