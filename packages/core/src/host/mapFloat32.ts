import { type HostWasm, hostWasm } from "./wasm.js";

export type FastMap = "exp" | "log" | "sin" | "cos" | "tanh" | "sigmoid" | "sqrt" | "log1p" | "expm1";

/** Shorter arrays are not worth the copies into WebAssembly. */
const SMALL = 64;

/** Numbers copied in at a time: 32 KiB, so that they stay in the first cache. */
const CHUNK = 8192;

interface Domain {
  readonly low: number;
  readonly high: number;
  readonly outside: (x: number) => number;
}

const CIRCLES = 2 ** 20; // beyond it the kernel's reduction modulo π/2 loses bits

/** The kernels that hold on an open interval only, and what computes the rest, NaN included. */
const domains: Partial<Record<FastMap, Domain>> = {
  log: { low: 0, high: Infinity, outside: Math.log },
  log1p: { low: -1, high: Infinity, outside: Math.log1p },
  sin: { low: -CIRCLES, high: CIRCLES, outside: Math.sin },
  cos: { low: -CIRCLES, high: CIRCLES, outside: Math.cos },
};

/**
 * out[i] = f(x[i]) for all of x, computed in float64 and rounded once: nearly always what rounding
 * Math's own result gives, and never more than 0.51 ulp off. `out` may be `x`.
 *
 * @returns false, with nothing done, where the array is short or WebAssembly is not to be had.
 */
export function mapFloat32(name: FastMap, x: Float32Array, out: Float32Array): boolean {
  const wasm = x.length < SMALL ? null : hostWasm();
  if (wasm === null) return false;
  const scratch = chunkOf(wasm);
  const kernel = wasm[name];
  const domain = domains[name];
  for (let at = 0; at < x.length; at += CHUNK) {
    const count = Math.min(CHUNK, x.length - at);
    scratch.set(x.subarray(at, at + count));
    const inside = kernel(count, domain?.low ?? 0, domain?.high ?? 0); // the total kernels take only the count
    if (domain !== undefined && inside === 0) mend(domain, x, at, scratch, count);
    out.set(count === CHUNK ? scratch : scratch.subarray(0, count), at);
  }
  return true;
}

/** Overwrites the results for arguments outside the domain. */
function mend({ low, high, outside }: Domain, x: Float32Array, at: number, scratch: Float32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const xi = x[at + i]!;
    if (!(xi > low && xi < high)) scratch[i] = outside(xi);
  }
}

let chunk: Float32Array | undefined;

function chunkOf(wasm: HostWasm): Float32Array {
  chunk ??= new Float32Array(wasm.memory.buffer, wasm.RAW.value, CHUNK);
  return chunk;
}
