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

/** Zeroed storage. */
export function allocate(dtype: DType, size: number): TypedArray {
  switch (dtype) {
    case "float64":
      return new Float64Array(size);
    case "float32":
      return new Float32Array(size);
    case "int32":
      return new Int32Array(size);
    case "bool":
      return new Uint8Array(size);
  }
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

/** Checks a dtype that came from outside the type system. */
export function checkDType(who: string, dtype: string): DType {
  if (Object.hasOwn(rank, dtype)) return dtype as DType;
  throw new AutodiffError(`${who}: unknown dtype "${dtype}". Use one of ${Object.keys(rank).join(", ")}.`);
}
