import { flatten } from "./flatten.js";

/**
 * All leaves in order, inert ones too, as `flatten` lists them.
 *
 * @example
 * leaves({ a: 1, b: [2, "c"] }) // [1, 2, "c"]
 */
export function leaves(tree: unknown): unknown[] {
  return flatten(tree).leaves;
}
