import { HostTensor } from "../tensor.js";
import { gemm, type FloatArray } from "./gemm.js";
import { floats } from "./matmul.js";
import { gatherPatches, geometryOf, scatterPatches, type Geometry } from "./patches.js";

// A convolution is a matrix product: with the patches under all windows as the columns of a matrix P,
// y = W·P, the kernel's gradient is y·Pᵀ, and the image's is Wᵀ·y scattered back to where the patches came from.
// The windows of all samples are taken in blocks, so that the patches take bounded memory, and stay in cache.

/** What a form of T says of sizes: primitives/trilinear.ts. */
interface Form {
  readonly image: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** y = conv(x, w). */
export function convKernel(y: HostTensor, x: HostTensor, w: HostTensor, form: Form): void {
  const p = planOf(x, y, form);
  const [image, kernel] = [floats(x, y), floats(w, y)];
  const out = floats(y, y);
  for (let group = 0; group < p.groups; group++) {
    const weights = group * p.outputs * p.depth;
    eachBlock(p, group, image, (patches, at, from, length) => {
      const direct = placeOf(p, group, from, length);
      const block = direct >= 0 ? out : scratch("block", out, p.outputs * length);
      gemm(p.outputs, length, p.depth, kernel, weights, false, patches, at, false, block, Math.max(direct, 0));
      if (direct < 0) moveBlock(p, group, from, length, block, out, true);
    });
  }
  if (out !== y.elements) y.elements.set(out);
}

/** w = Σ over samples and windows of y·Pᵀ. */
export function convFilterKernel(w: HostTensor, x: HostTensor, y: HostTensor, form: Form): void {
  const p = planOf(x, y, form);
  const [image, windows] = [floats(x, w), floats(y, w)];
  const out = floats(w, w);
  const size = p.outputs * p.depth;
  for (let group = 0; group < p.groups; group++) {
    const part = scratch("sum", out, size);
    eachBlock(p, group, image, (patches, at, from, length) => {
      const direct = placeOf(p, group, from, length);
      const block = direct >= 0 ? windows : scratch("block", out, p.outputs * length);
      if (direct < 0) moveBlock(p, group, from, length, block, windows, false);
      gemm(p.outputs, p.depth, length, block, Math.max(direct, 0), false, patches, at, true, part, 0);
      for (let i = 0, to = group * size; i < size; i++) out[to++]! += part[i]!;
    });
  }
  if (out !== w.elements) w.elements.set(out);
}

/** x = the patches Wᵀ·y, added up where they lie in the image. */
export function convTransposeKernel(x: HostTensor, y: HostTensor, w: HostTensor, form: Form): void {
  const p = planOf(x, y, form);
  const [windows, kernel] = [floats(y, x), floats(w, x)];
  const out = floats(x, x);
  for (let group = 0; group < p.groups; group++) {
    const weights = group * p.outputs * p.depth;
    eachBlock(p, group, null, (_patches, _at, from, length) => {
      const direct = placeOf(p, group, from, length);
      const block = direct >= 0 ? windows : scratch("block", out, p.outputs * length);
      if (direct < 0) moveBlock(p, group, from, length, block, windows, false);
      if (p.pointwise) return gemm(p.depth, length, p.outputs, kernel, weights, true, block, Math.max(direct, 0), false, out, imageAt(p, group, from));
      const patches = scratch("patches", out, p.depth * length);
      gemm(p.depth, length, p.outputs, kernel, weights, true, block, Math.max(direct, 0), false, patches, 0);
      scatterPatches(out, patches, p.geometry, group * p.inputs, p.inputs, from, from + length);
    });
  }
  if (out !== x.elements) x.elements.set(out);
}

/** How a convolution is cut into matrix products. */
interface Plan {
  readonly geometry: Geometry;
  readonly groups: number;
  /** Output and input channels of a group. */
  readonly outputs: number;
  readonly inputs: number;
  /** Numbers in a patch: input channels times elements of the kernel. */
  readonly depth: number;
  /** Windows of a sample, and of all. */
  readonly windows: number;
  readonly total: number;
  /** Windows in a block. */
  readonly block: number;
  /** Each window is one element, and all elements have theirs: the image is its own patches. */
  readonly pointwise: boolean;
}

/** Numbers in a block of patches: they stay in the second cache. */
const PATCHES = 1 << 16;
/** The least number of windows in a block: fewer would not pay for packing the kernel. */
const WINDOWS = 256;

function planOf(x: HostTensor, y: HostTensor, form: Form): Plan {
  const [samples, channels] = x.shape as readonly [number, number];
  const geometry = geometryOf(channels, form.image, y.shape.slice(2), form);
  const { kernelHeight, kernelWidth, rows, columns, height, width, strideX, strideY } = geometry;
  const inputs = channels / form.groups;
  const depth = inputs * kernelHeight * kernelWidth;
  const windows = rows * columns;
  const pointwise = kernelHeight * kernelWidth === 1 && strideX * strideY === 1 && rows === height && columns === width;
  const most = Math.max(WINDOWS, Math.floor(PATCHES / Math.max(depth, 1)));
  // Whole samples if they fit, else about equal parts of one.
  const block = pointwise ? windows : windows <= most ? windows * Math.floor(most / windows) : Math.ceil(windows / Math.ceil(windows / most));
  return { geometry, groups: form.groups, outputs: y.shape[1]! / form.groups, inputs, depth, windows, total: samples * windows, block, pointwise };
}

const none = new Float32Array(0);

/** Calls `use` for each block of a group's windows, with its patches of x unless x is null. */
function eachBlock(p: Plan, group: number, x: FloatArray | null, use: (patches: FloatArray, at: number, from: number, length: number) => void): void {
  for (let from = 0; from < p.total; ) {
    const within = p.block > p.windows ? p.total : (Math.floor(from / p.windows) + 1) * p.windows;
    const length = Math.min(p.block, within - from);
    if (x === null) use(none, 0, from, length);
    else if (p.pointwise) use(x, imageAt(p, group, from), from, length);
    else {
      const patches = scratch("patches", x, p.depth * length);
      gatherPatches(x, patches, p.geometry, group * p.inputs, p.inputs, from, from + length);
      use(patches, 0, from, length);
    }
    from += length;
  }
}

/** Where the group's channels of a pointwise block begin in the image. */
function imageAt(p: Plan, group: number, from: number): number {
  return from * p.geometry.channels + group * p.inputs * p.windows;
}

/** Where a block that is one whole sample begins in y, -1 for others: those lie in pieces. */
function placeOf(p: Plan, group: number, from: number, length: number): number {
  return length === p.windows ? (from * p.groups + group * p.windows) * p.outputs : -1;
}

/** Copies the group's channels of a block of windows from y, or to it. */
function moveBlock(p: Plan, group: number, from: number, length: number, block: FloatArray, y: FloatArray, toY: boolean): void {
  const { windows, outputs, groups } = p;
  for (let o = 0; o < outputs; o++) {
    for (let q = from, at = o * length; q < from + length; ) {
      const sample = Math.floor(q / windows);
      const run = Math.min(from + length, (sample + 1) * windows) - q;
      const place = ((sample * groups + group) * outputs + o) * windows + q - sample * windows;
      if (toY) y.set(block.subarray(at, at + run), place);
      else block.set(y.subarray(place, place + run), at);
      at += run;
      q += run;
    }
  }
}

type Use = "patches" | "block" | "sum";
const kept: Partial<Record<`${Use}${number}`, FloatArray>> = {};
/** Larger scratch is not kept. */
const KEPT = 1 << 20;

/** Scratch of one precision for one use, kept from call to call. What is in it is left from before. */
function scratch(use: Use, { BYTES_PER_ELEMENT }: FloatArray, size: number): FloatArray {
  const key = `${use}${BYTES_PER_ELEMENT}` as const;
  const found = kept[key];
  if (found !== undefined && found.length >= size) return found;
  const made = BYTES_PER_ELEMENT === 4 ? new Float32Array(size) : new Float64Array(size);
  if (size <= KEPT) kept[key] = made;
  return made;
}
