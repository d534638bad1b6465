import { asTensor, type Operand } from "../convert.js";
import { AutodiffError } from "../errors.js";
import { tensor, Tensor, type NestedArray } from "../tensor.js";

/** Indices as an int32 tensor: plain whole numbers become one, floats are refused rather than truncated. */
export function asIndices(who: string, x: Operand): Tensor {
  if (typeof x === "number" || Array.isArray(x)) {
    const given = tensor(x as NestedArray).dataSync();
    const wrong = given.find((i) => (i | 0) !== i);
    if (wrong !== undefined) throw new AutodiffError(`${who}: indices must be whole numbers, got ${wrong}.`);
    return tensor(x as NestedArray, null, "int32");
  }
  const t = asTensor(who, x);
  if (t.dtype === "int32") return t;
  throw new AutodiffError(`${who}: indices must be int32, got ${t.dtype}. Use cast(indices, "int32").`);
}
