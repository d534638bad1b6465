import { allocate, dtypeOf, type TypedArray } from "../dtype.js";
import { broadcastStrides, sameShape, type Shape } from "../shape.js";
import type { HostTensor } from "../tensor.js";
import { compareFloat, whereFloat, type FastComparison } from "./compareFloat.js";
import { mapLoop, zip3Loop, zipLoop, type Scalar1, type Scalar2, type Scalar3, type Zip, type Zip3 } from "./loops.js";
import { mapFloat, worthwhile, type FastMap } from "./mapFloat.js";
import type { ArithmeticZip } from "./wasm.js";
import { smallZip, zipFloat } from "./zipFloat.js";

/** A kernel fills `out` from operands that broadcast to its shape. */
export type Kernel = (out: HostTensor, inputs: readonly (number | HostTensor)[]) => void;

/** out = f(x) elementwise; `fast` names the SIMD kernel that large arrays may use, `whole` is f where the result is int32. */
export function mapKernel(f: Scalar1, fast?: FastMap, whole?: Scalar1): Kernel {
  const loop = mapLoop(f);
  const wholeLoop = whole === undefined ? loop : mapLoop(whole);
  const large = fast === undefined ? Infinity : worthwhile(fast);
  return (out, [operand]) => {
    const x = elements(operand!);
    const y = out.elements;
    if (fast !== undefined && y.length >= large && mapFloat(fast, x, y)) return;
    (y instanceof Int32Array ? wholeLoop : loop)(y, x);
  };
}

export type FastZip = ArithmeticZip | FastComparison;

const arithmetic: Readonly<Record<ArithmeticZip, true>> = { add: true, sub: true, mul: true, div: true, maximum: true, minimum: true };

function isArithmetic(name: FastZip): name is ArithmeticZip {
  return name in arithmetic;
}

/** out = f(x, y) elementwise with broadcasting; `fast` names the SIMD kernel that long rows may use, `whole` is f where the result is int32. */
export function zipKernel(f: Scalar2, fast?: FastZip, whole?: Scalar2): Kernel {
  const slow = zipLoop(f);
  const wholeLoop = whole === undefined ? slow : zipLoop(whole);
  const simd = fast && (isArithmetic(fast) ? zipFloat(fast) : compareFloat(fast));
  const loop: Zip = (out, o, x, xo, xs, y, yo, ys, n) => {
    if (n >= smallZip && simd?.(out, o, x, xo, xs, y, yo, ys, n)) return;
    (out instanceof Int32Array ? wholeLoop : slow)(out, o, x, xo, xs, y, yo, ys, n);
  };
  return (out, inputs) => {
    const x = inputs[0]!;
    const y = inputs[1]!;
    const xe = elements(x);
    const ye = elements(y);
    const xWhole = xe.length === out.size;
    const yWhole = ye.length === out.size;
    if ((xWhole || xe.length === 1) && (yWhole || ye.length === 1)) {
      loop(out.elements, 0, xe, 0, xWhole ? 1 : 0, ye, 0, yWhole ? 1 : 0, out.size);
      return;
    }
    const rows = plan(out.shape, [x, y]);
    const [xs, ys] = rows.inner as [number, number];
    if (xWhole && repeats(rows, 1)) {
      const tile = tiled(ye, out.size);
      eachTile(out.size, tile.length, (o, n) => loop(out.elements, o, xe, o, 1, tile, 0, 1, n));
    } else if (yWhole && repeats(rows, 0)) {
      const tile = tiled(xe, out.size);
      eachTile(out.size, tile.length, (o, n) => loop(out.elements, o, tile, 0, 1, ye, o, 1, n));
    } else eachRow(rows, (o, at) => loop(out.elements, o, xe, at[0]!, xs, ye, at[1]!, ys, rows.length));
  };
}

/** Rows shorter than this are put together. */
const shortRow = 2048;

/** Whether operand k is one short row, the same for each row of the result. */
function repeats({ shape, strides, inner, length }: Rows, k: number): boolean {
  return shape.length === 1 && inner[k] === 1 && strides[k]![0] === 0 && length < shortRow;
}

