import type { ADType } from "../adtypes.js";
import type { MaybePromise } from "../backend.js";
import { hessian as flatHessian } from "../derive.js";
import type { Value } from "../tensor.js";
import { delivered } from "../tree/scope.js";
import type { Gradient, Jacobian, Run, Traced } from "../types.js";
import { beside, type AnyFunction } from "./arguments.js";
import { Call } from "./call.js";
import { all, whenDone } from "../promise.js";
import { scalarResult, settled } from "./result.js";

/**
 * ∂²f/∂x² of a scalar function, of shape [...x.shape, ...x.shape]; for trees a tree of trees of these. An array of
 * numbers is one [n] block. `SecondOrder(outer, inner)` names two engines. Later arguments are constants.
 *
 * @throws AutodiffError if f does not return a float scalar.
 * @example
 * hessian((x) => sum(mul(x, mul(x, x))), SecondOrder(AutoForward(), AutoTape()), new Float64Array([1, 2])).toArray() // [[6, 0], [0, 12]]
 */
export function hessian<A extends ADType, const X, C extends readonly unknown[]>(
  f: (x: Traced<X>, ...consts: C) => Value,
  ad: A,
  x: X,
  ...consts: C
): Run<A, Jacobian<X, X>>;
export function hessian(f: AnyFunction, ad: ADType, x: unknown, ...consts: readonly unknown[]): unknown {
  return delivered(ad, () => whenDone(run("hessian", f, ad, x, consts), ({ hessian }) => hessian));
}

/** `{ val, grad, hessian }`; see `hessian`. */
export function valueGradientAndHessian<A extends ADType, const X, C extends readonly unknown[]>(
  f: (x: Traced<X>, ...consts: C) => Value,
  ad: A,
  x: X,
  ...consts: C
): Run<A, { val: Value; grad: Gradient<X>; hessian: Jacobian<X, X> }>;
export function valueGradientAndHessian(f: AnyFunction, ad: ADType, x: unknown, ...consts: readonly unknown[]): unknown {
  return delivered(ad, () => run("valueGradientAndHessian", f, ad, x, consts));
}

function run(
  who: string,
  f: AnyFunction,
  ad: ADType,
  x: unknown,
  consts: readonly unknown[],
): MaybePromise<{ val: unknown; grad: unknown; hessian: unknown }> {
  const call = new Call(who, f, ad, x, consts, "blocks", scalarResult);
  const { val, grads, blocks } = flatHessian(ad, call.flat, call.inputs.values);
  const home = call.inputs.atHome;
  const rows = whenDone(all(blocks.map((row) => all(row.map((b, j) => settled(beside(b, call.inputs.values[j]!), home))))), (read) => call.inputs.mirror(read.map((row) => call.inputs.mirror(row))));
  return whenDone(all([settled(val, home), call.inputs.tree(grads), rows]), ([y, grad, hessian]) => ({ val: y, grad, hessian }));
}
