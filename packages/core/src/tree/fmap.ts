import { isTypedArray } from "../dtype.js";
import { TreeError } from "../errors.js";
import { checkOptions } from "../options.js";
import { Tensor } from "../tensor.js";
import type { Form } from "./forms.js";
import { open, type Opened } from "./functor.js";
import { enter, keysOf, showPath, showPlace, type Place } from "./place.js";
import { identityOf, standFor } from "./ties.js";
import { vendorLeaf } from "./vendor.js";

export interface FmapOptions {
  /** More leaves: what this holds of goes to f whole. */
  exclude?(node: unknown): boolean;
  /** Replaces second and later occurrences of an array or container, instead of their first result. */
  readonly prune?: unknown;
  /** Results by identity, to share between calls; null gives every place its own result. A new Map unless said. */
  readonly cache?: Map<object, unknown> | null;
}

/**
 * A tree of the same types with f of each leaf, inert ones too. Further trees give f further arguments: they need at
 * least the same children, and where one has null or nothing, f gets null for every leaf below. An array or container
 * that occurs at several places is mapped once, with the others of the first place, and stays one object. Inside of a
 * differentiated function each place has a value of its own, which is mapped; `identityOf` tells which are one array.
 *
 * @throws TreeError where a further tree lacks a child, or for a tree that contains itself.
 * @example
 * const halve = (x, dx) => (x instanceof Tensor ? sub(x, div(dx, 2)) : x);
 * fmap(halve, { w: tensor([4, 2]), name: "m" }, { w: tensor([2, 2]), name: null }) // { w: [3, 1], name: "m" }
 */
export function fmap<T, R = T>(f: (leaf: unknown, ...others: unknown[]) => unknown, tree: T, ...trees: readonly unknown[]): R {
  return fmapWith({}, f, tree, ...trees);
}

/** `fmap` with options. */
export function fmapWith<T, R = T>(options: FmapOptions, f: (leaf: unknown, ...others: unknown[]) => unknown, tree: T, ...trees: readonly unknown[]): R {
  return new Walk(checkOptions("fmapWith", options, ["exclude", "prune", "cache"]), (_place, leaf, others) => f(leaf, ...others)).visit(tree, trees, null) as R;
}

/**
 * `fmap` with the path to each leaf first: its keys from the root.
 *
 * @example
 * fmapWithPath((path, x) => path.join("/"), { a: [1, 2] }) // { a: ["a/0", "a/1"] }
 */
export function fmapWithPath<T, R = T>(
  f: (path: readonly unknown[], leaf: unknown, ...others: unknown[]) => unknown,
  tree: T,
  ...trees: readonly unknown[]
): R {
  return new Walk({}, (place, leaf, others) => f(keysOf(place), leaf, ...others)).visit(tree, trees, null) as R;
}

class Walk {
  private readonly cache: Map<object, unknown> | null;
  private readonly arrays = new Map<object, object>();

  constructor(
    private readonly options: FmapOptions,
    private readonly f: (place: Place | null, leaf: unknown, others: readonly unknown[]) => unknown,
  ) {
    this.cache = options.cache === undefined ? new Map() : options.cache;
  }

  visit(node: unknown, others: readonly unknown[], above: Place | null): unknown {
    const opened = this.options.exclude?.(node) === true ? null : open(node);
    if (this.cache === null || !hasIdentity(node, opened)) return this.result(node, opened, others, above);
    const array = identityOf(node) as object;
    // While f is differentiated, each place of an array has a value of its own, and a derivative of its own.
    const key = "prune" in this.options ? array : node;
    if (this.cache.has(key)) return "prune" in this.options ? this.options.prune : this.cache.get(key);
    const result = this.result(node, opened, others, above);
    this.cache.set(key, result);
    if (array !== node && result !== node) standFor(result, this.mapped(array));
    return result;
  }

  /** What the results at the places of an array are. */
  private mapped(array: object): object {
    const known = this.arrays.get(array) ?? {};
    this.arrays.set(array, known);
    return known;
  }

  private result(node: unknown, opened: Opened | null, others: readonly unknown[], above: Place | null): unknown {
    if (opened === null) return this.f(above, node, others);
    const { form, children } = opened;
    const place = enter(node as object, form, above);
    const among = others.map((other, k) => childrenOf(other, form, place, k));
    const parts = new Array<unknown>(children.length);
    for (let i = 0; i < children.length; i++) {
      place.at = i;
      parts[i] = this.visit(children[i], among.length === 0 ? among : among.map((child) => child(i)), place);
    }
    return form.rebuild(parts);
  }
}

/** Whether ties are kept by this node: arrays and containers. Functions and the like are simply mapped at each place. */
function hasIdentity(node: unknown, opened: Opened | null): node is object {
  return opened !== null || node instanceof Tensor || isTypedArray(node) || vendorLeaf(node) !== null;
}

/** How a further tree's children stand opposite the first one's. */
function childrenOf(other: unknown, form: Form, place: Place, k: number): (i: number) => unknown {
  if (other === null || other === undefined) return () => null;
  const opened = open(other);
  const found = new Map(opened?.children.map((child, i) => [opened.form.key(i), child]));
  return (i) => {
    const key = form.key(i);
    if (found.has(key)) return found.get(key);
    throw new TreeError(
      `fmap: tree ${k + 2} has nothing at ${showPlace(place)}, where the first tree has a child: at ${showPath(showPlace(place.above))} ` +
        `it is ${opened === null ? "a leaf" : `of type ${opened.form.kind} with ${opened.form.size} children`}. Null stands for a part to skip.`,
    );
  };
}
