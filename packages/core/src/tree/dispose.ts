import { Tensor } from "../tensor.js";
import { flatten } from "./flatten.js";
import { vendorLeaf } from "./vendor.js";

/**
 * Frees the tensors of a tree that live on a device, other libraries' too, save those that `keep` holds as well: in a loop on a device, the model and
 * state that a step has replaced. What is freed already, host tensors and all else stay as they are. Garbage collection
 * would free them late, or, where a program never rests, not at all.
 *
 * @example
 * const model = { w: tensor([1, 2]), b: tensor(3) };
 * const next = { ...model, w: mul(0.5, model.w) };
 * dispose(model, next);
 * next.w.toArray() // [0.5, 1]
 */
export function dispose(tree: unknown, keep: unknown = null): void {
  const kept = new Set(flatten(keep).leaves);
  for (const leaf of flatten(tree).leaves) if (!kept.has(leaf)) (leaf instanceof Tensor ? leaf : vendorLeaf(leaf))?.dispose();
}
