import { TreeError } from "../errors.js";
import type { Form } from "./forms.js";
import { open, type Opened } from "./functor.js";
import { enter, showPath, type Place } from "./place.js";

/** The structure of a tree without its leaves. */
export interface TreeDef {
  /** Number of leaves. */
  readonly size: number;
  /** Where each leaf lies, as `.layers[1].weight`; the root is the empty string. */
  readonly paths: readonly string[];
  /** A tree of the same types around other leaves. */
  rebuild(leaves: readonly unknown[]): unknown;
  /** The plain tree (arrays, plain objects, Maps) that a gradient is. */
  mirror(leaves: readonly unknown[]): unknown;
}

/**
 * All leaves in order, inert ones too, and the structure around them. Arrays go by index, objects and Maps in order of
 * insertion. An object that occurs twice has its leaves twice. What `stop` holds of is a leaf, too.
 *
 * @throws TreeError for a tree that contains itself.
 * @example
 * flatten({ a: 1, b: [2, "c"] }).leaves // [1, 2, "c"]
 */
export function flatten(tree: unknown, stop: (x: unknown) => boolean = never): { leaves: unknown[]; def: TreeDef } {
  const opened = typeof tree === "number" || stop(tree) ? null : open(tree);
  if (opened === null) return { leaves: [tree], def: leafDef };
  const leaves: unknown[] = [];
  return { leaves, def: walk(tree as object, opened, null, leaves, stop) };
}

/** The tree with this structure around these leaves. @throws TreeError unless their number fits. */
export function unflatten(def: TreeDef, leaves: readonly unknown[]): unknown {
  return def.rebuild(leaves);
}

/** Whether two trees have the same containers with the same keys, whatever their leaves. */
export function sameStructure(a: TreeDef, b: TreeDef): boolean {
  return a === b || structureDifference(a, b) === null;
}

/** `sameStructure` without words, for what is asked at every call: false may also mean the same keys in another order. */
export function sameForm(a: TreeDef, b: TreeDef): boolean {
  if (a === b) return true;
  if (!(a instanceof NodeDef) || !(b instanceof NodeDef)) return false;
  if (a.form.size !== b.form.size || a.form.kind !== b.form.kind) return false;
  for (let i = 0; i < a.form.size; i++) {
    if (!Object.is(a.form.key(i), b.form.key(i)) || !sameForm(a.child(i), b.child(i))) return false;
  }
  return true;
}

/**
 * For each leaf of a tree, its place among the leaves of another that has the same keys, in whatever order.
 * @throws TreeError where a key has nothing opposite.
 */
export function placesIn(who: string, other: TreeDef, def: TreeDef): number[] {
  if (sameStructure(def, other)) return Array.from({ length: def.size }, (_, i) => i);
  const places = new Map(other.paths.map((path, i) => [path, i]));
  return def.paths.map((path) => {
    const place = places.get(path);
    if (place === undefined) throw new TreeError(`${who}: there is nothing at ${showPath(path)}, where the other tree has a leaf.`);
    return place;
  });
}

/** Where and how two structures first differ, in words; null if they do not. */
export function structureDifference(a: TreeDef, b: TreeDef, path = ""): string | null {
  if (!(a instanceof NodeDef) || !(b instanceof NodeDef)) {
    return a instanceof NodeDef === b instanceof NodeDef ? null : `${showPath(path)}: ${kindOf(a)} against ${kindOf(b)}`;
  }
  if (a.form.kind !== b.form.kind) return `${showPath(path)}: ${kindOf(a)} against ${kindOf(b)}`;
  for (let i = 0; i < Math.max(a.form.size, b.form.size); i++) {
    const [here, there] = [a, b].map(({ form }) => (i < form.size ? form.step(i) : "nothing"));
    if (here !== there) return `${showPath(path)}: ${here} against ${there}`;
    const difference = structureDifference(a.child(i), b.child(i), path + here);
    if (difference !== null) return difference;
  }
  return null;
}

function kindOf(def: TreeDef): string {
  return def instanceof NodeDef ? def.form.kind : "leaf";
}

/** The structure of a single leaf, the same for all. */
const leafDef: TreeDef = {
  size: 1,
  paths: Object.freeze([""]),
  rebuild: single,
  mirror: single,
};

function single(leaves: readonly unknown[]): unknown {
  if (leaves.length !== 1) throw misfit(1, leaves.length);
  return leaves[0];
}

class NodeDef implements TreeDef {
  constructor(
    readonly size: number,
    readonly form: Form,
    /** The children's structures; null if all are leaves. */
    private readonly children: readonly TreeDef[] | null,
  ) {}

  child(i: number): TreeDef {
    return this.children === null ? leafDef : this.children[i]!;
  }

  get paths(): readonly string[] {
    return Array.from({ length: this.form.size }, (_, i) => this.child(i).paths.map((rest) => this.form.step(i) + rest)).flat();
  }

  rebuild(leaves: readonly unknown[]): unknown {
    if (leaves.length !== this.size) throw misfit(this.size, leaves.length);
    return this.rebuildFrom(leaves, 0);
  }

  mirror(leaves: readonly unknown[]): unknown {
    if (leaves.length !== this.size) throw misfit(this.size, leaves.length);
    return this.mirrorFrom(leaves, 0);
  }

  private rebuildFrom(leaves: readonly unknown[], start: number): object {
    const { children } = this;
    if (children === null) return this.form.rebuild(leaves.slice(start, start + this.size));
    const parts = new Array<unknown>(children.length);
    let at = start;
    for (let i = 0; i < children.length; i++) {
      const child = children[i]!;
      parts[i] = child instanceof NodeDef ? child.rebuildFrom(leaves, at) : leaves[at];
      at += child.size;
    }
    return this.form.rebuild(parts);
  }

  private mirrorFrom(leaves: readonly unknown[], start: number): object {
    const { children } = this;
    if (children === null) return this.form.mirror(leaves.slice(start, start + this.size));
    const parts = new Array<unknown>(children.length);
    let at = start;
    for (let i = 0; i < children.length; i++) {
      const child = children[i]!;
      parts[i] = child instanceof NodeDef ? child.mirrorFrom(leaves, at) : leaves[at];
      at += child.size;
    }
    return this.form.mirror(parts);
  }
}

function walk(tree: object, { form, children }: Opened, above: Place | null, leaves: unknown[], stop: (x: unknown) => boolean): NodeDef {
  const place = enter(tree, form, above);
  const before = leaves.length;
  let defs: TreeDef[] | null = null;
  for (let i = 0; i < children.length; i++) {
    const child = children[i];
    const opened = typeof child === "number" || stop(child) ? null : open(child);
    if (opened === null) {
      leaves.push(child);
    } else {
      place.at = i;
      defs ??= new Array<TreeDef>(children.length).fill(leafDef);
      defs[i] = walk(child as object, opened, place, leaves, stop);
    }
  }
  return new NodeDef(leaves.length - before, form, defs);
}

function never(): boolean {
  return false;
}

function misfit(expected: number, got: number): TreeError {
  return new TreeError(`unflatten: expected ${expected} leaves for this structure, got ${got}.`);
}
