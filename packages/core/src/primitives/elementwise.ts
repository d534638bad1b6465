import type { ArrayLike, Operand } from "../convert.js";
import { allocate, isFloat } from "../dtype.js";
import { mapKernel, zip3Kernel, zipKernel, type FastZip, type Kernel } from "../host/elementwise.js";
import type { Scalar1, Scalar2, Scalar3 } from "../host/loops.js";
import type { FastMap } from "../host/mapFloat.js";
import { allocateResult, definePrimitive, type DTypeRule, type Primitive } from "../primitive.js";
import { broadcastShapes, sameShape, type Shape } from "../shape.js";
import { HostTensor, shapeOf, type Tensor, type Value } from "../tensor.js";
import { bind } from "../trace.js";
import { broadcastLike, unbroadcast } from "./conform.js";
import { reshape } from "./reshape.js";

/** Numbers give a number, tensors a tensor. */
export interface UnaryOp {
  (x: number): number;
  (x: Tensor | ArrayLike): Tensor;
  (x: Value): Value;
  (x: Operand): Value;
}

/** Numbers give a number; anything with a tensor or an array gives a tensor. */
export interface BinaryOp {
  (x: number, y: number): number;
  (x: Tensor | ArrayLike, y: Operand): Tensor;
  (x: Operand, y: Tensor | ArrayLike): Tensor;
  (x: Value, y: Value): Value;
  (x: Operand, y: Operand): Value;
}

/** As `BinaryOp`, with three operands. */
export interface TernaryOp {
  (x: number, y: number, z: number): number;
  (x: Tensor | ArrayLike, y: Operand, z: Operand): Tensor;
  (x: Operand, y: Tensor | ArrayLike, z: Operand): Tensor;
  (x: Operand, y: Operand, z: Tensor | ArrayLike): Tensor;
  (x: Value, y: Value, z: Value): Value;
  (x: Operand, y: Operand, z: Operand): Value;
}

export type UnaryPrimitive = Primitive<UnaryOp>;
export type BinaryPrimitive = Primitive<BinaryOp>;
export type TernaryPrimitive = Primitive<TernaryOp>;

/** v ↦ v ⊙ ∂f/∂xᵢ: an elementwise function's derivative is diagonal, so this one map is its own transpose. */
export type Diagonal = (v: Value) => Value;

interface Elementwise<F, In extends readonly Value[], Fast = never> {
  readonly name: string;
  /** The function on numbers: the definition that kernels and plain numbers share. */
  readonly f: F;
  readonly dtype?: DTypeRule;
  /** One diagonal map per operand, from the result and the operands; `null` where an operand has no derivative. */
  partials?(out: Value, inputs: In): { readonly [K in keyof In]: Diagonal | null };
  /** Its derivative is infinite or NaN at some points, or overflows. */
  readonly singular?: boolean;
  /** The operand, if any, that only decides and has no say in the result's dtype. */
  readonly decides?: number;
  /** The function on int32, where in float64 its low bits would be lost before it wraps at 32 bits. */
  readonly whole?: F;
  /** The SIMD kernel for large floats, where there is one. */
  readonly fast?: Fast;
}

/** Defines an elementwise primitive of one operand. */
export function unary(definition: Elementwise<Scalar1, readonly [Value], FastMap>): UnaryPrimitive {
  const { f } = definition;
  return elementwise<readonly [Value], UnaryOp>(definition, 1, ([x]) => f(x!), mapKernel(f, definition.fast, definition.whole));
}

/** Defines an elementwise primitive of two operands that broadcast. */
export function binary(definition: Elementwise<Scalar2, readonly [Value, Value], FastZip>): BinaryPrimitive {
  const { f } = definition;
  return elementwise<readonly [Value, Value], BinaryOp>(definition, 2, ([x, y]) => f(x!, y!), zipKernel(f, definition.fast, definition.whole));
}

