import { engine, getBackend } from "@tensorflow/tfjs-core";
import type * as tf from "@tensorflow/tfjs-core";
import { registerScope } from "@polyad/core/extend";
import { restore } from "./current.js";
import { owned, TfjsTensor } from "./tensor.js";

const ownName = "polyad";
let open = 0;

/** Whether a scope of Polyad's is open, which will free what is made now. */
export function inScope(): boolean {
  return open > 0;
}

/** Whether the innermost scope is Polyad's, and not a `tidy()` of the user's in it. */
export function inOwnScope(): boolean {
  return activeScope()?.name === ownName;
}

/** `tidy()` for the kernels of one primitive, without its walk through containers: frees all that f makes but its results. */
export function tidied(f: () => tf.Tensor[]): tf.Tensor[] {
  const scope = activeScope();
  if (scope === null) return engine().tidy(f);
  const from = scope.track.length;
  let results: tf.Tensor[] = [];
  try {
    return (results = f());
  } finally {
    for (const t of scope.track.splice(from)) {
      if (results.includes(t)) scope.track.push(t);
      else t.dispose();
    }
  }
}

type Scope = ReturnType<typeof engine>["state"]["activeScope"];

/** The innermost scope, if one is open: TensorFlow.js says undefined before its first one, and null after. */
export function activeScope(): Scope | null {
  return (engine().state.activeScope as Scope | null | undefined) ?? null;
}

// A scope of Polyad's is one of TensorFlow.js's, which sees every tensor, those of the user's own calls too.
registerScope(() => {
  const before = getBackend();
  const { state } = engine();
  engine().startScope(ownName);
  open++;
  return () => {
    const made = state.activeScope.track;
    state.activeScope.track = []; // freed below, when the result is known
    engine().endScope();
    open--;
    restore(before);
    const outer = activeScope();
    return (survivors: readonly unknown[]) => {
      const kept = new Set(survivors.map((x) => (x instanceof TfjsTensor ? x.handle : x)));
      const own = new Set<tf.Tensor>();
      for (const handle of made) {
        if (kept.has(handle)) own.add(handle);
        else if (!handle.kept) handle.dispose();
      }
      if (outer !== null && state.scopeStack.includes(outer)) for (const handle of own) leaveTo(outer, handle);
      else for (const x of survivors) if (x instanceof TfjsTensor && own.has(x.handle)) owned(x);
    };
  };
});

/** The user's own tidy() frees it. */
function leaveTo(outer: Scope, handle: tf.Tensor): void {
  handle.scopeId = outer.id;
  outer.track.push(handle);
}
