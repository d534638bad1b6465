import { TreeError } from "../errors.js";
import { open } from "./functor.js";
import { enter, showPath, showPlace, type Place } from "./place.js";

/**
 * What lies at a path of keys from the root.
 *
 * @throws TreeError if there is nothing.
 * @example
 * getPath({ layers: [{ weight: 5 }] }, ["layers", 0, "weight"]) // 5
 */
export function getPath(tree: unknown, path: readonly unknown[]): unknown {
  let node = tree;
  let place: Place | null = null;
  for (const key of path) {
    const { children, next } = step("getPath", node, key, place);
    place = next;
    node = children[next.at];
  }
  return node;
}

/**
 * A tree of the same types with another value at a path. What does not lie on the path is shared, not copied.
 *
 * @throws TreeError if there is nothing at the path.
 * @example
 * setPath({ layers: [{ weight: 5 }] }, ["layers", 0, "weight"], 7) // { layers: [{ weight: 7 }] }
 */
export function setPath<T>(tree: T, path: readonly unknown[], value: unknown): T {
  return set(tree, path, value, null) as T;
}

function set(node: unknown, path: readonly unknown[], value: unknown, above: Place | null): unknown {
  if (path.length === 0) return value;
  const { children, next } = step("setPath", node, path[0], above);
  const parts = [...children];
  parts[next.at] = set(parts[next.at], path.slice(1), value, next);
  return next.form.rebuild(parts);
}

/** One key down. */
function step(who: string, node: unknown, key: unknown, above: Place | null): { children: readonly unknown[]; next: Place } {
  const opened = open(node);
  const keys = opened?.children.map((_, i) => opened.form.key(i)) ?? [];
  const at = keys.indexOf(key);
  if (opened === null || at < 0) {
    const here = opened === null ? "is a leaf" : keys.length === 0 ? "is empty" : `has ${keys.slice(0, 12).map(String).join(", ")}${keys.length > 12 ? ", …" : ""}`;
    throw new TreeError(`${who}: there is no ${showKey(key)} at ${showPath(showPlace(above))}, which ${here}.`);
  }
  const next = enter(node as object, opened.form, above);
  next.at = at;
  return { children: opened.children, next };
}

function showKey(key: unknown): string {
  return typeof key === "string" ? JSON.stringify(key) : String(key);
}
