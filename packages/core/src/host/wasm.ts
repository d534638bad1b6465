import { wasmBase64 } from "./wasmBytes.js";

// The few names of the platform used here, declared locally so that core needs neither the DOM's nor
// Node's types; the module's exports are declared with them. Compare assembly/index.ts.
declare function atob(text: string): string;
declare const WebAssembly:
  | {
      Module: new (bytes: Uint8Array) => object;
      Instance: new (module: object) => { readonly exports: Exports };
    }
  | undefined;

interface Constant {
  readonly value: number;
}

/** Copies raw rows that are terms of the inner sum into panels. */
type PackRows = (rows: number, cols: number, p0: number, kc: number, width: number, to: number) => void;
/** Copies raw rows that are columns of a panel into panels. */
type PackColumns = (rows: number, kc: number, width: number, to: number) => void;
/** C block (+)= packed A · packed B. */
type Multiply = (mc: number, nc: number, kc: number, accumulate: number) => void;

interface Exports {
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
  readonly multiply32: Multiply;
  readonly multiply64: Multiply;
  readonly packColumns32: PackColumns;
  readonly packColumns64: PackColumns;
  readonly packRows32: PackRows;
  readonly packRows64: PackRows;
}

let loaded: Exports | null | undefined;

/** The module's exports; null where the platform has no WebAssembly SIMD or forbids compiling it. */
export function hostWasm(): Exports | null {
  if (loaded === undefined) loaded = load();
  return loaded;
}

function load(): Exports | null {
  if (typeof WebAssembly === "undefined") return null;
  try {
    const bytes = Uint8Array.from(atob(wasmBase64), (char) => char.charCodeAt(0));
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  } catch {
    return null; // No SIMD, or a content security policy without wasm-unsafe-eval.
  }
}
