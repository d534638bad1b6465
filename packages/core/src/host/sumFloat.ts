import { hostWasm } from "./wasm.js";

/** Shorter arrays are not worth the copy into WebAssembly. */
const SMALL = 256;

/** Numbers copied in at a time. Each chunk is summed by itself, which also keeps the rounding error low. */
const CHUNK = 4096;

/** Σ x[i], start ≤ i < end, summed in float64. */
export function sumFloat32(x: Float32Array, start: number, end: number): number {
  const wasm = end - start < SMALL ? null : hostWasm();
  if (wasm === null) return plain(x, start, end);
  const scratch = new Float32Array(wasm.memory.buffer, wasm.RAW.value, CHUNK);
  let sum = 0;
  for (let at = start; at < end; at += CHUNK) {
    const stop = Math.min(at + CHUNK, end);
    scratch.set(x.subarray(at, stop));
    sum += wasm.sum32(stop - at);
  }
  return sum;
}

/** Σ x[i], start ≤ i < end. */
export function sumFloat64(x: Float64Array, start: number, end: number): number {
  const wasm = end - start < SMALL ? null : hostWasm();
  if (wasm === null) return plain(x, start, end);
  const scratch = new Float64Array(wasm.memory.buffer, wasm.RAW.value, CHUNK);
  let sum = 0;
  for (let at = start; at < end; at += CHUNK) {
    const stop = Math.min(at + CHUNK, end);
    scratch.set(x.subarray(at, stop));
    sum += wasm.sum64(stop - at);
  }
  return sum;
}

function plain(x: Float32Array | Float64Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += x[i]!;
  return sum;
}
