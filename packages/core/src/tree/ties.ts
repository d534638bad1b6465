import { another } from "../another.js";
import { Tensor } from "../tensor.js";

/**
 * While f runs, an operator passes it other values in place of an argument's leaves. Where one array lies at several
 * places of an argument, each place gets a value of its own, since gradients are per place; for as long as f runs, these
 * values are known as one array. Two arguments are two variables, also where one array is passed as both, and what f
 * captures is none of them.
 */
class Scope {
  /** By value, what is the same for all places of one array. */
  readonly arrays = new WeakMap<object, object>();

  constructor(readonly outer: Scope | null) {}
}

let current: Scope | null = null;

/** Runs f; what it, and what calls it, says with `standFor` holds until it returns. */
export function withTies<R>(f: () => R): R {
  const outer = current;
  current = new Scope(outer);
  try {
    return f();
  } finally {
    current = outer;
  }
}

/**
 * The same for all places of one argument at which an array lies, while f runs as elsewhere: the array itself, or what
 * stands for it. For what is done once to each array, as by optimisers.
 *
 * @example
 * const w = tensor([1, 2]);
 * const f = (m) => sum(identityOf(m.a) === identityOf(m.b) ? m.a : m.b);
 * gradient(f, AutoTape(), { a: w, b: w })[0].a.toArray() // [1, 1]
 */
export function identityOf(leaf: unknown): unknown {
  if (typeof leaf !== "object" || leaf === null) return leaf;
  for (let scope = current; scope !== null; scope = scope.outer) {
    const array = scope.arrays.get(leaf);
    if (array !== undefined) return array;
  }
  return leaf;
}

/** Says that a value stands for one of the places of an array. */
export function standFor(value: unknown, array: object): void {
  if (typeof value === "object" && value !== null) current?.arrays.set(value, array);
}

/** What an engine passes f in place of a leaf, as one of the places of an array: another object than the leaf. */
export function placeOf(value: unknown, leaf: unknown, array: object | undefined): unknown {
  if (array === undefined) return value;
  const own = value === leaf && value instanceof Tensor ? another(value) : value;
  standFor(own, array);
  return own;
}

/** For each leaf of a tree what stands for its array, undefined for one that lies there once; null where all do. */
export function tiesOf(leaves: readonly unknown[], counts: (leaf: object, i: number) => boolean = () => true): readonly (object | undefined)[] | null {
  const seen = new Set<unknown>();
  const tied = new Map<unknown, object>();
  const identities = leaves.map((leaf, i) => (typeof leaf === "object" && leaf !== null && counts(leaf, i) ? identityOf(leaf) : undefined));
  for (const array of identities) {
    if (array === undefined) continue;
    if (!seen.has(array)) seen.add(array);
    else if (!tied.has(array)) tied.set(array, {});
  }
  return tied.size === 0 ? null : identities.map((array) => tied.get(array));
}
