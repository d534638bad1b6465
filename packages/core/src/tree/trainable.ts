import { open, type Opened } from "./functor.js";
import { enter, type Place } from "./place.js";

/**
 * The key under which a container names those of its fields that are trained: what `params`, `destructure` and
 * optimisers see of it. All fields, where it is absent. Gradients are of all fields all the same.
 */
export const trainable: unique symbol = Symbol.for("@polyad/core/trainable") as typeof trainable;

/** A leaf that is trained. */
export interface TrainableLeaf {
  readonly leaf: unknown;
  /** Its place among all leaves, as `flatten` orders them. */
  readonly index: number;
}

/** The leaves that are trained, in order: those that no container above keeps from it. Kinds and dtypes are not looked at. */
export function trainableLeaves(tree: unknown): TrainableLeaf[] {
  const found: TrainableLeaf[] = [];
  let index = 0;
  const walk = (node: unknown, opened: Opened | null, above: Place | null, trained: boolean): void => {
    if (opened === null) {
      if (trained) found.push({ leaf: node, index });
      index++;
      return;
    }
    const place = enter(node as object, opened.form, above);
    const fields = trainableFields(node);
    opened.children.forEach((child, i) => {
      place.at = i;
      walk(child, open(child), place, trained && (fields === null || fields.includes(opened.form.key(i) as string)));
    });
  };
  walk(tree, open(tree), null, true);
  return found;
}

/** The fields that a container says are trained; null for all. */
function trainableFields(node: unknown): readonly string[] | null {
  return (node as { readonly [trainable]?: readonly string[] })[trainable] ?? null;
}
