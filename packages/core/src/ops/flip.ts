import { asTensor, type Operand } from "../convert.js";
import { checkOptions } from "../options.js";
import type { ReduceOptions } from "../primitives/reduction.js";
import { slice } from "../primitives/slice.js";
import { resolveAxes } from "../shape.js";
import type { Tensor } from "../tensor.js";

/**
 * x in reverse order along one axis, several, or all if none is named.
 *
 * @throws ShapeError for an axis out of range or named twice.
 * @example
 * flip(tensor([[1, 2], [3, 4]]), { axis: 1 }).toArray() // [[2, 1], [4, 3]]
 */
export function flip(operand: Operand, options?: Pick<ReduceOptions, "axis">): Tensor {
  const { axis } = checkOptions("flip", options, ["axis"]);
  const x = asTensor("flip", operand);
  const axes = resolveAxes("flip", axis, x.ndim);
  return slice(x, ...x.shape.map((_, i) => (axes.includes(i) ? ([null, null, -1] as const) : null)));
}
