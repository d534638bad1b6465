import { asValue, type ArrayLike, type Operand } from "../convert.js";
import { cumsumMiddle, middle } from "../host/reduce.js";
import { checkOptions } from "../options.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import { resolveAxis } from "../shape.js";
import { kindOf, type Tensor, type Value } from "../tensor.js";
import { cast } from "./cast.js";
import { reshape } from "./reshape.js";

export interface CumulateOptions {
  /** Along which axis; the elements in row-major order, as a vector, if none is named. */
  readonly axis?: number | undefined;
  /** Cumulate from the last element to the first. */
  readonly reverse?: boolean | undefined;
}

/** A number gives itself, a tensor a tensor. */
export interface CumulateOp {
  (x: number, options?: CumulateOptions): number;
  (x: Tensor | ArrayLike, options?: CumulateOptions): Tensor;
  (x: Value, options?: CumulateOptions): Value;
  (x: Operand, options?: CumulateOptions): Value;
}

interface CumulateAttrs {
  readonly axis: number;
  readonly reverse: boolean;
}

/** Arguments of a cumulation; what has no axis to go along becomes a vector first, as in NumPy. */
export function parseCumulate(who: string): (x: Operand, options?: CumulateOptions) => readonly [readonly [Tensor], CumulateAttrs] | Value {
  return (operand, options) => {
    const { axis, reverse = false } = checkOptions(who, options, ["axis", "reverse"]);
    const x = asValue(who, operand);
    if (kindOf(x) === "number") return x;
    const counted = (x as Tensor).dtype === "bool" ? cast(x, "int32") : (x as Tensor);
    const t = axis === undefined && counted.ndim !== 1 ? reshape(counted, [counted.size]) : counted;
    return [[t], { axis: resolveAxis(who, axis ?? 0, t.ndim), reverse }];
  };
}

/**
 * Running sums yᵢ = Σ xⱼ over j ≤ i along `axis` (j ≥ i with `reverse`), added in float64; of all elements in row-major
 * order, as a vector, if no axis is named. bool is counted as int32.
 *
 * @throws ShapeError for an axis out of range.
 * @example
 * cumsum(tensor([1, 2, 3])).toArray() // [1, 3, 6]
 * cumsum(tensor([1, 2, 3]), { reverse: true }).toArray() // [6, 5, 3]
 */
export const cumsum: Primitive<CumulateOp> = definePrimitive<readonly [Tensor], Tensor, CumulateAttrs, CumulateOp>({
  name: "cumsum",
  parse: parseCumulate("cumsum"),
  shape: ([x]) => x.shape,
  compute: (out, [x], { axis, reverse }) => cumsumMiddle(out.elements, middle(x, [axis]), reverse),
  jvp: (_out, _inputs, attrs) => [(dx) => cumsum(dx, attrs)],
  vjp: (_out, _inputs, { axis, reverse }) => [(ct) => cumsum(ct, { axis, reverse: !reverse })],
  batch: ([x], _batched, { axis, reverse }) => cumsum(x, { axis: axis + 1, reverse }),
});
