import { wasmBase64 } from "./wasmBytes.js";

// The names of the platform used here, declared again: core then needs no types of the DOM or of Node,
// and the exports have their types without a cast.
declare function atob(text: string): string;
declare const WebAssembly:
  | {
      Module: new (bytes: Uint8Array) => object;
      Instance: new (module: object) => { readonly exports: HostWasm };
    }
  | undefined;

interface Constant {
  readonly value: number;
}

/** Packs raw rows: terms of the inner sum (…Rows…), or rows of A or columns of B (…Columns…). */
type Pack = (rows: number, cols: number, first: number, kc: number) => void;
/** C block (+)= packed A · packed B. */
type Multiply = (mc: number, nc: number, kc: number, accumulate: number) => void;

/** Raw rows r0 … r0+rows-1 of a matrix times x, or their part of its transpose times x. */
type TimesVector = (rows: number, cols: number, r0: number) => void;
/** Maps the first `count` numbers of the raw area in place. */
type MapAll = (count: number) => void;
/** The same where the kernel holds for low < x < high only; 0 if some number was outside. */
type MapWithin = (count: number, low: number, high: number) => number;
/** x∘y in place, x the first `count` numbers of the raw area, y those of the second half of it. */
export type ZipArrays = (count: number) => void;
/** The same with a number for one of the operands. */
export type ZipNumber = (count: number, y: number) => void;

/** Whether x∘y, or a choice by flags, for numbers where a zip has them. */
type CompareArrays = (count: number) => void;

/** Elementary functions that hold everywhere, and those that do not. */
type Total = "exp" | "expm1" | "sechSquared" | "sigmoid" | "softplus" | "tanh";
type Local = "cos" | "log" | "log1p" | "sin";
/** Maps by a single operation, or nearly. */
export type ArithmeticMap = "abs" | "neg" | "reciprocal" | "relu" | "sqrt" | "square";
export type ElementaryMap = Total | Local;
export type ArithmeticZip = "add" | "div" | "maximum" | "minimum" | "mul" | "sub";
/** The number to the right, and to the left where that makes a difference. */
export type NumberZip = `${ArithmeticZip}Number` | "numberDiv" | "numberSub";

export type Comparison = "equal" | "greater" | "greaterEqual" | "notEqual";

type Both<Name extends string> = `${Name}32` | `${Name}64`;
type Kernels = Readonly<Record<`${Total}32` | Both<ArithmeticMap>, MapAll>> &
  Readonly<Record<`${Local}32`, MapWithin>> &
  Readonly<Record<Both<ArithmeticZip>, ZipArrays>> &
  Readonly<Record<Both<NumberZip>, ZipNumber>> &
  Readonly<Record<Both<Comparison | "where">, CompareArrays>>;

/** The sum of the first `count` numbers of the raw area. */
type Sum = (count: number) => number;
/** Adds raw rows to the float64 where C's block is. */
type SumRows = (rows: number, cols: number) => void;

/** What assembly/index.ts exports. */
export interface HostWasm extends Kernels {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly BLOCK_C: Constant;
  readonly FLAGS: Constant;
  readonly KC: Constant;
  readonly MC: Constant;
  readonly MR: Constant;
  readonly NC: Constant;
  readonly PACKED_A: Constant;
  readonly PACKED_B: Constant;
  readonly RAW: Constant;
  readonly RAW_BYTES: Constant;
  readonly SECOND: Constant;
  readonly sum32: Sum;
  readonly sum64: Sum;
  readonly sumRows32: SumRows;
  readonly sumRows64: SumRows;
  readonly addRows32: TimesVector;
  readonly addRows64: TimesVector;
  readonly dotRows32: TimesVector;
  readonly dotRows64: TimesVector;
  readonly multiply32: Multiply;
  readonly multiply64: Multiply;
  readonly packColumnsOfA32: Pack;
  readonly packColumnsOfA64: Pack;
  readonly packColumnsOfB32: Pack;
  readonly packColumnsOfB64: Pack;
  readonly packRowsOfA32: Pack;
  readonly packRowsOfA64: Pack;
  readonly packRowsOfB32: Pack;
  readonly packRowsOfB64: Pack;
}

let loaded: HostWasm | null | undefined;

/** The module's exports; null where the platform has no WebAssembly SIMD or forbids compiling it. */
export function hostWasm(): HostWasm | null {
  if (loaded === undefined) loaded = load();
  return loaded;
}

function load(): HostWasm | null {
  if (typeof WebAssembly === "undefined") return null;
  try {
    const bytes = Uint8Array.from(atob(wasmBase64), (char) => char.charCodeAt(0));
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  } catch {
    return null; // No SIMD, or a content security policy without wasm-unsafe-eval.
  }
}