/** Several times the row x, no longer than a result of `size` elements. */
function tiled(x: TypedArray, size: number): TypedArray {
  const times = Math.min(Math.ceil(shortRow / x.length), size / x.length);
  const tile = allocate(dtypeOf(x), x.length * times);
  for (let k = 0; k < times; k++) tile.set(x, k * x.length);
  return tile;
}

function eachTile(size: number, length: number, tile: (from: number, n: number) => void): void {
  for (let from = 0; from < size; from += length) tile(from, Math.min(length, size - from));
}

/** out = f(x, y, z) elementwise with broadcasting; `fast` names the SIMD kernel that long rows may use. */
export function zip3Kernel(f: Scalar3, fast?: "where"): Kernel {
  const slow = zip3Loop(f);
  const loop: Zip3 = (out, o, x, xo, xs, y, yo, ys, z, zo, zs, n) => {
    if (fast === "where" && n >= smallZip && whereFloat(out, o, x, xo, xs, y, yo, ys, z, zo, zs, n)) return;
    slow(out, o, x, xo, xs, y, yo, ys, z, zo, zs, n);
  };
  return (out, inputs) => {
    const [x, y, z] = inputs.map(elements) as [TypedArray, TypedArray, TypedArray];
    const rows = plan(out.shape, inputs);
    const [xs, ys, zs] = rows.inner as [number, number, number];
    eachRow(rows, (o, at) => loop(out.elements, o, x, at[0]!, xs, y, at[1]!, ys, z, at[2]!, zs, rows.length));
  };
}

function elements(x: number | HostTensor): TypedArray {
  if (typeof x !== "number") return x.elements;
  const one = new Float64Array(1); // faster than Float64Array.of
  one[0] = x;
  return one;
}

/** A broadcast walk: rows along the innermost (merged) axis, each operand at its own offset and stride. */
interface Rows {
  readonly shape: Shape;
  readonly strides: readonly (readonly number[])[];
  /** Stride of each operand along a row. */
  readonly inner: readonly number[];
  /** Elements in a row. */
  readonly length: number;
}

/** Merges neighbouring axes along which every operand runs on evenly, so that rows are as long as they can be. */
function plan(shape: Shape, operands: readonly (number | { readonly shape: Shape })[]): Rows {
  const all = operands.map((x) => broadcastStrides(typeof x === "number" ? [] : x.shape, shape.length));
  const merged: number[] = [];
  const strides: number[][] = operands.map(() => []);
  shape.forEach((n, axis) => {
    const last = merged.length - 1;
    if (n === 1) return;
    if (last >= 0 && all.every((s, k) => strides[k]![last] === s[axis]! * n)) {
      merged[last]! *= n;
      all.forEach((s, k) => (strides[k]![last] = s[axis]!));
    } else {
      merged.push(n);
      all.forEach((s, k) => strides[k]!.push(s[axis]!));
    }
  });
  const length = merged.pop() ?? 1;
  const inner = strides.map((s) => s.pop() ?? 0);
  return { shape: merged, strides, inner, length };
}

/** Calls `row` with the output offset and the operands' offsets of each row. */
function eachRow({ shape, strides, length }: Rows, row: (out: number, at: readonly number[]) => void): void {
  if (length === 0 || shape.includes(0)) return;
  const index = new Array<number>(shape.length).fill(0);
  const at = strides.map(() => 0);
  for (let out = 0; ; out += length) {
    row(out, at);
    let axis = shape.length - 1;
    for (; axis >= 0; axis--) {
      index[axis]!++;
      for (let k = 0; k < at.length; k++) at[k]! += strides[k]![axis]!;
      if (index[axis]! < shape[axis]!) break;
      for (let k = 0; k < at.length; k++) at[k]! -= strides[k]![axis]! * shape[axis]!;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/** x repeated along broadcast axes. */
export function expand(out: HostTensor, x: number | HostTensor): void {
  if (typeof x === "number" || x.size === 1) {
    out.elements.fill(typeof x === "number" ? x : x.elements[0]!);
    return;
  }
  if (sameShape(out.shape, x.shape)) {
    out.elements.set(x.elements);
    return;
  }
  const rows = plan(out.shape, [x]);
  const from = x.elements;
  eachRow(rows, (o, at) => {
    if (rows.inner[0] === 0) out.elements.fill(from[at[0]!]!, o, o + rows.length);
    else out.elements.set(from.subarray(at[0]!, at[0]! + rows.length), o);
  });
}
