import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../options.js";
import { concat } from "../primitives/concat.js";
import type { ReduceOptions } from "../primitives/reduction.js";
import { reshape } from "../primitives/reshape.js";
import { slice, type Range } from "../primitives/slice.js";
import { resolveAxis } from "../shape.js";
import type { Tensor } from "../tensor.js";

/**
 * x with its elements moved on by `shift` places along an axis; what leaves at the end comes in at the front. Several
 * axes take one shift for all or one each; without an axis x is rolled in row-major order.
 *
 * @throws ShapeError for a shift that is not whole, an axis out of range, or not one shift for each axis.
 * @example
 * roll(arange(5), 2).toArray() // [3, 4, 0, 1, 2]
 */
export function roll(operand: Operand, shift: number | readonly number[], options?: Pick<ReduceOptions, "axis">): Tensor {
  const { axis } = checkOptions("roll", options, ["axis"]);
  const x = asTensor("roll", operand);
  if (axis === undefined && x.ndim !== 1) return reshape(roll(reshape(x, [x.size]), shift), x.shape);
  const axes = typeof axis === "number" || axis === undefined ? [axis ?? 0] : axis;
  const shifts = typeof shift === "number" ? axes.map(() => shift) : shift;
  if (shifts.length !== axes.length || !shifts.every(Number.isInteger)) {
    throw new ShapeError(`roll: expected a whole number of places for each axis of [${axes.join(", ")}], got ${String(shift)}.`);
  }
  return axes.reduce((y, a, i) => rollAlong(y, resolveAxis("roll", a, x.ndim), shifts[i]!), x);
}

function rollAlong(x: Tensor, axis: number, shift: number): Tensor {
  const n = x.shape[axis]!;
  const by = n === 0 ? 0 : ((shift % n) + n) % n;
  if (by === 0) return x;
  const part = (range: Range): Tensor => slice(x, ...x.shape.map((_, i) => (i === axis ? range : null)));
  return concat([part([n - by, null]), part([0, n - by])], { axis });
}
