import type { ADType } from "../adtypes.js";
import type { MaybePromise } from "../backend.js";
import type { Value } from "../tensor.js";
import { jacobian as flatJacobian } from "../derive.js";
import { delivered } from "../tree/scope.js";
import type { Jacobian, Run, Traced } from "../types.js";
import { Call } from "./call.js";
import { all, whenDone } from "../promise.js";
import { beside, type AnyFunction } from "./arguments.js";
import { settled } from "./result.js";

/**
 * ∂y/∂x of shape [...y.shape, ...x.shape]; for trees a tree of these: y's on the outside, x's inside. An array of
 * numbers is one [n] block. Later arguments are constants.
 *
 * @example
 * jacobian((x) => mul(x, x), AutoForward(), new Float64Array([1, 2])).toArray() // [[2, 0], [0, 4]]
 */
export function jacobian<A extends ADType, const X, C extends readonly unknown[], R>(
  f: (x: Traced<X>, ...consts: C) => R,
  ad: A,
  x: X,
  ...consts: C
): Run<A, Jacobian<R, X>>;
export function jacobian(f: AnyFunction, ad: ADType, x: unknown, ...consts: readonly unknown[]): unknown {
  return delivered(ad, () => whenDone(run("jacobian", f, ad, x, consts), ({ jacobian }) => jacobian));
}

/** `{ val, jacobian }` with one call of f where the engine allows; see `jacobian`. */
export function valueAndJacobian<A extends ADType, const X, C extends readonly unknown[], R>(
  f: (x: Traced<X>, ...consts: C) => R,
  ad: A,
  x: X,
  ...consts: C
): Run<A, { val: R; jacobian: Jacobian<R, X> }>;
export function valueAndJacobian(f: AnyFunction, ad: ADType, x: unknown, ...consts: readonly unknown[]): unknown {
  return delivered(ad, () => run("valueAndJacobian", f, ad, x, consts));
}

function run(who: string, f: AnyFunction, ad: ADType, x: unknown, consts: readonly unknown[]): MaybePromise<{ val: unknown; jacobian: unknown }> {
  const call = new Call(who, f, ad, x, consts, "blocks");
  const { ys, blocks } = flatJacobian(ad, call.flat, call.inputs.values);
  const rows = all(blocks.map((row) => all(row.map((b, j) => settled(beside(b, call.inputs.values[j]!), call.inputs.atHome)))));
  return whenDone(all([call.result.rebuild(ys, call.inputs.atHome), rows]), ([val, read]) => ({
    val,
    jacobian: call.result.mirror((read as Value[][]).map((row) => call.inputs.mirror(row))),
  }));
}
