import { fmapWith, ShapeError, stack, Tensor, tensor, TreeError, type TypedArray } from "@polyad/core";

/** A batch of samples of type S: tensors with one more axis in front, strings and the like in arrays. */
export type Collated<S> = S extends Tensor | TypedArray | number | boolean
  ? Tensor
  : S extends string | null | undefined | ((...args: never[]) => unknown)
    ? S[]
    : S extends object
      ? { -readonly [K in keyof S]: Collated<S[K]> }
      : S[];

/**
 * Samples of one structure as one batch of that structure: tensors and typed arrays are stacked along a new first axis,
 * numbers and truth values become vectors, anything else an array.
 *
 * @throws TreeError or ShapeError for samples that differ in structure or shape.
 * @example
 * collate([{ x: tensor([1, 2]), y: 0 }, { x: tensor([3, 4]), y: 1 }]) // { x: [[1, 2], [3, 4]], y: [0, 1] }
 */
export function collate<S>(samples: readonly S[]): Collated<S> {
  const [first, ...others] = samples;
  try {
    return fmapWith<unknown, Collated<S>>({ cache: null }, (...leaves) => join(leaves), first, ...others);
  } catch (error) {
    if (error instanceof TreeError) throw new TreeError(`collate: samples differ in structure, so that they are no batch. Columns, one for each argument, are tensors. ${error.message}`, { cause: error });
    throw error instanceof ShapeError ? new ShapeError(`collate: samples differ in shape, so that they are no batch. ${error.message}`, { cause: error }) : error;
  }
}

function join(leaves: readonly unknown[]): unknown {
  if (leaves.every((x) => typeof x === "number" || typeof x === "boolean")) return tensor(leaves);
  if (leaves.every((x) => x instanceof Tensor || isTypedArray(x))) return stack(leaves.map((x) => (x instanceof Tensor ? x : tensor(x))));
  return leaves;
}

export function isTypedArray(x: unknown): x is TypedArray {
  return x instanceof Float64Array || x instanceof Float32Array || x instanceof Int32Array || x instanceof Uint8Array;
}
