import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../options.js";
import type { AxisOption } from "../primitives/concat.js";
import { slice } from "../primitives/slice.js";
import { resolveAxis, showShape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/**
 * x cut along an axis, the first unless said, into a number of equal parts, or into parts of given sizes. `concat` joins
 * them again.
 *
 * @throws ShapeError if the parts do not make up the axis.
 * @example
 * split(arange(6), 3).map((part) => part.toArray()) // [[0, 1], [2, 3], [4, 5]]
 * split(arange(6), [1, 5])[1].toArray() // [1, 2, 3, 4, 5]
 */
export function split(operand: Operand, parts: number | readonly number[], options?: AxisOption): Tensor[] {
  const { axis = 0 } = checkOptions("split", options, ["axis"]);
  const x = asTensor("split", operand);
  const along = resolveAxis("split", axis, x.ndim);
  const n = x.shape[along]!;
  const sizes = typeof parts === "number" ? equalParts(parts, n) : parts;
  if (!sizes.every((s) => Number.isInteger(s) && s >= 0) || sizes.reduce((a, b) => a + b, 0) !== n) {
    const how = typeof parts === "number" ? `${parts} equal parts` : `parts of ${showShape(parts)}`;
    throw new ShapeError(`split: axis ${along} of shape ${showShape(x.shape)} has length ${n}, which ${how} do not make up.`);
  }
  let start = 0;
  return sizes.map((size) => {
    const range = [start, (start += size)] as const;
    return slice(x, ...x.shape.map((_, i) => (i === along ? range : null)));
  });
}

function equalParts(count: number, n: number): number[] {
  return Number.isInteger(count) && count > 0 ? new Array<number>(count).fill(n / count) : [NaN];
}
