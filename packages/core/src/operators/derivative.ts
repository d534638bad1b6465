import type { ADType } from "../adtypes.js";
import type { MaybePromise } from "../backend.js";
import { zeroLike } from "../basis.js";
import { parts, pushforward } from "../derive.js";
import { AutodiffError } from "../errors.js";
import { describe, kindOf, Tensor, type Value } from "../tensor.js";
import { delivered } from "../tree/scope.js";
import type { Derivative, Run } from "../types.js";
import type { AnyFunction } from "./arguments.js";
import { Call } from "./call.js";
import { all, whenDone } from "../promise.js";

/**
 * f′(x) of a function of one number, in the form of f's result.
 *
 * @throws AutodiffError if x is not a number.
 * @example
 * derivative((x) => sin(x), AutoForward(), 0) // 1
 */
export function derivative<A extends ADType, R>(f: (x: Value) => R, ad: A, x: Value): Run<A, Derivative<R>>;
export function derivative(f: AnyFunction, ad: ADType, x: Value): unknown {
  return delivered(ad, () => whenDone(first("derivative", f, ad, x), (d) => d.derivative));
}

/** `{ val, derivative }` with one call of f where the engine allows. */
export function valueAndDerivative<A extends ADType, R>(f: (x: Value) => R, ad: A, x: Value): Run<A, { val: R; derivative: Derivative<R> }>;
export function valueAndDerivative(f: AnyFunction, ad: ADType, x: Value): unknown {
  return delivered(ad, () => first("valueAndDerivative", f, ad, x));
}

/**
 * f″(x) of a function of one number, in the form of f's result. `SecondOrder(outer, inner)` names two engines.
 *
 * @example
 * secondDerivative((x) => mul(x, mul(x, x)), AutoForward(), 2) // 12
 */
export function secondDerivative<A extends ADType, R>(f: (x: Value) => R, ad: A, x: Value): Run<A, Derivative<R>>;
export function secondDerivative(f: AnyFunction, ad: ADType, x: Value): unknown {
  return delivered(ad, () => whenDone(second("secondDerivative", f, ad, x), (d) => d.secondDerivative));
}

/** `{ val, derivative, secondDerivative }` */
export function valueDerivativeAndSecondDerivative<A extends ADType, R>(
  f: (x: Value) => R,
  ad: A,
  x: Value,
): Run<A, { val: R; derivative: Derivative<R>; secondDerivative: Derivative<R> }>;
export function valueDerivativeAndSecondDerivative(f: AnyFunction, ad: ADType, x: Value): unknown {
  return delivered(ad, () => second("valueDerivativeAndSecondDerivative", f, ad, x));
}

function first(who: string, f: AnyFunction, ad: ADType, x: Value): MaybePromise<{ val: unknown; derivative: unknown }> {
  requireNumber(who, x);
  const call = new Call(who, f, ad, x, []);
  const { ys, tangents } = pushforward(ad, call.flat, [x], [[1]]);
  return whenDone(all([call.result.rebuild(ys, call.inputs.atHome), call.result.derivative(who, ys, tangents[0]!, call.inputs.atHome)]), ([val, d]) => ({ val, derivative: d }));
}

function second(who: string, f: AnyFunction, ad: ADType, x: Value): MaybePromise<{ val: unknown; derivative: unknown; secondDerivative: unknown }> {
  requireNumber(who, x);
  const call = new Call(who, f, ad, x, []);
  const { outer, inner } = parts(ad);
  const valueAndTangent = (xs: readonly Value[]): readonly Value[] => {
    const { ys, tangents } = pushforward(inner, call.flat, xs, [[1]]);
    return [...ys, ...ys.map((y, i) => tangents[0]![i] ?? zeroLike(y))];
  };
  const { ys, tangents } = pushforward(outer, valueAndTangent, [x], [[1]]);
  const n = ys.length / 2;
  const vals = ys.slice(0, n);
  const entries = [call.result.rebuild(vals, call.inputs.atHome), call.result.derivative(who, vals, ys.slice(n), call.inputs.atHome), call.result.derivative(who, vals, tangents[0]!.slice(n), call.inputs.atHome)];
  return whenDone(all(entries), ([val, d, dd]) => ({ val, derivative: d, secondDerivative: dd }));
}

function requireNumber(who: string, x: unknown): void {
  if (typeof x === "number" || (x instanceof Tensor && kindOf(x) === "number")) return;
  throw new AutodiffError(`${who}: x must be a number, got ${describe(x)}. Use gradient() for a scalar result, jacobian() or pushforward() otherwise.`);
}
