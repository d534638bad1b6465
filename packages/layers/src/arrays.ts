import { Tensor, tensor, vendorLeaf, type LeafTypes } from "@polyad/core";
import { isTypedArray } from "./collate.js";

/** An array that lies in a tree: a tensor, a typed array, or that of another library, which `registerLeaf` made known. */
export type ArrayLeaf = { [K in keyof LeafTypes]: LeafTypes[K][1] extends Tensor ? LeafTypes[K][0] : never }[keyof LeafTypes];

/** An array as a tensor, null for what is none. A typed array is a vector. */
export function tensorOf(leaf: unknown): Tensor | null {
  if (leaf instanceof Tensor) return leaf;
  if (isTypedArray(leaf)) return tensor(leaf);
  return vendorLeaf(leaf)?.toTensor() ?? null;
}

/** A tensor in the form of the array that it replaces. */
export function inFormOf(leaf: unknown, x: Tensor): ArrayLeaf {
  if (leaf instanceof Tensor) return x;
  return (vendorLeaf(leaf)?.fromTensor(x) as ArrayLeaf | undefined) ?? x.dataSync();
}
