import { asTensor, type Operand } from "../convert.js";
import { AutodiffError } from "../errors.js";
import { HostTensor, tensor, type NestedArray, type Tensor } from "../tensor.js";

/** Indices as an int32 tensor: plain whole numbers become one, floats are refused rather than truncated. */
export function asIndices(who: string, x: Operand): Tensor {
  if (typeof x === "number" || Array.isArray(x)) {
    const { shape, elements } = tensor(x as NestedArray) as HostTensor;
    const indices = Int32Array.from(elements);
    const wrong = elements.findIndex((given, k) => given !== indices[k]);
    if (wrong >= 0) throw new AutodiffError(`${who}: indices must be ${Number.isInteger(elements[wrong]) ? "int32" : "whole numbers"}, got ${elements[wrong]}.`);
    return new HostTensor(shape, "int32", indices);
  }
  const t = asTensor(who, x);
  if (t.dtype === "int32") return t;
  throw new AutodiffError(`${who}: indices must be int32, got ${t.dtype}. Use cast(indices, "int32").`);
}
