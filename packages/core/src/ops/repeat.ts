import { asTensor, type Operand } from "../convert.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../options.js";
import type { AxisOption } from "../primitives/concat.js";
import { gather } from "../primitives/gather.js";
import { reshape } from "../primitives/reshape.js";
import { resolveAxis, showShape } from "../shape.js";
import { tensor, type Tensor } from "../tensor.js";

/**
 * Each element `repeats` times in a row along an axis, as NumPy's `repeat`; of all elements in row-major order, as a
 * vector, if no axis is named. An array of repeats has one for each position of the axis. To repeat the whole, see `tile`.
 *
 * @throws ShapeError for repeats that are not whole, negative, or not as many as positions, or an axis out of range.
 * @example
 * repeat(tensor([1, 2]), 2).toArray() // [1, 1, 2, 2]
 * repeat(tensor([[1, 2], [3, 4]]), [1, 2], { axis: 0 }).toArray() // [[1, 2], [3, 4], [3, 4]]
 */
export function repeat(operand: Operand, repeats: number | readonly number[], options?: AxisOption): Tensor {
  const { axis } = checkOptions("repeat", options, ["axis"]);
  const given = asTensor("repeat", operand);
  const x = axis === undefined ? reshape(given, [given.size]) : given;
  const along = resolveAxis("repeat", axis ?? 0, x.ndim);
  const n = x.shape[along]!;
  const counts = typeof repeats === "number" ? new Array<number>(n).fill(repeats) : repeats;
  const wrong = (typeof repeats === "number" ? [repeats] : repeats).find((k) => !Number.isInteger(k) || k < 0);
  if (wrong !== undefined) throw new ShapeError(`repeat: repeats are whole numbers of at least 0, got ${wrong}.`);
  if (counts.length !== n) {
    throw new ShapeError(`repeat: ${counts.length} repeats for axis ${along} of shape ${showShape(x.shape)}, which has length ${n}.`);
  }
  return gather(x, tensor(Int32Array.from(counts.flatMap((k, i) => new Array<number>(k).fill(i)))), { axis: along });
}
