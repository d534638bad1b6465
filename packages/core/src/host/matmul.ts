import { allocate } from "../dtype.js";
import { broadcastStrides } from "../shape.js";
import { HostTensor } from "../tensor.js";
import { gemm, type FloatArray } from "./gemm.js";

/** out = op(A)·op(B) over the last two axes, leading axes broadcast. */
export function matmulKernel(out: HostTensor, a: HostTensor, transA: boolean, b: HostTensor, transB: boolean): void {
  const ndim = out.shape.length;
  const m = out.shape[ndim - 2]!;
  const n = out.shape[ndim - 1]!;
  const k = a.shape[a.ndim - (transA ? 2 : 1)]!;
  const x = floats(a, out);
  const y = floats(b, out);
  const isInt = !(out.elements instanceof Float64Array || out.elements instanceof Float32Array);
  const z = isInt ? new Float64Array(out.size) : (out.elements as FloatArray);
  const lead = ndim - 2;
  const as = broadcastStrides(a.shape.slice(0, -2), lead).map((s) => s * m * k);
  const bs = broadcastStrides(b.shape.slice(0, -2), lead).map((s) => s * k * n);
  const count = m * n === 0 ? 0 : out.size / (m * n);
  for (let i = 0; i < count; i++) {
    let ao = 0;
    let bo = 0;
    for (let axis = lead - 1, rest = i; axis >= 0; axis--) {
      const at = rest % out.shape[axis]!;
      rest = (rest - at) / out.shape[axis]!;
      ao += at * as[axis]!;
      bo += at * bs[axis]!;
    }
    gemm(m, n, k, x, ao, transA, y, bo, transB, z, i * m * n);
  }
  if (isInt) out.elements.set(z);
}

/** The elements in the precision of the result; int32 products go through float64, exact below 2⁵³. */
export function floats(x: HostTensor, out: HostTensor): FloatArray {
  const dtype = out.dtype === "float32" ? "float32" : "float64";
  if (x.dtype === dtype) return x.elements as FloatArray;
  const to = allocate(dtype, x.size) as FloatArray;
  to.set(x.elements);
  return to;
}
