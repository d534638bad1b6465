import { TreeError } from "../errors.js";
import type { Form } from "./forms.js";

/** A container that is being walked, and those above it: for paths, and to notice cycles. */
export interface Place {
  readonly node: object;
  readonly form: Form;
  readonly above: Place | null;
  /** The child at which the walk is. */
  at: number;
}

/** Steps down into a container. @throws TreeError if it lies inside itself. */
export function enter(node: object, form: Form, above: Place | null): Place {
  for (let place = above; place !== null; place = place.above) {
    if (place.node === node) {
      const inside = showPlace(above);
      const path = showPlace(place.above);
      throw new TreeError(
        `A tree must not contain itself: ${inside} is the same object as ${path === "" ? "the root" : path}. Break the cycle, ` +
          "opt its class out with leaf(Class), or say its children with functor.",
      );
    }
  }
  return { node, form, above, at: 0 };
}

/** The path from the root to the child at which the walk is, as `.layers[1].weight`. */
export function showPlace(place: Place | null): string {
  return place === null ? "" : showPlace(place.above) + place.form.step(place.at);
}

/** The keys from the root to the child at which the walk is. */
export function keysOf(place: Place | null): unknown[] {
  return place === null ? [] : [...keysOf(place.above), place.form.key(place.at)];
}

/** A path in messages. */
export function showPath(path: string): string {
  return path === "" ? "the root" : path;
}
