import type { TypedArray } from "../dtype.js";
import { hostWasm, type HostWasm } from "./wasm.js";

/** Shorter arrays are not worth the copy into WebAssembly. */
const smallRow = 512;
const smallRows = 2048;

/** Numbers copied in at a time. */
const chunk = 4096;

/** Rows added one after the other; their sums are added pairwise. */
const block = 128;

type Floats = Float32Array | Float64Array;

interface Kernels {
  readonly sum: HostWasm["sum32"];
  readonly sumRows: HostWasm["sumRows32"];
  /** The raw area, and where sums of rows are gathered. */
  readonly raw: Floats;
  readonly sums: Float64Array;
}

/** Σ x[i], start ≤ i < end, in float64: pairwise, so that the error grows with the logarithm of the length. */
export function sumRange(x: TypedArray, start: number, end: number): number {
  const kernels = end - start < smallRow ? null : kernelsFor(x);
  if (kernels === null) return pairwise(x, start, end - start);
  return sumChunks(kernels, x, start, end);
}

function sumChunks(kernels: Kernels, x: TypedArray, start: number, end: number): number {
  if (end - start <= chunk) {
    kernels.raw.set(x.subarray(start, end));
    return kernels.sum(end - start);
  }
  const half = start + chunk * Math.ceil((end - start) / chunk / 2);
  return sumChunks(kernels, x, start, half) + sumChunks(kernels, x, half, end);
}

/** out[to + i] += Σ x[from + r·inner + i] over r < length: as rows in blocks, whose sums are added pairwise. */
export function sumRows(out: Float64Array, to: number, x: TypedArray, from: number, length: number, inner: number): void {
  const kernels = length * inner < smallRows ? null : kernelsFor(x);
  const fits = kernels !== null && inner <= kernels.raw.length && inner <= kernels.sums.length;
  sumBlocks(fits ? kernels : null, out, to, x, from, length, inner);
}

function sumBlocks(kernels: Kernels | null, out: Float64Array, to: number, x: TypedArray, from: number, length: number, inner: number): void {
  if (length > block) {
    const half = block * Math.floor((length / block + 1) / 2);
    const rest = new Float64Array(inner);
    sumBlocks(kernels, out, to, x, from, half, inner);
    sumBlocks(kernels, rest, 0, x, from + half * inner, length - half, inner);
    for (let i = 0; i < inner; i++) out[to + i]! += rest[i]!;
  } else if (kernels === null) {
    for (let r = 0; r < length; r++) {
      const row = from + r * inner;
      for (let i = 0; i < inner; i++) out[to + i]! += x[row + i]!;
    }
  } else {
    const sums = kernels.sums.subarray(0, inner);
    const rows = Math.floor(kernels.raw.length / inner);
    sums.set(out.subarray(to, to + inner));
    for (let r = 0; r < length; r += rows) {
      const count = Math.min(rows, length - r);
      kernels.raw.set(x.subarray(from + r * inner, from + (r + count) * inner));
      kernels.sumRows(count, inner);
    }
    out.set(sums, to);
  }
}

/** Pairwise summation over blocks of 128, eight running sums in a block. */
function pairwise(x: TypedArray, from: number, n: number): number {
  if (n <= block) {
    const whole = from + (n & ~7);
    let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
    let i = from;
    for (; i < whole; i += 8) {
      a += x[i]!;
      b += x[i + 1]!;
      c += x[i + 2]!;
      d += x[i + 3]!;
      e += x[i + 4]!;
      f += x[i + 5]!;
      g += x[i + 6]!;
      h += x[i + 7]!;
    }
    let s = a + b + (c + d) + (e + f + (g + h));
    for (; i < from + n; i++) s += x[i]!;
    return s;
  }
  const half = (n >> 1) & ~7;
  return pairwise(x, from, half) + pairwise(x, from + half, n - half);
}

let single: Kernels | undefined;
let double: Kernels | undefined;

function kernelsFor(x: TypedArray): Kernels | null {
  const wasm = hostWasm();
  if (wasm === null) return null;
  if (x instanceof Float32Array) return (single ??= kernelsOf(wasm, 32));
  return x instanceof Float64Array ? (double ??= kernelsOf(wasm, 64)) : null;
}

function kernelsOf(wasm: HostWasm, bits: 32 | 64): Kernels {
  const Type = bits === 32 ? Float32Array : Float64Array;
  const { buffer } = wasm.memory;
  return {
    sum: wasm[`sum${bits}`],
    sumRows: wasm[`sumRows${bits}`],
    raw: new Type(buffer, wasm.RAW.value, (wasm.RAW_BYTES.value * 8) / bits),
    sums: new Float64Array(buffer, wasm.BLOCK_C.value, wasm.MC.value * wasm.NC.value),
  };
}
