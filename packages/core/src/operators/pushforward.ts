import type { ADType } from "../adtypes.js";
import type { MaybePromise } from "../backend.js";
import { pushforward as push } from "../derive.js";
import { delivered } from "../tree/scope.js";
import type { Derivative, Gradient, Run, Traced } from "../types.js";
import type { AnyFunction } from "./arguments.js";
import { Call } from "./call.js";
import { all, whenDone } from "../promise.js";
import { seedsOf } from "./seeds.js";

/** One derivative, or one for each of an array of seeds: of an x that is an array, an array of what looks like x. */
export type PerSeed<X, S, D> = S extends readonly (infer E)[]
  ? X extends readonly unknown[]
    ? Gradient<E> extends Gradient<X>
      ? D[]
      : D
    : D[]
  : D;

/**
 * J·dx: the derivative of f at x along dx, in the form of f's result. dx is a tree like x; an array of such seeds gives
 * an array of derivatives. Later arguments are constants.
 *
 * @throws AutodiffError for a seed that is not like x.
 * @example
 * pushforward((x) => mul(x, x), AutoForward(), tensor([1, 2]), tensor([1, 0])).toArray() // [2, 0]
 */
export function pushforward<A extends ADType, const X, const S, C extends readonly unknown[], R>(
  f: (x: Traced<X>, ...consts: C) => R,
  ad: A,
  x: X,
  dx: S,
  ...consts: C
): Run<A, PerSeed<X, S, Derivative<R>>>;
export function pushforward(f: AnyFunction, ad: ADType, x: unknown, dx: unknown, ...consts: readonly unknown[]): unknown {
  return delivered(ad, () => whenDone(run("pushforward", f, ad, x, dx, consts), ({ tangent }) => tangent));
}

/** `{ val, tangent }` with one call of f where the engine allows; see `pushforward`. */
export function valueAndPushforward<A extends ADType, const X, const S, C extends readonly unknown[], R>(
  f: (x: Traced<X>, ...consts: C) => R,
  ad: A,
  x: X,
  dx: S,
  ...consts: C
): Run<A, { val: R; tangent: PerSeed<X, S, Derivative<R>> }>;
export function valueAndPushforward(f: AnyFunction, ad: ADType, x: unknown, dx: unknown, ...consts: readonly unknown[]): unknown {
  return delivered(ad, () => run("valueAndPushforward", f, ad, x, dx, consts));
}

function run(
  who: string,
  f: AnyFunction,
  ad: ADType,
  x: unknown,
  dx: unknown,
  consts: readonly unknown[],
): MaybePromise<{ val: unknown; tangent: unknown }> {
  const call = new Call(who, f, ad, x, consts);
  const { several, seeds } = seedsOf(who, x, dx, (seed) => call.inputs.seeds(seed));
  const { ys, tangents } = push(ad, call.flat, call.inputs.values, seeds);
  const derivatives = all(tangents.map((t) => call.result.derivative(who, ys, t, call.inputs.atHome)));
  return whenDone(all([call.result.rebuild(ys, call.inputs.atHome), derivatives]), ([val, ds]) => ({ val, tangent: several ? ds : (ds as unknown[])[0] }));
}
