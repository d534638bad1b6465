import { HostTensor } from "../tensor.js";
import { allocate } from "../dtype.js";

/** A bool matrix: whether j − i ≤ offset. */
export function lowerMask(rows: number, columns: number, offset: number): HostTensor {
  const out = allocate("bool", rows * columns);
  for (let i = 0; i < rows; i++) {
    const end = Math.min(columns, i + offset + 1);
    if (end > 0) out.fill(1, i * columns, i * columns + end);
  }
  return new HostTensor([rows, columns], "bool", out);
}
