import { AutodiffError, broadcastTo, flatten, fmap, identityOf, ShapeError, Tensor, trace, trainableLeaves, vendorLeaf, zeros, type DType, type Shape, type TypedArray } from "@polyad/core";
import { tensorOf } from "./arrays.js";
import type { Result } from "./layerFunctions.js";
import { testMode } from "./mode.js";

/** What a model holds its numbers in. */
export type StoredArray = Tensor | TypedArray;

/** The arrays of a model, each once, however often it occurs. */
export interface Arrays {
  /** The parameters: what optimisers train. */
  readonly trained: readonly StoredArray[];
  readonly others: readonly StoredArray[];
}

/**
 * How many numbers a model trains: the elements of its float arrays, without those that `trainable` leaves out, such as
 * running statistics. An array that occurs at several places counts once.
 *
 * @example
 * parameterCount(Chain(Dense(1, 20, sigmoid), Dense(20, 1))) // 61
 */
export function parameterCount(model: unknown): number {
  return elementCount(arraysOf(model).trained);
}

/**
 * The bytes of all arrays of a model, trained or not: of their elements alone, each array once. (The last line of a printed
 * model counts as Julia does.)
 *
 * @example
 * byteSize(Chain(Dense(1, 20, sigmoid), Dense(20, 1))) // 244
 */
export function byteSize(model: unknown): number {
  const { trained, others } = arraysOf(model);
  return [...trained, ...others].reduce((total, x) => total + bytesOf(x), 0);
}

export interface OutputSizeOptions {
  /** Of the input: that of the model's first parameter unless said. int32 for a model that begins with an Embedding. */
  readonly dtype?: DType | undefined;
  /** How many samples of these shapes there are: an axis of this length is put first. */
  readonly batch?: number | undefined;
}

/** A result's shape, or a tree of shapes. */
export type Sizes<R> = R extends Tensor | number ? Shape : R extends readonly unknown[] | Readonly<Record<string, unknown>> ? { [K in keyof R]: Sizes<R[K]> } : R;

/**
 * The shape of what a model gives for inputs of this shape, or of these shapes, without computing it. Of several results, a
 * tree of shapes.
 *
 * @throws ShapeError that names the layer at which sizes do not fit.
 * @example
 * outputSize(Chain(Dense(784, 128, relu), Dense(128, 10)), [784], { batch: 32 }) // [32, 10]
 */
export function outputSize<F extends Function>(model: F, input: Shape | readonly Shape[], { dtype, batch }: OutputSizeOptions = {}): Sizes<Result<F>> {
  if (typeof model !== "function") throw new AutodiffError(`outputSize: expected a model first, which is a function, got ${String(model)}.`);
  if (!Array.isArray(input)) throw new ShapeError(`outputSize: expected the shape of the input, as [784], or a list of shapes, got ${String(input)}.`);
  const given: readonly Shape[] = input.length > 0 && input.every((shape) => Array.isArray(shape)) ? input : [input as Shape];
  const shapes = given.map((shape) => (batch === undefined ? shape : [batch, ...shape]));
  if (!shapes.flat().every((n) => Number.isInteger(n) && n >= 0)) {
    const text = shapes.map((shape) => `[${shape.map(String).join(", ")}]`).join(" and ");
    throw new ShapeError(`outputSize: expected whole numbers of at least 0 as the sizes of the input, got ${text}. How many samples there are is an option: { batch: 32 }.`);
  }
  const like = arraysOf(model).trained.find((x) => x instanceof Tensor);
  const inUse = testMode(model);
  let result: unknown;
  trace(
    (x: Tensor) => {
      const y: unknown = inUse(...shapes.map((shape) => broadcastTo(x, shape)));
      result = fmap((leaf) => (leaf instanceof Tensor ? leaf.shape : typeof leaf === "number" ? [] : leaf), y);
    },
    zeros([], dtype ?? like?.dtype ?? "float32"),
  );
  return result as Sizes<Result<F>>;
}

/** The arrays of a tree by what becomes of them. */
export function arraysOf(tree: unknown): Arrays {
  const arrays = new Map<unknown, unknown>(); // of other libraries' a view
  const own = (leaf: unknown): unknown => {
    const array = identityOf(leaf);
    if (!arrays.has(array)) arrays.set(array, vendorLeaf(leaf) === null ? leaf : tensorOf(leaf));
    return arrays.get(array);
  };
  const trained = new Set(trainableLeaves(tree).map(({ leaf }) => own(leaf)).filter(isFloatArray));
  const all = new Set(flatten(tree).leaves.map(own).filter(isArray));
  return { trained: [...trained], others: [...all].filter((x) => !trained.has(x)) };
}

export function elementCount(arrays: readonly StoredArray[]): number {
  return arrays.reduce((total, x) => total + (x instanceof Tensor ? x.size : x.length), 0);
}

/** The elements; null for what cannot be read here and now. */
export function elementsOf(x: StoredArray): TypedArray | null {
  if (!(x instanceof Tensor)) return x;
  return x.trace === null && x.device.reads === "sync" ? x.dataSync() : null;
}

/**
 * The size of a model as Julia's `summarysize` has it: 40 + 8·ndim bytes for an array's header besides its elements, and 8
 * for each number or symbol that a layer holds apart from arrays.
 */
export function summarySize(model: unknown): number {
  const { trained, others } = arraysOf(model);
  const headers = [...trained, ...others].reduce((total, x) => total + 40 + 8 * (x instanceof Tensor ? x.ndim : 1), 0);
  return byteSize(model) + headers + 8 * words(model);
}

/** How many numbers and symbols lie in a tree, those marked as constant too. */
function words(tree: unknown): number {
  return flatten(tree).leaves.reduce<number>((total, leaf) => {
    if (typeof leaf === "number" || typeof leaf === "symbol") return total + 1;
    const constant = typeof leaf === "object" && leaf !== null && "activity" in leaf && "value" in leaf;
    return total + (constant ? words(leaf.value) : 0);
  }, 0);
}

const widths: Readonly<Record<DType, number>> = { float64: 8, float32: 4, int32: 4, bool: 1 };

function bytesOf(x: StoredArray): number {
  return x instanceof Tensor ? x.size * widths[x.dtype] : x.byteLength;
}

function isArray(x: unknown): x is StoredArray {
  return x instanceof Tensor || isFloatArray(x) || x instanceof Int32Array || x instanceof Uint8Array;
}

function isFloatArray(x: unknown): x is StoredArray {
  if (x instanceof Tensor) return x.dtype === "float64" || x.dtype === "float32";
  return x instanceof Float64Array || x instanceof Float32Array;
}
