import { fmapWith, getPath, TreeError } from "@polyad/core";
import { isParameterState, parameterStates, type ParameterState } from "./parameterState.js";

/**
 * The state tree with f of the nodes that lie at a path or below it. A node that lies at several places is changed at all
 * of them: it belongs to one array.
 *
 * @throws TreeError for what is no state tree, or if there is nothing at the path.
 */
export function changeStates<S>(who: string, state: S, path: readonly unknown[], f: (node: ParameterState) => ParameterState): S {
  parameterStates(who, state);
  const changed = new Map<unknown, ParameterState>();
  for (const node of parameterStates(who, partAt(who, state, path))) changed.set(node, f(node));
  return fmapWith({ exclude: isParameterState }, (node) => changed.get(node) ?? node, state);
}

function partAt(who: string, state: unknown, path: readonly unknown[]): unknown {
  if (!Array.isArray(path)) throw new TreeError(`${who}: expected a path as a list of keys, such as ["layers", 0], got ${typeof path === "string" ? JSON.stringify(path) : String(path)}.`);
  try {
    return getPath(state, path);
  } catch (error) {
    throw error instanceof TreeError ? new TreeError(error.message.replace(/^getPath/, who)) : error;
  }
}
