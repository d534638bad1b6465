import type { TypedArray } from "../dtype.js";
import type { Zip } from "./loops.js";
import { type ArithmeticZip, type HostWasm, hostWasm, type NumberZip, type ZipArrays, type ZipNumber } from "./wasm.js";

/** Shorter rows are not worth the copies into WebAssembly. */
export const smallZip = 192;

/** Bytes of each operand copied in at a time, so that both stay in a near cache. */
const chunkBytes = 32768;

/** The operation with a number to its left. */
const toTheLeft: Readonly<Record<ArithmeticZip, NumberZip>> = {
  add: "addNumber",
  sub: "numberSub",
  mul: "mulNumber",
  div: "numberDiv",
  maximum: "maximumNumber",
  minimum: "minimumNumber",
};

interface Kernels {
  readonly arrays: ZipArrays;
  readonly numberRight: ZipNumber;
  readonly numberLeft: ZipNumber;
  readonly first: Float32Array | Float64Array;
  readonly second: Float32Array | Float64Array;
}

/**
 * The SIMD loop of a binary operation, exact to the bit: float32 or float64 throughout, and numbers of any type as
 * one of the operands. It returns false, with nothing done, for other types or where WebAssembly is not to be had.
 */
export function zipFloat(name: ArithmeticZip): (...args: Parameters<Zip>) => boolean {
  let single: Kernels | undefined;
  let double: Kernels | undefined;
  return (out, o, x, xo, xs, y, yo, ys, n) => {
    const wasm = hostWasm();
    if (wasm === null || xs + ys === 0) return false;
    let kernels: Kernels;
    if (out instanceof Float32Array) {
      if ((xs !== 0 && !(x instanceof Float32Array)) || (ys !== 0 && !(y instanceof Float32Array))) return false;
      kernels = single ??= kernelsOf(wasm, name, 32);
    } else {
      if (!(out instanceof Float64Array && (xs === 0 || x instanceof Float64Array) && (ys === 0 || y instanceof Float64Array))) return false;
      kernels = double ??= kernelsOf(wasm, name, 64);
    }
    const { arrays, numberRight, numberLeft, first, second } = kernels;
    for (let at = 0; at < n; at += first.length) {
      const count = Math.min(first.length, n - at);
      if (xs !== 0) copyIn(first, x, xo + at, count);
      if (ys !== 0) copyIn(xs === 0 ? first : second, y, yo + at, count);
      if (ys === 0) numberRight(count, y[yo]!);
      else if (xs === 0) numberLeft(count, x[xo]!);
      else arrays(count);
      out.set(count === first.length ? first : first.subarray(0, count), o + at);
    }
    return true;
  };
}

function copyIn(scratch: TypedArray, x: TypedArray, from: number, count: number): void {
  scratch.set(count === x.length ? x : x.subarray(from, from + count));
}

function kernelsOf(wasm: HostWasm, name: ArithmeticZip, bits: 32 | 64): Kernels {
  const Type = bits === 32 ? Float32Array : Float64Array;
  const scratch = (at: number): Float32Array | Float64Array => new Type(wasm.memory.buffer, at, (chunkBytes * 8) / bits);
  return {
    arrays: wasm[`${name}${bits}`],
    numberRight: wasm[`${name}Number${bits}`],
    numberLeft: wasm[`${toTheLeft[name]}${bits}`],
    first: scratch(wasm.RAW.value),
    second: scratch(wasm.SECOND.value),
  };
}
