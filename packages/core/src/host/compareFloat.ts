import type { TypedArray } from "../dtype.js";
import type { Zip, Zip3 } from "./loops.js";
import { type Comparison, type HostWasm, hostWasm } from "./wasm.js";

export type FastComparison = Comparison | "less" | "lessEqual";

/** Numbers copied in at a time, so that operands and flags stay in a near cache. */
const chunk = 4096;

interface Areas {
  readonly first: Float32Array | Float64Array;
  readonly second: Float32Array | Float64Array;
  readonly flags: Uint8Array;
}

/** The kernel of each comparison; x < y is y > x. */
const kernels: Readonly<Record<FastComparison, Comparison>> = {
  equal: "equal",
  notEqual: "notEqual",
  greater: "greater",
  greaterEqual: "greaterEqual",
  less: "greater",
  lessEqual: "greaterEqual",
};

/**
 * The SIMD loop of a comparison: float32 or float64 throughout, or one of the operands a number that float32 holds
 * exactly. It returns false, with nothing done, for other operands or where WebAssembly is not to be had.
 */
export function compareFloat(name: FastComparison): (...args: Parameters<Zip>) => boolean {
  const own = kernels[name];
  const swap = name === "less" || name === "lessEqual";
  return (out, o, x, xo, xs, y, yo, ys, n) => {
    const bits = bitsOf(xs === 0 ? y : x);
    const wasm = hostWasm();
    if (bits === null || wasm === null || xs + ys === 0 || !(out instanceof Uint8Array)) return false;
    if (!fits(x, xo, xs, bits) || !fits(y, yo, ys, bits)) return false;
    const { first, second, flags } = areasOf(wasm, bits);
    const [xAt, yAt] = swap ? [second, first] : [first, second];
    const kernel = wasm[`${own}${bits}`];
    if (xs === 0) xAt.fill(x[xo]!, 0, n);
    if (ys === 0) yAt.fill(y[yo]!, 0, n);
    for (let at = 0; at < n; at += chunk) {
      const count = Math.min(chunk, n - at);
      if (xs !== 0) xAt.set(x.subarray(xo + at, xo + at + count));
      if (ys !== 0) yAt.set(y.subarray(yo + at, yo + at + count));
      kernel(count);
      out.set(flags.subarray(0, count), o + at);
    }
    return true;
  };
}

/**
 * The SIMD loop of a choice by bool: float32 or float64 throughout, numbers as either alternative. It returns false,
 * with nothing done, for other operands or where WebAssembly is not to be had.
 */
export const whereFloat: (...args: Parameters<Zip3>) => boolean = (out, o, cond, co, cs, x, xo, xs, y, yo, ys, n) => {
  const bits = bitsOf(out);
  const wasm = hostWasm();
  if (bits === null || wasm === null || cs !== 1 || !(cond instanceof Uint8Array)) return false;
  if ((xs !== 0 && (xs !== 1 || bitsOf(x) !== bits)) || (ys !== 0 && (ys !== 1 || bitsOf(y) !== bits))) return false;
  const { first, second, flags } = areasOf(wasm, bits);
  const kernel = wasm[`where${bits}`];
  if (ys === 0) second.fill(y[yo]!, 0, n);
  for (let at = 0; at < n; at += chunk) {
    const count = Math.min(chunk, n - at);
    flags.set(cond.subarray(co + at, co + at + count));
    if (xs !== 0) first.set(x.subarray(xo + at, xo + at + count));
    else first.fill(x[xo]!, 0, count); // anew: the result takes its place
    if (ys !== 0) second.set(y.subarray(yo + at, yo + at + count));
    kernel(count);
    out.set(first.subarray(0, count), o + at);
  }
  return true;
};

function bitsOf(x: TypedArray): 32 | 64 | null {
  if (x instanceof Float32Array) return 32;
  return x instanceof Float64Array ? 64 : null;
}

/** Whether an operand is an array of the right type, or a number that the type holds. */
function fits(x: TypedArray, at: number, stride: number, bits: 32 | 64): boolean {
  if (stride !== 0) return bitsOf(x) === bits;
  return bits === 64 || Object.is(Math.fround(x[at]!), x[at]);
}

let single: Areas | undefined;
let double: Areas | undefined;

function areasOf(wasm: HostWasm, bits: 32 | 64): Areas {
  return bits === 32 ? (single ??= makeAreas(wasm, Float32Array)) : (double ??= makeAreas(wasm, Float64Array));
}

function makeAreas({ memory, RAW, SECOND, FLAGS }: HostWasm, Type: Float32ArrayConstructor | Float64ArrayConstructor): Areas {
  return {
    first: new Type(memory.buffer, RAW.value, chunk),
    second: new Type(memory.buffer, SECOND.value, chunk),
    flags: new Uint8Array(memory.buffer, FLAGS.value, chunk),
  };
}
