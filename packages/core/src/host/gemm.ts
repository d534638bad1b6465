import { hostWasm } from "./wasm.js";

export type FloatArray = Float32Array | Float64Array;

/** Below this many multiplications the copies into WebAssembly cost more than they gain. */
const SMALL = 1000;

/**
 * C = op(A)·op(B), where op transposes if its flag is set; C is m×n and is overwritten.
 *
 * All matrices are row-major and contiguous from their offset, and of one dtype: op(A) is m×k, so A is
 * stored k×m if `transA`; op(B) is k×n, so B is stored n×k if `transB`. k = 0 gives zeros. C may not
 * overlap A or B. NaN and infinities propagate as the formula says.
 */
export function gemm(
  m: number, n: number, k: number,
  a: FloatArray, aOffset: number, transA: boolean,
  b: FloatArray, bOffset: number, transB: boolean,
  c: FloatArray, cOffset: number,
): void {
  if (m * n * k >= SMALL) {
    const kit = kitFor(a);
    if (kit !== null) return blocked(kit, m, n, k, a, aOffset, transA, b, bOffset, transB, c, cOffset);
  }
  plain(m, n, k, a, aOffset, transA, b, bOffset, transB, c, cOffset);
}

/** The definition: one dot product per entry, summed in double precision. */
function plain(
  m: number, n: number, k: number,
  a: FloatArray, aOffset: number, transA: boolean,
  b: FloatArray, bOffset: number, transB: boolean,
  c: FloatArray, cOffset: number,
): void {
  const aRow = transA ? 1 : k;
  const aStep = transA ? m : 1;
  const bCol = transB ? k : 1;
  const bStep = transB ? 1 : n;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let at = aOffset + i * aRow;
      let bt = bOffset + j * bCol;
      let sum = 0;
      for (let p = 0; p < k; p++) {
        sum += a[at]! * b[bt]!;
        at += aStep;
        bt += bStep;
      }
      c[cOffset + i * n + j] = sum;
    }
  }
}

type Wasm = NonNullable<ReturnType<typeof hostWasm>>;

/** What the blocked product needs to know of a dtype. Positions in `memory` count its elements. */
interface Kit {
  readonly bytes: number;
  readonly tileColumns: number;
  readonly memory: FloatArray;
  readonly multiply: Wasm["multiply32"];
  readonly packRows: Wasm["packRows32"];
  readonly packColumns: Wasm["packColumns32"];
  readonly layout: Readonly<Record<"MC" | "NC" | "KC" | "MR" | "RAW" | "RAW_BYTES" | "PACKED_A" | "PACKED_B" | "BLOCK_C", number>>;
}

let kits: { readonly single: Kit; readonly double: Kit } | null | undefined;

function kitFor(a: FloatArray): Kit | null {
  if (kits === undefined) kits = makeKits();
  return kits && (a instanceof Float32Array ? kits.single : kits.double);
}

function makeKits(): { readonly single: Kit; readonly double: Kit } | null {
  const wasm = hostWasm();
  if (wasm === null) return null;
  const layout = {
    MC: wasm.MC.value, NC: wasm.NC.value, KC: wasm.KC.value, MR: wasm.MR.value,
    RAW: wasm.RAW.value, RAW_BYTES: wasm.RAW_BYTES.value,
    PACKED_A: wasm.PACKED_A.value, PACKED_B: wasm.PACKED_B.value, BLOCK_C: wasm.BLOCK_C.value,
  };
  const { buffer } = wasm.memory;
  return {
    single: {
      bytes: 4, tileColumns: 8, memory: new Float32Array(buffer), layout,
      multiply: wasm.multiply32, packRows: wasm.packRows32, packColumns: wasm.packColumns32,
    },
    double: {
      bytes: 8, tileColumns: 4, memory: new Float64Array(buffer), layout,
      multiply: wasm.multiply64, packRows: wasm.packRows64, packColumns: wasm.packColumns64,
    },
  };
}

/** Goto's order: a block of B is packed once, and every block of A beside it multiplied with it. */
function blocked(
  kit: Kit, m: number, n: number, k: number,
  a: FloatArray, aOffset: number, transA: boolean,
  b: FloatArray, bOffset: number, transB: boolean,
  c: FloatArray, cOffset: number,
): void {
  const { MC, NC, KC, MR, PACKED_A, PACKED_B, BLOCK_C } = kit.layout;
  const mStep = evenly(m, MC, MR);
  const nStep = evenly(n, NC, kit.tileColumns);
  const kStep = evenly(k, KC, 1);
  const block = BLOCK_C / kit.bytes;
  for (let j = 0; j < n; j += nStep) {
    const nc = Math.min(nStep, n - j);
    for (let p = 0; p < k; p += kStep) {
      const kc = Math.min(kStep, k - p);
      const bAt = bOffset + (transB ? j * k + p : p * n + j);
      pack(kit, b, bAt, transB ? k : n, !transB, nc, kc, kit.tileColumns, PACKED_B);
      for (let i = 0; i < m; i += mStep) {
        const mc = Math.min(mStep, m - i);
        const aAt = aOffset + (transA ? p * m + i : i * k + p);
        pack(kit, a, aAt, transA ? m : k, transA, mc, kc, MR, PACKED_A);
        const cAt = cOffset + i * n + j;
        if (p > 0) copyRows(c, cAt, n, kit.memory, block, nc, mc, nc);
        kit.multiply(mc, nc, kc, p > 0 ? 1 : 0);
        copyRows(kit.memory, block, nc, c, cAt, n, mc, nc);
      }
    }
  }
}

/** The step that covers `size` in as few steps as `most` allows, each about as long, in multiples of `unit`. */
function evenly(size: number, most: number, unit: number): number {
  const step = Math.ceil(size / Math.ceil(size / most));
  return Math.ceil(step / unit) * unit;
}

/**
 * Packs a block of `count` panel columns by `kc` terms into panels of `width` columns at byte `to`. A
 * stored row is one term if `rowsAreTerms`, else one panel column.
 */
function pack(
  kit: Kit, source: FloatArray, at: number, stride: number, rowsAreTerms: boolean,
  count: number, kc: number, width: number, to: number,
): void {
  const { RAW, RAW_BYTES } = kit.layout;
  const rows = rowsAreTerms ? kc : count;
  const cols = rowsAreTerms ? count : kc;
  const fit = Math.floor(RAW_BYTES / (cols * kit.bytes));
  const slab = fit - (fit % width); // whole panels, so that a slab begins where a panel does
  for (let r = 0; r < rows; r += slab) {
    const height = Math.min(slab, rows - r);
    copyRows(source, at + r * stride, stride, kit.memory, RAW / kit.bytes, cols, height, cols);
    if (rowsAreTerms) kit.packRows(height, cols, r, kc, width, to);
    else kit.packColumns(height, kc, width, to + r * kc * kit.bytes);
  }
}

/** Rows narrower than this are copied number by number: a view and a call would cost more. */
const NARROW = 32;

function copyRows(
  from: FloatArray, fromAt: number, fromStride: number,
  to: FloatArray, toAt: number, toStride: number,
  rows: number, cols: number,
): void {
  if (fromStride === cols && toStride === cols) {
    to.set(from.subarray(fromAt, fromAt + rows * cols), toAt);
    return;
  }
  for (let r = 0; r < rows; r++) {
    if (cols >= NARROW) to.set(from.subarray(fromAt, fromAt + cols), toAt);
    else for (let j = 0; j < cols; j++) to[toAt + j] = from[fromAt + j]!;
    fromAt += fromStride;
    toAt += toStride;
  }
}
