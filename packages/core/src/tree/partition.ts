import { TreeError } from "../errors.js";
import { fmapWith } from "./fmap.js";
import { flatten, structureDifference } from "./flatten.js";

/**
 * A tree in two: the leaves for which the predicate holds, and the others; each with null in the other's places.
 * `combine` puts them together. Differentiating by the first alone freezes the second.
 *
 * @example
 * const [free, frozen] = partition({ body: 2, head: 3 }, (_leaf, path) => path.startsWith(".head"));
 * const loss = ({ body, head }) => mul(body, mul(head, head));
 * gradient((m) => loss(combine(m, frozen)), AutoTape(), free) // [{ body: null, head: 12 }]
 */
export function partition<T>(tree: T, predicate: (leaf: unknown, path: string) => boolean): [T, T] {
  const { leaves, def } = flatten(tree);
  const { paths } = def;
  const chosen = leaves.map((leaf, i) => predicate(leaf, paths[i]!));
  const part = (which: boolean): T => def.rebuild(leaves.map((leaf, i) => (chosen[i] === which ? leaf : null))) as T;
  return [part(true), part(false)];
}

/**
 * One tree from several of the same structure: at each place the first leaf that is not null.
 *
 * @throws TreeError if the structures differ.
 * @example
 * combine({ a: 1, b: null }, { a: null, b: 2 }) // { a: 1, b: 2 }
 */
export function combine<T>(tree: T, ...trees: readonly NoInfer<T>[]): T {
  const { def } = flatten(tree);
  for (const other of trees) {
    const difference = structureDifference(def, flatten(other).def);
    if (difference !== null) throw new TreeError(`combine: the trees differ at ${difference}.`);
  }
  return fmapWith({ cache: null }, (...leaves) => leaves.find((leaf) => leaf !== null && leaf !== undefined) ?? null, tree, ...trees);
}
