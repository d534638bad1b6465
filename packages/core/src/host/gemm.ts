import { type HostWasm, hostWasm } from "./wasm.js";

export type FloatArray = Float32Array | Float64Array;

/** Below this many multiplications the copies into WebAssembly cost more than they gain: 0.3 µs. */
const SMALL = 200;

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
    // A product with a vector reads the matrix by its stored rows; xᵀ·op(B) is op(B)ᵀ·x.
    const byVector =
      kit !== null &&
      ((n === 1 && timesVector(kit, m, k, a, aOffset, transA, b, bOffset, c, cOffset)) ||
        (m === 1 && timesVector(kit, n, k, b, bOffset, !transB, a, aOffset, c, cOffset)));
    if (byVector) return;
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

/** How to pack stored rows that are terms of the inner sum, and stored rows that are columns of a panel. */
interface Packing {
  readonly width: number;
  readonly terms: HostWasm["packRowsOfA32"];
  readonly columns: HostWasm["packColumnsOfA32"];
}

/** What the blocked product needs to know of a dtype. Positions in `memory` count its elements. */
interface Kit {
  readonly bytes: number;
  readonly memory: FloatArray;
  readonly multiply: HostWasm["multiply32"];
  readonly dotRows: HostWasm["dotRows32"];
  readonly addRows: HostWasm["addRows32"];
  readonly packA: Packing;
  readonly packB: Packing;
  readonly layout: Readonly<Record<"MC" | "NC" | "KC" | "MR" | "RAW" | "RAW_BYTES" | "PACKED_A" | "BLOCK_C", number>>;
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
    PACKED_A: wasm.PACKED_A.value, BLOCK_C: wasm.BLOCK_C.value,
  };
  const { buffer } = wasm.memory;
  return {
    single: {
      bytes: 4, memory: new Float32Array(buffer), layout,
      multiply: wasm.multiply32, dotRows: wasm.dotRows32, addRows: wasm.addRows32,
      packA: { width: layout.MR, terms: wasm.packRowsOfA32, columns: wasm.packColumnsOfA32 },
      packB: { width: 8, terms: wasm.packRowsOfB32, columns: wasm.packColumnsOfB32 },
    },
    double: {
      bytes: 8, memory: new Float64Array(buffer), layout,
      multiply: wasm.multiply64, dotRows: wasm.dotRows64, addRows: wasm.addRows64,
      packA: { width: layout.MR, terms: wasm.packRowsOfA64, columns: wasm.packColumnsOfA64 },
      packB: { width: 4, terms: wasm.packRowsOfB64, columns: wasm.packColumnsOfB64 },
    },
  };
}

/** y = op(A)·x with op(A) m×k; false where a row or a vector is too long for the scratch. */
function timesVector(
  kit: Kit, m: number, k: number,
  a: FloatArray, aOffset: number, transA: boolean,
  x: FloatArray, xOffset: number,
  y: FloatArray, yOffset: number,
): boolean {
  const { bytes, memory } = kit;
  const { RAW, RAW_BYTES, PACKED_A, BLOCK_C } = kit.layout;
  const [rows, cols] = transA ? [k, m] : [m, k];
  if (Math.max(rows, cols) * bytes > RAW_BYTES) return false;
  memory.set(x.subarray(xOffset, xOffset + k), PACKED_A / bytes);
  const slab = Math.floor(RAW_BYTES / (cols * bytes));
  for (let r = 0; r < rows; r += slab) {
    const height = Math.min(slab, rows - r);
    copyRows(a, aOffset + r * cols, cols, memory, RAW / bytes, cols, height, cols);
    if (transA) kit.addRows(height, cols, r);
    else kit.dotRows(height, cols, r);
  }
  copyRows(memory, BLOCK_C / bytes, m, y, yOffset, m, 1, m);
  return true;
}

/** Goto's order: a block of B is packed once, and every block of A beside it multiplied with it. */
function blocked(
  kit: Kit, m: number, n: number, k: number,
  a: FloatArray, aOffset: number, transA: boolean,
  b: FloatArray, bOffset: number, transB: boolean,
  c: FloatArray, cOffset: number,
): void {
  const { MC, NC, KC, BLOCK_C } = kit.layout;
  const mStep = evenly(m, MC, kit.packA.width);
  const nStep = evenly(n, NC, kit.packB.width);
  const kStep = evenly(k, KC, 1);
  const block = BLOCK_C / kit.bytes;
  for (let j = 0; j < n; j += nStep) {
    const nc = Math.min(nStep, n - j);
    for (let p = 0; p < k; p += kStep) {
      const kc = Math.min(kStep, k - p);
      const bAt = bOffset + (transB ? j * k + p : p * n + j);
      pack(kit, kit.packB, b, bAt, transB ? k : n, !transB, nc, kc);
      for (let i = 0; i < m; i += mStep) {
        const mc = Math.min(mStep, m - i);
        const aAt = aOffset + (transA ? p * m + i : i * k + p);
        pack(kit, kit.packA, a, aAt, transA ? m : k, transA, mc, kc);
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
 * Packs a block of `count` panel columns by `kc` terms. A stored row is one term if `rowsAreTerms`, else
 * one panel column.
 */
function pack(
  kit: Kit, packing: Packing,
  source: FloatArray, at: number, stride: number, rowsAreTerms: boolean,
  count: number, kc: number,
): void {
  const { RAW, RAW_BYTES } = kit.layout;
  const rows = rowsAreTerms ? kc : count;
  const cols = rowsAreTerms ? count : kc;
  const fit = Math.floor(RAW_BYTES / (cols * kit.bytes));
  const slab = fit - (fit % packing.width); // whole panels, so that a slab begins where a panel does
  for (let r = 0; r < rows; r += slab) {
    const height = Math.min(slab, rows - r);
    copyRows(source, at + r * stride, stride, kit.memory, RAW / kit.bytes, cols, height, cols);
    if (rowsAreTerms) packing.terms(height, cols, r, kc);
    else packing.columns(height, cols, r, kc);
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
