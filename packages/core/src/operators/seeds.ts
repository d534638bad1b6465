import type { Tangents } from "../backend.js";
import { isTypedArray } from "../dtype.js";
import { AutodiffError, ShapeError, TreeError } from "../errors.js";
import { cast } from "../primitives/cast.js";
import { sameShape, showShape } from "../shape.js";
import { describe, kindOf, shapeOf, Tensor, tensor, type Value } from "../tensor.js";
import { flatten, type TreeDef } from "../tree/flatten.js";

/** What a seed must look like: a tree whose leaves in `slots` belong to `values`. */
export interface SeedShape {
  readonly def: TreeDef;
  readonly leaves: readonly unknown[];
  /** For each leaf its value's place, -1 for none. */
  readonly slots: readonly number[];
  readonly values: readonly Value[];
}

/** A tree of tangents or cotangents as a flat list; null and missing leaves are zeros. */
export function seedLike(who: string, seed: unknown, { def, leaves, slots, values }: SeedShape): Tangents {
  const given = flatten(seed).leaves;
  if (given.length !== leaves.length) {
    throw new TreeError(`${who}: a seed is a tree like its value, with ${leaves.length} leaves; got ${describe(seed)} with ${given.length}.`);
  }
  const tangents: (Value | undefined)[] = values.map(() => undefined);
  slots.forEach((slot, k) => {
    if (slot >= 0) tangents[slot] = seedLeaf(`${who}: seed${def.paths[k]!}`, given[k], values[slot]!);
  });
  return tangents;
}

function seedLeaf(where: string, seed: unknown, like: Value): Value | undefined {
  if (seed === null || seed === undefined) return undefined;
  const value = isTypedArray(seed) ? tensor(seed) : seed;
  if (typeof value !== "number" && !(value instanceof Tensor)) {
    throw new AutodiffError(`${where} must be a number, a tensor or null, got ${describe(seed)}.`);
  }
  if (!sameShape(shapeOf(value), shapeOf(like))) {
    throw new ShapeError(`${where} must have the shape of its value, ${showShape(shapeOf(like))}, got ${showShape(shapeOf(value))}.`);
  }
  const kind = kindOf(like);
  return kindOf(value) === kind ? value : cast(value, kind);
}

/** One seed, or an array of them: whatever has as many leaves as x is one. */
export function seedsOf(who: string, x: unknown, seed: unknown, read: (seed: unknown) => Tangents): { several: boolean; seeds: Tangents[] } {
  const several = Array.isArray(seed) && !(Array.isArray(x) && looksLike(seed, x));
  if (!several) return { several, seeds: [read(seed)] };
  if (seed.length === 0) throw new AutodiffError(`${who}: expected at least one seed, got an empty array.`);
  return { several, seeds: seed.map(read) };
}

/** Whether an array is a seed for the array x rather than a list of such seeds. */
function looksLike(seed: readonly unknown[], x: readonly unknown[]): boolean {
  return seed.length === x.length && seed.every((s, i) => flatten(s).leaves.length === flatten(x[i]).leaves.length && Array.isArray(s) === Array.isArray(x[i]));
}
