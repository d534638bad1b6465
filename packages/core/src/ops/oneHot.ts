import type { Operand } from "../convert.js";
import { arange } from "../create.js";
import type { DType } from "../dtype.js";
import { AutodiffError } from "../errors.js";
import { checkOptions } from "../options.js";
import { cast } from "../primitives/cast.js";
import { equal } from "../primitives/equal.js";
import { gather } from "../primitives/gather.js";
import { asIndices } from "../primitives/indices.js";
import type { Tensor } from "../tensor.js";
import { expandDims } from "./expandDims.js";

export interface OneHotOptions {
  /** float64 unless said. */
  readonly dtype?: DType | undefined;
}

/**
 * A row of `depth` zeros with a one at each int32 index, along a new last axis. Negative indices count from the end.
 *
 * @throws ShapeError for an index out of range; AutodiffError for indices that are not int32.
 * @example
 * oneHot([2, 0], 3).toArray() // [[0, 0, 1], [1, 0, 0]]
 */
export function oneHot(indices: Operand, depth: number, options?: OneHotOptions): Tensor {
  const { dtype = "float64" } = checkOptions("oneHot", options, ["dtype"]);
  if (!Number.isInteger(depth) || depth < 0) throw new AutodiffError(`oneHot: the depth is a whole number of at least 0, got ${depth}.`);
  const places = arange(depth, undefined, undefined, "int32");
  const at = gather(places, asIndices("oneHot", indices)); // checks the range, and counts from the front
  return cast(equal(expandDims(at, -1), places), dtype);
}
