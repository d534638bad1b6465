import { ShapeError } from "../errors.js";
import type { HostTensor } from "../tensor.js";

/** Indices along an axis of length n, negative ones counted from the end. */
export function positions(who: string, indices: HostTensor, n: number): Int32Array {
  return Int32Array.from(indices.elements, (i) => {
    const at = i < 0 ? i + n : i;
    if (at < 0 || at >= n) throw new ShapeError(`${who}: index ${i} is out of range for an axis of length ${n}.`);
    return at;
  });
}
