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

/** The sum of the first `count` numbers of the raw area. */
type Sum = (count: number) => number;

/** What assembly/index.ts exports. */
export interface HostWasm {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly BLOCK_C: Constant;
  readonly KC: Constant;
  readonly MC: Constant;
  readonly MR: Constant;
  readonly NC: Constant;
  readonly PACKED_A: Constant;
  readonly PACKED_B: Constant;
  readonly RAW: Constant;
  readonly RAW_BYTES: Constant;
  readonly cos: MapWithin;
  readonly exp: MapAll;
  readonly expm1: MapAll;
  readonly log: MapWithin;
  readonly log1p: MapWithin;
  readonly sigmoid: MapAll;
  readonly sin: MapWithin;
  readonly sqrt: MapAll;
  readonly tanh: MapAll;
  readonly sum32: Sum;
  readonly sum64: Sum;
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
