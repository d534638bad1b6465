import type { ADType } from "../adtypes.js";
import type { MaybePromise } from "../backend.js";
import { hvp as flatHvp } from "../derive.js";
import type { Value } from "../tensor.js";
import { delivered } from "../tree/scope.js";
import type { Gradient, Run, Traced } from "../types.js";
import type { AnyFunction } from "./arguments.js";
import { Call } from "./call.js";
import { all, whenDone } from "../promise.js";
import type { PerSeed } from "./pushforward.js";
import { scalarResult } from "./result.js";
import { seedsOf } from "./seeds.js";

/**
 * H·v: the derivative of the gradient of a scalar function along v, shaped like x, without forming H. v is a tree like
 * x; an array of such seeds gives an array. `SecondOrder(outer, inner)` names two engines. Later arguments are constants.
 *
 * @throws AutodiffError if f does not return a float scalar, or for a seed that is not like x.
 * @example
 * hvp((x) => sum(mul(x, mul(x, x))), AutoTape(), tensor([1, 2]), tensor([1, 1])).toArray() // [6, 12]
 */
export function hvp<A extends ADType, const X, const S, C extends readonly unknown[]>(
  f: (x: Traced<X>, ...consts: C) => Value,
  ad: A,
  x: X,
  v: S,
  ...consts: C
): Run<A, PerSeed<X, S, Gradient<X>>>;
export function hvp(f: AnyFunction, ad: ADType, x: unknown, v: unknown, ...consts: readonly unknown[]): unknown {
  return delivered(ad, () => whenDone(run("hvp", f, ad, x, v, consts), ({ hvp }) => hvp));
}

/** `{ grad, hvp }`; see `hvp`. */
export function gradientAndHvp<A extends ADType, const X, const S, C extends readonly unknown[]>(
  f: (x: Traced<X>, ...consts: C) => Value,
  ad: A,
  x: X,
  v: S,
  ...consts: C
): Run<A, { grad: Gradient<X>; hvp: PerSeed<X, S, Gradient<X>> }>;
export function gradientAndHvp(f: AnyFunction, ad: ADType, x: unknown, v: unknown, ...consts: readonly unknown[]): unknown {
  return delivered(ad, () => run("gradientAndHvp", f, ad, x, v, consts));
}

function run(who: string, f: AnyFunction, ad: ADType, x: unknown, v: unknown, consts: readonly unknown[]): MaybePromise<{ grad: unknown; hvp: unknown }> {
  const call = new Call(who, f, ad, x, consts, "leaves", scalarResult);
  const { several, seeds } = seedsOf(who, x, v, (seed) => call.inputs.seeds(seed));
  const { grads, products } = flatHvp(ad, call.flat, call.inputs.values, seeds);
  const grad = whenDone(call.inputs.gradients(grads), ([tree]) => tree);
  const trees = all([grad, ...products.map((product) => call.inputs.tree(product))]);
  return whenDone(trees, ([grad, ...hvs]) => ({ grad, hvp: several ? hvs : hvs[0] }));
}
