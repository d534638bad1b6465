import { AutoTape, isADType, type ADType } from "../adtypes.js";
import type { FlatFunction, MaybePromise, Tangents } from "../backend.js";
import { withgradient as flatWithgradient } from "../derive.js";
import { AutodiffError } from "../errors.js";
import { add } from "../primitives/add.js";
import { describe, hostDevice, Tensor, type Value } from "../tensor.js";
import { Runs } from "../runs.js";
import { standIn, withStandIns } from "../trace.js";
import { Grads, Params } from "../tree/params.js";
import { delivered } from "../tree/scope.js";
import { vendorLeaf } from "../tree/vendor.js";
import type { Args, Gradients, Run } from "../types.js";
import { Arguments, type AnyFunction, likeLeaf } from "./arguments.js";
import { all, whenDone } from "../promise.js";
import { requireScalar, resultOf, settled, type Result } from "./result.js";

/** What a loss may return: a scalar, or a scalar first and then whatever else is to be passed through. */
export type Loss = Value | readonly [Value, ...unknown[]] | { readonly loss: Value };

/**
 * The gradient of a scalar function, one entry per argument, each a tree shaped like its argument. Leaves that carry no
 * derivative and `Const(...)` arguments give null. The engine is named first; AutoTape() if none is.
 *
 * @throws AutodiffError if f does not return a float scalar, or an argument has an int dtype.
 * @example
 * gradient((x, y, z) => add(mul(x, y), z), AutoTape(), 30, 40, 50) // [40, 30, 1]
 */
export function gradient<A extends ADType>(f: () => Value, ad: A, params: Params): Run<A, Grads>;
export function gradient(f: () => Value, params: Params): Grads;
export function gradient<A extends ADType, const T extends readonly unknown[]>(f: (...args: Args<T>) => Value, ad: A, ...args: T): Run<A, Gradients<T>>;
export function gradient<const T extends readonly unknown[]>(f: (...args: Args<T>) => Value, ...args: T): Gradients<T>;
export function gradient(f: AnyFunction, ...rest: readonly unknown[]): unknown {
  const [ad, args] = engineFirst("gradient", rest);
  return delivered(ad, () => whenDone(run("gradient", f, ad, args, (y) => [requireScalar("gradient", y), null]), ({ grad }) => grad));
}

/**
 * Value and gradient in one pass: `{ val, grad }`. f may return `[loss, ...aux]` or `{ loss, ...aux }`; the loss is
 * differentiated, and the whole comes back as `val`.
 *
 * @example
 * withgradient((x) => mul(x, x), AutoTape(), 3) // { val: 9, grad: [6] }
 */
export function withgradient<A extends ADType, R extends Loss>(f: () => R, ad: A, params: Params): Run<A, { val: R; grad: Grads }>;
export function withgradient<R extends Loss>(f: () => R, params: Params): { val: R; grad: Grads };
export function withgradient<A extends ADType, const T extends readonly unknown[], R extends Loss>(
  f: (...args: Args<T>) => R,
  ad: A,
  ...args: T
): Run<A, { val: R; grad: Gradients<T> }>;
export function withgradient<const T extends readonly unknown[], R extends Loss>(f: (...args: Args<T>) => R, ...args: T): { val: R; grad: Gradients<T> };
export function withgradient(f: AnyFunction, ...rest: readonly unknown[]): unknown {
  const [ad, args] = engineFirst("withgradient", rest);
  return delivered(ad, () => run("withgradient", f, ad, args, lossAndResult));
}

/** The engine if the first argument names one, else the default. */
function engineFirst(who: string, rest: readonly unknown[]): [ADType, readonly unknown[]] {
  const [first, ...others] = rest;
  if (typeof first === "function" && /^Auto[A-Z]/.test(first.name)) {
    throw new AutodiffError(`${who}: ${first.name} makes a token and is not one: write ${first.name}().`);
  }
  if (isADType(first)) return [first, others];
  if (rest.some(isADType)) throw new AutodiffError(`${who}: an engine comes after the function: ${who}(f, AutoTape(), ...args). Name it, too, where f takes a token.`);
  return [AutoTape(), rest];
}

/** A loss, and the whole result if there is more than the loss. */
function lossAndResult(y: unknown): [Value, Result | null] {
  const who = "withgradient";
  if (Array.isArray(y)) return [requireScalar(who, y[0]), resultOf(who, y)];
  if (typeof y === "object" && y !== null && !(y instanceof Tensor) && "loss" in y) return [requireScalar(who, y.loss), resultOf(who, y)];
  return [requireScalar(who, y), vendorLeaf(y) === null ? null : resultOf(who, y)];
}

function run(
  who: string,
  f: AnyFunction,
  ad: ADType,
  args: readonly unknown[],
  read: (y: unknown) => [Value, Result | null],
): MaybePromise<{ val: unknown; grad: unknown }> {
  if (typeof f !== "function") {
    throw new AutodiffError(`${who}: expected a function first, got ${describe(f)}. Call ${who}(f, AutoTape(), ...args).`);
  }
  let result: Result | null = null;
  const runs = new Runs();
  const flat = (call: () => unknown): readonly Value[] => {
    const [loss, whole] = read(runs.run(call));
    result ??= whole; // of the first call, which is at x also where engines sample f around it
    return whole === null ? [loss] : [loss, ...whole.values];
  };
  const val = ([loss, ...aux]: readonly Value[], home: boolean): MaybePromise<unknown> =>
    result === null ? settled(loss!, home) : (result as Result).rebuild(aux, home);

  const [only] = args;
  if (only instanceof Params && args.length === 1) {
    const places = only.everywhere();
    const tensors = places.flatMap((xs) => [...xs]);
    const values = tensors.map((t) => standIn("gradient", t)); // the same parameters may be differentiated outside, too
    const home = tensors.every((t) => t.device === hostDevice);
    return whenDone(flatWithgradient(ad, implicit(() => flat(f as () => unknown), tensors), values), ({ ys, grads }) => {
      const byTensor = new Map(tensors.map((t, i) => [t, grads[i]]));
      const entries = all(places.map((xs) => likeLeaf(who, [...xs][0]!, total([...xs].map((t) => byTensor.get(t)))) as MaybePromise<Tensor>));
      return whenDone(all([val(ys, home), entries]), ([y, gs]) => ({ val: y, grad: new Grads(only, new Map([...only].map((t, i) => [t, (gs as Tensor[])[i]!]))) }));
    });
  }
  const inputs = new Arguments(who, args);
  return whenDone(flatWithgradient(ad, (xs) => flat(() => inputs.apply(f, xs)), inputs.values), ({ ys, grads }) =>
    whenDone(all([val(ys, inputs.atHome), inputs.gradients(grads)]), ([y, grad]) => ({ val: y, grad })),
  );
}

function total(cts: Tangents): Value | undefined {
  return cts.reduce((a, b) => (a === undefined || b === undefined ? (a ?? b) : add(a, b)), undefined);
}

/** f with captured tensors differentiated: while it runs, what the engine passes stands in for them. */
function implicit(f: () => readonly Value[], tensors: readonly Tensor[]): FlatFunction {
  return (xs) => withStandIns(new Map(tensors.map((t, i) => [t, xs[i]!])), () => f().map((y) => standIn("gradient", y)));
}
