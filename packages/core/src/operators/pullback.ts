import type { ADType } from "../adtypes.js";
import type { MaybePromise } from "../backend.js";
import { pullback as pull } from "../derive.js";
import { delivered } from "../tree/scope.js";
import type { Gradient, Run, Traced } from "../types.js";
import type { AnyFunction } from "./arguments.js";
import { Call } from "./call.js";
import { all, whenDone } from "../promise.js";

/**
 * Jᵀ·ct: the cotangent of f's result pulled back to x, as a tree shaped like x. ct is a tree like f's result. Later
 * arguments are constants.
 *
 * @throws AutodiffError for a seed that is not like f's result.
 * @example
 * pullback((x) => mul(x, x), AutoTape(), tensor([1, 2]), tensor([1, 1])).toArray() // [2, 4]
 */
export function pullback<A extends ADType, const X, C extends readonly unknown[], R>(
  f: (x: Traced<X>, ...consts: C) => R,
  ad: A,
  x: X,
  ct: unknown,
  ...consts: C
): Run<A, Gradient<X>>;
export function pullback(f: AnyFunction, ad: ADType, x: unknown, ct: unknown, ...consts: readonly unknown[]): unknown {
  return delivered(ad, () => whenDone(run("pullback", f, ad, x, ct, consts), ({ grad }) => grad));
}

/** `{ val, grad }` with one call of f where the engine allows; see `pullback`. */
export function valueAndPullback<A extends ADType, const X, C extends readonly unknown[], R>(
  f: (x: Traced<X>, ...consts: C) => R,
  ad: A,
  x: X,
  ct: unknown,
  ...consts: C
): Run<A, { val: R; grad: Gradient<X> }>;
export function valueAndPullback(f: AnyFunction, ad: ADType, x: unknown, ct: unknown, ...consts: readonly unknown[]): unknown {
  return delivered(ad, () => run("valueAndPullback", f, ad, x, ct, consts));
}

function run(who: string, f: AnyFunction, ad: ADType, x: unknown, ct: unknown, consts: readonly unknown[]): MaybePromise<{ val: unknown; grad: unknown }> {
  const call = new Call(who, f, ad, x, consts);
  const { ys, pull: pullTo, dispose } = pull(ad, call.flat, call.inputs.values);
  try {
    const cts = pullTo(call.result.seeds(who, ct));
    return whenDone(all([call.result.rebuild(ys, call.inputs.atHome), call.inputs.tree(cts)]), ([val, grad]) => ({ val, grad }));
  } finally {
    dispose();
  }
}
