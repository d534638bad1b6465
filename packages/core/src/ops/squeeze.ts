import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../options.js";
import type { ReduceOptions } from "../primitives/reduction.js";
import { reshape } from "../primitives/reshape.js";
import { resolveAxes, showShape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/**
 * x without the axes of length 1 that `axis` names, or without any of them.
 *
 * @throws ShapeError for a named axis of another length, out of range or named twice.
 * @example
 * squeeze(zeros([1, 3, 1])).shape // [3]
 * squeeze(zeros([1, 3, 1]), { axis: 0 }).shape // [3, 1]
 */
export function squeeze(operand: Operand, options?: Pick<ReduceOptions, "axis">): Tensor {
  const { axis } = checkOptions("squeeze", options, ["axis"]);
  const x = asTensor("squeeze", operand);
  if (axis === undefined) return reshape(x, x.shape.filter((n) => n !== 1));
  const axes = resolveAxes("squeeze", axis, x.ndim);
  for (const a of axes) {
    if (x.shape[a] !== 1) throw new ShapeError(`squeeze: axis ${a} of shape ${showShape(x.shape)} has length ${x.shape[a]}, not 1.`);
  }
  return reshape(x, x.shape.filter((_, i) => !axes.includes(i)));
}
