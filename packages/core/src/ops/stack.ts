import { asValue, type Operand } from "../convert.js";
import { isFloat, promote } from "../dtype.js";
import { AutodiffError, ShapeError } from "../errors.js";
import { checkOptions } from "../options.js";
import { cast } from "../primitives/cast.js";
import { concat, type AxisOption } from "../primitives/concat.js";
import { reshape } from "../primitives/reshape.js";
import { resolveAxis, sameShape, showShape } from "../shape.js";
import { describe, kindOf, type Tensor, type Value } from "../tensor.js";

/**
 * Tensors (or numbers) of one shape side by side along a new axis, the first unless said.
 *
 * @throws ShapeError if the shapes differ.
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])], { axis: 1 }).toArray() // [[1, 3], [2, 4]]
 */
export function stack(xs: readonly Operand[], options?: AxisOption): Tensor {
  if (!Array.isArray(xs)) throw new AutodiffError(`stack: expected an array of tensors, stack([a, b]), got ${describe(xs)}.`);
  const { axis = 0 } = checkOptions("stack", options, ["axis"]);
  const tensors = strengthen(xs.map((x) => asValue("stack", x)));
  const [first] = tensors;
  if (first === undefined) throw new AutodiffError("stack: expected at least one tensor, got none.");
  const at = resolveAxis("stack", axis, first.ndim + 1);
  for (const { shape } of tensors) {
    if (!sameShape(shape, first.shape)) {
      throw new ShapeError(`stack: shapes ${showShape(first.shape)} and ${showShape(shape)} differ. Use concat() to join along an axis.`);
    }
  }
  const thin = [...first.shape.slice(0, at), 1, ...first.shape.slice(at)];
  return concat(tensors.map((t) => reshape(t, thin)), { axis: at });
}

/** Values as tensors; numbers, being weak, take the dtype of the tensors among which they stand. */
function strengthen(xs: readonly Value[]): Tensor[] {
  const dtypes = xs.map(kindOf).filter((kind) => kind !== "number");
  const dtype = dtypes.length === 0 ? "float64" : dtypes.reduce(promote);
  const to = isFloat(dtype) || !xs.some((x) => kindOf(x) === "number") ? dtype : "float64";
  return xs.map((x) => (kindOf(x) === "number" ? cast(x, to) : (x as Tensor)));
}
