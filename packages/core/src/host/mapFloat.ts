import type { TypedArray } from "../dtype.js";
import { type ArithmeticMap, type ElementaryMap, type HostWasm, hostWasm } from "./wasm.js";

export type FastMap = ElementaryMap | ArithmeticMap;

/** Bytes copied in at a time, so that they stay in the first cache. */
const chunkBytes = 32768;

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

const arithmetic: ReadonlySet<string> = new Set<ArithmeticMap>(["abs", "neg", "reciprocal", "relu", "sqrt", "square"]);

function isArithmetic(name: FastMap): name is ArithmeticMap {
  return arithmetic.has(name);
}

/** The length from which a kernel is worth the copies into WebAssembly and out. */
export function worthwhile(name: FastMap): number {
  return isArithmetic(name) ? 320 : 64;
}

type MapKernel = (count: number, low: number, high: number) => number | void;

/**
 * out[i] = f(x[i]) for all of x, which has out's element type. Arithmetic is exact to the bit in float32 and float64.
 * Elementary functions are for float32 alone, computed in float64 and rounded once: nearly always what rounding Math's
 * own result gives, and never more than 0.51 ulp off. `out` may be `x`.
 *
 * @returns false, with nothing done, where there is no kernel or WebAssembly is not to be had.
 */
export function mapFloat(name: FastMap, x: TypedArray, out: TypedArray): boolean {
  const wasm = hostWasm();
  if (wasm === null) return false;
  let kernel: MapKernel;
  let scratch: Float32Array | Float64Array;
  if (x instanceof Float32Array && out instanceof Float32Array) {
    kernel = wasm[`${name}32`];
    scratch = singles(wasm);
  } else if (x instanceof Float64Array && out instanceof Float64Array && isArithmetic(name)) {
    kernel = wasm[`${name}64`];
    scratch = doubles(wasm);
  } else return false;
  const domain = domains[name];
  const size = scratch.length;
  for (let at = 0; at < x.length; at += size) {
    const count = Math.min(size, x.length - at);
    scratch.set(count === x.length ? x : x.subarray(at, at + count));
    const inside = kernel(count, domain?.low ?? 0, domain?.high ?? 0); // the total kernels take only the count
    if (domain !== undefined && inside === 0) mend(domain, x, at, scratch, count);
    out.set(count === size ? scratch : scratch.subarray(0, count), at);
  }
  return true;
}

/** Overwrites the results for arguments outside the domain. */
function mend({ low, high, outside }: Domain, x: TypedArray, at: number, scratch: TypedArray, count: number): void {
  for (let i = 0; i < count; i++) {
    const xi = x[at + i]!;
    if (!(xi > low && xi < high)) scratch[i] = outside(xi);
  }
}

let single: Float32Array | undefined;
let double: Float64Array | undefined;

function singles(wasm: HostWasm): Float32Array {
  return (single ??= new Float32Array(wasm.memory.buffer, wasm.RAW.value, chunkBytes / 4));
}

function doubles(wasm: HostWasm): Float64Array {
  return (double ??= new Float64Array(wasm.memory.buffer, wasm.RAW.value, chunkBytes / 8));
}