/** Defines an elementwise primitive of three operands that broadcast. */
export function ternary(definition: Elementwise<Scalar3, readonly [Value, Value, Value], "where">): TernaryPrimitive {
  const { f } = definition;
  return elementwise<readonly [Value, Value, Value], TernaryOp>(definition, 3, ([x, y, z]) => f(x!, y!, z!), zip3Kernel(f, definition.fast));
}

function elementwise<In extends readonly Value[], Op extends (...args: never[]) => Value>(
  { name, dtype = "promote", partials, singular = false, decides }: Elementwise<unknown, In, unknown>,
  arity: number,
  onNumbers: (xs: readonly number[]) => number,
  kernel: Kernel,
): Primitive<Op> {
  type Maps = { readonly [K in keyof In]: ((v: In[K]) => In[K]) | null };
  const primitive: Primitive<Op> = definePrimitive<In, Value, null, Op>({
    name,
    elementwise: true,
    singular,
    arity,
    constant: partials === undefined,
    dtype,
    ...(decides !== undefined && { decides }),
    shape: (inputs) => commonShape(name, inputs),
    evaluate: (inputs) => {
      const like = decides === undefined ? plain(inputs, dtype) : null;
      if (like === null && allNumbers(inputs)) return onNumbers(inputs);
      const out = like === null ? (allocateResult(primitive, inputs, null) as HostTensor) : emptyLike(like);
      kernel(out, inputs);
      return out;
    },
    ...(partials && {
      jvp: (out, inputs) => {
        const maps = partials(out, inputs);
        if (typeof out === "number") return maps as Maps; // nothing broadcasts
        return maps.map((map) => map && ((dx: Value) => broadcastLike(map(dx), out))) as Maps;
      },
      vjp: (out, inputs) => {
        const maps = partials(out, inputs);
        if (typeof out === "number") return maps as Maps;
        return maps.map((map, i) => map && ((ct: Value) => unbroadcast(map(ct), inputs[i]!))) as Maps;
      },
    }),
    batch: (inputs, batched) => {
      const ndim = Math.max(...inputs.map((x, i) => shapeOf(x).length - (batched[i] ? 1 : 0)));
      return bind(primitive, inputs.map((x, i) => (batched[i] ? padRank(x as Tensor, ndim) : x)), null) as Value;
    },
  });
  return primitive;
}

/**
 * The tensor whose shape and dtype the result has, where that is plain to see: all tensors have the same, of floats,
 * and the rest are numbers. The common case, at a fraction of the general rule's cost.
 */
function plain(inputs: readonly (number | HostTensor)[], rule: DTypeRule): HostTensor | null {
  if (rule === "bool" || rule === "int32") return null;
  let like: HostTensor | null = null;
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i]!;
    if (typeof x === "number") continue;
    if (like === null) like = x;
    else if (x.dtype !== like.dtype || !sameShape(x.shape, like.shape)) return null;
  }
  return like !== null && isFloat(like.dtype) ? like : null;
}

function emptyLike({ shape, dtype, size }: HostTensor): HostTensor {
  return new HostTensor(shape, dtype, allocate(dtype, size));
}

function allNumbers(inputs: readonly Value[]): inputs is readonly number[] {
  for (let i = 0; i < inputs.length; i++) if (typeof inputs[i] !== "number") return false;
  return true;
}

function commonShape(name: string, inputs: readonly Value[]): Shape {
  let shape = shapeOf(inputs[0]!);
  for (let i = 1; i < inputs.length; i++) shape = broadcastShapes(name, shape, shapeOf(inputs[i]!));
  return shape;
}

/** [size, ...s] with ones put in behind the batch axis, so that s aligns with operands of rank `ndim`. */
function padRank(x: Tensor, ndim: number): Tensor {
  const [size, ...rest] = x.shape;
  return rest.length === ndim ? x : reshape(x, [size!, ...new Array<number>(ndim - rest.length).fill(1), ...rest]);
}
