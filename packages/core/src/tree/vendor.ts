import { AutodiffError } from "../errors.js";
import type { Tensor } from "../tensor.js";

/**
 * How another library's arrays are leaves of trees. Inside a differentiated function such a leaf is a Tensor; its
 * gradient is the library's own again. Pair it with an entry of `LeafTypes`, so that the types follow.
 */
export interface LeafAdapter<T extends object> {
  /** Names the kind in messages, and identifies the registration. */
  readonly kind: string;
  match(x: object): x is T;
  toTensor(x: T): Tensor;
  /** A tensor's values in the form of `like`. */
  fromTensor(x: Tensor, like: T): T;
  /** Frees an array that takes more than garbage collection; what is freed already stays as it is. */
  dispose?(x: T): void;
}

/** An adapter whose leaf is known to match. */
export interface VendorLeaf {
  readonly kind: string;
  toTensor(): Tensor;
  fromTensor(x: Tensor): object;
  dispose(): void;
}

const adapters: { readonly kind: string; adapt(x: object): VendorLeaf | null }[] = [];

/**
 * Makes a library's arrays leaves that can be differentiated. A second registration of a kind replaces the first.
 *
 * @example
 * registerLeaf({
 *   kind: "tfjs",
 *   match: (x): x is tf.Tensor => x instanceof tf.Tensor,
 *   toTensor: (x) => tensor(x.dataSync() as Float32Array, x.shape),
 *   fromTensor: (x) => tf.tensor(x.dataSync(), [...x.shape]),
 * });
 */
export function registerLeaf<T extends object>(adapter: LeafAdapter<T>): void {
  if (typeof adapter.match !== "function") throw new AutodiffError("registerLeaf: expected { kind, match, toTensor, fromTensor }.");
  const { kind } = adapter;
  const adapt = (x: object): VendorLeaf | null =>
    adapter.match(x) ? { kind, toTensor: () => adapter.toTensor(x), fromTensor: (t) => adapter.fromTensor(t, x), dispose: () => adapter.dispose?.(x) } : null;
  const known = adapters.findIndex((other) => other.kind === kind);
  adapters.splice(known < 0 ? adapters.length : known, 1, { kind, adapt });
}

/**
 * The leaf that a registered library sees in x, with its ways to a tensor and back; null for none.
 *
 * @example
 * vendorLeaf(tensor([1, 2])) // null
 */
export function vendorLeaf(x: unknown): VendorLeaf | null {
  if (adapters.length === 0 || typeof x !== "object" || x === null) return null;
  for (const { adapt } of adapters) {
    const found = adapt(x);
    if (found !== null) return found;
  }
  return null;
}

export function isVendorLeaf(x: object): boolean {
  return adapters.length > 0 && vendorLeaf(x) !== null;
}
