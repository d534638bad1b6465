import type { Tangents } from "../backend.js";
import { isTypedArray } from "../dtype.js";
import { AutodiffError, ShapeError, TreeError } from "../errors.js";
import { cast } from "../primitives/cast.js";
import { stopGradient } from "../primitives/stopGradient.js";
import { sameShape, showShape } from "../shape.js";
import { describe, hostDevice, isWatched, kindOf, shapeOf, Tensor, tensor, type Value } from "../tensor.js";
import { flatten, type TreeDef } from "../tree/flatten.js";
import { open, type Opened } from "../tree/functor.js";
import { vendorLeaf } from "../tree/vendor.js";

/** What a seed must look like: a tree whose leaves in `slots` belong to `values`. */
export interface SeedShape {
  readonly def: TreeDef;
  readonly leaves: readonly unknown[];
  /** For each leaf its value's place, -1 for none. */
  readonly slots: readonly number[];
  readonly values: readonly Value[];
}

/** A tree of tangents or cotangents as a flat list. It has the keys of its value; null stands for a part that is zero. */
export function seedLike(who: string, seed: unknown, { def, leaves, slots, values }: SeedShape): Tangents {
  if (seed === undefined) throw new AutodiffError(`${who}: expected a seed, a tree like its value; got undefined. Null is zero.`);
  const given: unknown[] = [];
  collect(`${who}: seed`, def.mirror(leaves.map((_, k) => slots[k]! >= 0)), seed, given);
  const tangents: (Value | undefined)[] = values.map(() => undefined);
  slots.forEach((slot, k) => {
    if (slot >= 0) tangents[slot] = seedLeaf(`${who}: seed${def.paths[k]!}`, given[k], values[slot]!);
  });
  return tangents;
}

/** The seed's parts for the leaves of a tree that says of each whether it is differentiated. The others need none. */
function collect(where: string, tree: unknown, seed: unknown, given: unknown[]): void {
  const opened = open(tree);
  if (opened === null) {
    given.push(seed);
    return;
  }
  const { form, children } = opened;
  if (seed === null || seed === undefined) {
    for (const child of children) collect(where, child, null, given);
    return;
  }
  const other = open(seed);
  if (other === null) throw new TreeError(`${where} must be a tree like its value, of type ${form.kind} with ${form.size} children, or null; got ${describe(seed)}.`);
  const parts = new Map(other.children.map((part, i) => [other.form.key(i), part]));
  children.forEach((child, i) => {
    const key = form.key(i);
    if (!parts.has(key) && flatten(child).leaves.includes(true)) throw new TreeError(`${where} has nothing at ${form.step(i)}, where its value has something. Null is zero.`);
    collect(where + form.step(i), child, parts.get(key), given);
    parts.delete(key);
  });
  const [extra] = parts.keys();
  if (parts.size > 0) throw new TreeError(`${where} has something at ${showKey(other, extra)}, where its value has nothing.`);
}

function showKey({ form, children }: Opened, key: unknown): string {
  return form.step(children.findIndex((_, i) => form.key(i) === key));
}

function seedLeaf(where: string, seed: unknown, like: Value): Value | undefined {
  if (seed === null || seed === undefined) return undefined;
  const value = isTypedArray(seed) ? tensor(seed) : (vendorLeaf(seed)?.toTensor() ?? seed);
  if (typeof value !== "number" && !(value instanceof Tensor)) {
    throw new AutodiffError(`${where} must be a number, a tensor or null, got ${describe(seed)}.`);
  }
  if (!sameShape(shapeOf(value), shapeOf(like))) {
    throw new ShapeError(`${where} must have the shape of its value, ${showShape(shapeOf(like))}, got ${showShape(shapeOf(value))}.`);
  }
  const kind = kindOf(like);
  return kindOf(value) === kind ? apart(value) : cast(value, kind);
}

/**
 * x as a tensor of its own: on a device what is one tensor at two places could be freed only once, and a derivative may be
 * the very seed.
 */
export function apart(x: Value): Value {
  return typeof x === "number" || x.device === hostDevice || isWatched(x) ? x : stopGradient(x);
}

/** One seed, or an array of them: an array x has arrays as seeds, which have arrays where x has. */
export function seedsOf(who: string, x: unknown, seed: unknown, read: (seed: unknown) => Tangents): { several: boolean; seeds: Tangents[] } {
  const several = Array.isArray(seed) && !(Array.isArray(x) && looksLike(seed, x));
  if (!several) return { several, seeds: [read(seed)] };
  if (seed.length === 0) throw new AutodiffError(`${who}: expected at least one seed, got an empty array.`);
  return { several, seeds: seed.map(read) };
}

/** Whether an array is a seed for the array x rather than a list of such seeds. */
function looksLike(seed: readonly unknown[], x: readonly unknown[]): boolean {
  return (
    seed.length === x.length &&
    seed.every((s: unknown, i) => {
      const part = x[i];
      return Array.isArray(part) ? s === null || (Array.isArray(s) && looksLike(s, part)) : !Array.isArray(s);
    })
  );
}
