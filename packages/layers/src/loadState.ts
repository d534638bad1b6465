import { all, equal, flatten, generator, RandomGenerator, scope, Tensor, vendorLeaf, zeros, type Const, type functor } from "@polyad/core";
import type { ArrayLeaf } from "./arrays.js";
import { isTypedArray } from "./collate.js";
import { constantArray, fit, namedLeaves, storedOf, type Stored } from "./stored.js";

/** What `state` gives for a T. */
export type State<T> = unknown extends T
  ? unknown
  : T extends Const<infer U>
    ? U extends ArrayLeaf ? U : null
    : T extends ArrayLeaf | RandomGenerator | string | number | boolean | bigint
      ? T
      : T extends ReadonlyMap<infer K, infer V>
        ? Map<K, State<V>>
        : T extends { readonly [functor]: () => { readonly children: infer C } | null }
          ? State<C>
          : T extends object
            ? T extends (...args: never[]) => unknown ? null : { -readonly [K in keyof T]: State<T[K]> }
            : null;

/**
 * What a model knows, in arrays, plain objects and Maps: its arrays, numbers, strings and truth values; null for all else,
 * such as activations. Generators and typed arrays are copied, so that later draws and writes do not change it.
 *
 * @example
 * state({ w: tensor([1, 2]), n: 3, act: tanh }) // { w: [1, 2], n: 3, act: null }
 */
export function state<T>(model: T): State<T> {
  const { leaves, def } = flatten(model);
  const copies = new Map<unknown, unknown>();
  return def.mirror(
    leaves.map((leaf) => {
      if (!copies.has(leaf)) copies.set(leaf, plain(leaf));
      return copies.get(leaf);
    }),
  ) as State<T>;
}

function plain(leaf: unknown): unknown {
  const x = constantArray(leaf) ?? leaf;
  if (x instanceof RandomGenerator) return generator(x.state());
  if (isTypedArray(x)) return x instanceof Uint8Array ? Uint8Array.from(x) : x.slice(); // a Buffer's slice is no copy
  return x instanceof Tensor || vendorLeaf(x) !== null || (typeof x !== "object" && typeof x !== "function" && typeof x !== "symbol" && x !== undefined) ? x : null;
}

/**
 * The model with the numbers of a state, as `state` gives it, or of another model of the same structure. What is no
 * number stays the model's: activations, strings, modes. No bias, which is null, and a bias of zeros are the same.
 *
 * @throws TreeError that lists, by path, what is missing, of another dtype or shape, tied in one only, or nowhere in the
 * model.
 * @example
 * loadState({ w: zeros([2]), act: relu }, { w: tensor([1, 2]), act: null }) // { w: [1, 2], act: relu }
 */
export function loadState<T>(model: T, from: unknown): T {
  return scope(() => {
    const stored = biasesLike(model, from, storedOf("loadState", from));
    return fit({ who: "loadState", source: "the state", target: "the model" }, model, stored);
  });
}

/** What is stored, with zeros for a bias that only the model has, and without one of zeros that it does not have. */
function biasesLike(model: unknown, from: unknown, { tensors, ties }: Stored): Stored {
  const there = new Map(namedLeaves("loadState", from).map(({ name, leaf }) => [name, leaf]));
  const adapted = new Map(tensors);
  for (const { name, path, leaf } of namedLeaves("loadState", model)) {
    if (!/bias$/i.test(String(path.at(-1)))) continue;
    const x = tensors.get(name);
    if (leaf instanceof Tensor && there.get(name) === null) adapted.set(name, zeros(leaf.shape, leaf.dtype));
    else if (leaf === null && x !== undefined && all(equal(x, 0)).item() === 1) adapted.delete(name);
  }
  return { tensors: adapted, ties };
}
