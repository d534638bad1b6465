import { fmapWith, functor, isLayer } from "@polyad/core";

/**
 * A tree of the same types whose layers, at whatever depth, have other values in the fields that `change` gives for
 * them. Arrays are shared, and what occurs at several places stays one object.
 *
 * @example
 * const model = [Dropout(0.5, generator(1))];
 * mapLayers(model, () => ({ training: false }))[0].training // false
 */
export function mapLayers<T>(tree: T, change: (fields: object) => object | null): T {
  const cache = new Map<object, unknown>();
  const changed = new Map<unknown, unknown>();
  const layer = (leaf: unknown): unknown => {
    if (!isLayer(leaf)) return leaf;
    if (!changed.has(leaf)) {
      const { children, rebuild } = leaf[functor]()!;
      changed.set(leaf, rebuild({ ...within(children), ...change(children) }));
    }
    return changed.get(leaf);
  };
  const within = <U>(part: U): U => fmapWith({ exclude: isLayer, cache }, layer, part);
  return within(tree);
}
