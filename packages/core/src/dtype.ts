import { AutodiffError } from "./errors.js";

/** Element types. `bool` is stored as one byte of 0 or 1. */
export type DType = "float64" | "float32" | "int32" | "bool";

/** What stores the elements of a host tensor. */
export type TypedArray = Float64Array | Float32Array | Int32Array | Uint8Array;

/** A dtype, or the kind of a plain JavaScript number, which never promotes a tensor. */
export type Kind = DType | "number";

const rank: Readonly<Record<DType, number>> = { bool: 0, int32: 1, float32: 2, float64: 3 };

/** The smallest dtype that holds both: bool < int32 < float32 < float64. */
export function promote(a: DType, b: DType): DType {
  return rank[a] >= rank[b] ? a : b;
}

/** Whether values of this dtype carry derivatives. */
export function isFloat(dtype: DType): dtype is "float64" | "float32" {
  return dtype === "float64" || dtype === "float32";
}

/** The dtype that a float function of this dtype returns: floats keep theirs, int and bool give float64. */
export function floatOf(dtype: DType): "float64" | "float32" {
  return isFloat(dtype) ? dtype : "float64";
}

const constructors = { float64: Float64Array, float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;
const bytes: Readonly<Record<DType, number>> = { float64: 8, float32: 4, int32: 4, bool: 1 };

/**
 * V8 keeps typed arrays of up to 64 bytes on its own heap and calls the system's allocator, ten times slower, for larger
 * ones. Those that are still small share a page; it is small, too, because any one of them keeps all of it alive.
 */
const onHeap = 64;
const shareable = 512;
const pageSize = 4096;
let page = new ArrayBuffer(pageSize);
let used = 0;

/** Zeroed storage of its own, for those who may hand it on. */
export function allocateOwn(dtype: DType, size: number): TypedArray {
  return new constructors[dtype](size);
}

/** Zeroed storage for a tensor. */
export function allocate(dtype: DType, size: number): TypedArray {
  const length = size * bytes[dtype];
  const construct = constructors[dtype];
  if (length <= onHeap || length > shareable) return new construct(size);
  if (used + length > pageSize) {
    page = new ArrayBuffer(pageSize);
    used = 0;
  }
  const array = new construct(page, used, size);
  used += (length + 7) & ~7;
  return array;
}

/** The dtype that a typed array stores. A Uint8Array is read as bool. */
export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Int32Array) return "int32";
  return "bool";
}

export function isTypedArray(x: unknown): x is TypedArray {
  return x instanceof Float64Array || x instanceof Float32Array || x instanceof Int32Array || x instanceof Uint8Array;
}

/**
 * A number as its dtype stores it. Nothing is silently truncated: int32 takes 32-bit integers only, bool anything as
 * its truth.
 */
export function storable(who: string, dtype: DType, x: number): number {
  if (dtype === "bool") return x === 0 ? 0 : 1;
  if (dtype === "int32" && (x | 0) !== x) {
    throw new AutodiffError(`${who}: ${x} is not a 32-bit integer. Use dtype "float64", or round it first.`);
  }
  return x;
}

/** Checks a dtype that came from outside the type system. */
export function checkDType(who: string, dtype: string): DType {
  if (Object.hasOwn(rank, dtype)) return dtype as DType;
  throw new AutodiffError(`${who}: unknown dtype "${dtype}". Use one of ${Object.keys(rank).join(", ")}.`);
}
