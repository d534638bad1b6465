import type { ADType } from "../adtypes.js";
import type { MaybePromise } from "../backend.js";
import { allocateOwn, dtypeOf, isTypedArray, type TypedArray } from "../dtype.js";
import { parts } from "../derive.js";
import { AutodiffError, PreparationMismatchError, TreeError } from "../errors.js";
import { requireToken } from "../held.js";
import { backendOf } from "../registry.js";
import { describe, Tensor, type Value } from "../tensor.js";
import { Const, Duplicated, isConst, isDuplicated } from "../tree/activity.js";
import { flatten, placesIn, sameForm } from "../tree/flatten.js";
import { sameShape } from "../shape.js";
import { scope } from "../tree/scope.js";
import { vendorLeaf } from "../tree/vendor.js";
import type { Args, Bare, Buffers, Derivative, Gradient, Gradients, Jacobian, Run, Traced } from "../types.js";
import type { AnyFunction } from "./arguments.js";
import { refuseMarks } from "./call.js";
import { derivative, secondDerivative } from "./derivative.js";
import { gradient, withgradient, type Loss } from "./gradient.js";
import { hessian } from "./hessian.js";
import { hvp } from "./hvp.js";
import { jacobian } from "./jacobian.js";
import { all, whenDone } from "../promise.js";
import { pullback } from "./pullback.js";
import { pushforward } from "./pushforward.js";

/**
 * An operator made ready for arguments of one structure, shapes and dtypes. It takes bare values: which of them are
 * constant was fixed by the example. An engine that runs f again sees what f captured as it is then; one that compiles f has
 * it as it was at preparation: pass what changes.
 */
export interface Prepared<A extends ADType, T extends readonly unknown[], R> {
  (...args: T): Run<A, R>;
  /** Computes into typed arrays, as `buffers()` made them, and returns them. */
  into(buffers: Buffers<R>, ...args: T): Run<A, Buffers<R>>;
  /** Typed arrays for a result, never tensors; it runs the operator once to see what the result is like. */
  buffers(): Run<A, Buffers<R>>;
  /** Frees what preparation holds; calling it afterwards is an error. */
  dispose(): void;
}

/**
 * A prepared `gradient`: a function of bare arguments.
 *
 * @throws PreparationMismatchError, when it is called, listing every slot that differs from the example.
 * @example
 * const step = prepareGradient((x, y) => sum(mul(x, y)), AutoTape(), tensor([1, 2]), Const(tensor([3, 4])));
 * step(tensor([5, 6]), tensor([7, 8])) // [[7, 8], null]
 * const buffers = step.buffers();
 * step.into(buffers, tensor([5, 6]), tensor([9, 10]));
 * buffers[0] // new Float64Array([9, 10])
 */
export function prepareGradient<A extends ADType, const T extends readonly unknown[]>(
  f: (...args: Args<T>) => Value,
  ad: A,
  ...example: T
): Prepared<A, Bare<T>, Gradients<T>>;
export function prepareGradient(f: AnyFunction, ad: ADType, ...example: readonly unknown[]): unknown {
  return prepared("prepareGradient", gradient, f, ad, example);
}

/** A prepared `withgradient`. */
export function prepareWithgradient<A extends ADType, const T extends readonly unknown[], R extends Loss>(
  f: (...args: Args<T>) => R,
  ad: A,
  ...example: T
): Prepared<A, Bare<T>, { val: R; grad: Gradients<T> }>;
export function prepareWithgradient(f: AnyFunction, ad: ADType, ...example: readonly unknown[]): unknown {
  return prepared("prepareWithgradient", withgradient, f, ad, example);
}

/** A prepared `derivative`. */
export function prepareDerivative<A extends ADType, R>(f: (x: Value) => R, ad: A, x: Value): Prepared<A, readonly [Value], Derivative<R>>;
export function prepareDerivative(f: AnyFunction, ad: ADType, ...example: readonly unknown[]): unknown {
  return prepared("prepareDerivative", derivative, f, ad, example);
}

/** A prepared `secondDerivative`. */
export function prepareSecondDerivative<A extends ADType, R>(f: (x: Value) => R, ad: A, x: Value): Prepared<A, readonly [Value], Derivative<R>>;
export function prepareSecondDerivative(f: AnyFunction, ad: ADType, ...example: readonly unknown[]): unknown {
  return prepared("prepareSecondDerivative", secondDerivative, f, ad, example);
}

/** A prepared `jacobian`. */
export function prepareJacobian<A extends ADType, const X, C extends readonly unknown[], R>(
  f: (x: Traced<X>, ...consts: C) => R,
  ad: A,
  x: X,
  ...consts: C
): Prepared<A, readonly [X, ...C], Jacobian<R, X>>;
export function prepareJacobian(f: AnyFunction, ad: ADType, ...example: readonly unknown[]): unknown {
  return prepared("prepareJacobian", jacobian, f, ad, example);
}

/** A prepared `hessian`. */
export function prepareHessian<A extends ADType, const X, C extends readonly unknown[]>(
  f: (x: Traced<X>, ...consts: C) => Value,
  ad: A,
  x: X,
  ...consts: C
): Prepared<A, readonly [X, ...C], Jacobian<X, X>>;
export function prepareHessian(f: AnyFunction, ad: ADType, ...example: readonly unknown[]): unknown {
  return prepared("prepareHessian", hessian, f, ad, example);
}

/** A prepared `hvp`, of one seed. */
export function prepareHvp<A extends ADType, const X, C extends readonly unknown[]>(
  f: (x: Traced<X>, ...consts: C) => Value,
  ad: A,
  x: X,
  v: X,
  ...consts: C
): Prepared<A, readonly [X, X, ...C], Gradient<X>>;
export function prepareHvp(f: AnyFunction, ad: ADType, ...example: readonly unknown[]): unknown {
  return prepared("prepareHvp", hvp, f, ad, example);
}

/** A prepared `pushforward`, of one seed. */
export function preparePushforward<A extends ADType, const X, C extends readonly unknown[], R>(
  f: (x: Traced<X>, ...consts: C) => R,
  ad: A,
  x: X,
  dx: X,
  ...consts: C
): Prepared<A, readonly [X, X, ...C], Derivative<R>>;
export function preparePushforward(f: AnyFunction, ad: ADType, ...example: readonly unknown[]): unknown {
  return prepared("preparePushforward", pushforward, f, ad, example);
}

/** A prepared `pullback`. */
export function preparePullback<A extends ADType, const X, S, C extends readonly unknown[], R>(
  f: (x: Traced<X>, ...consts: C) => R,
  ad: A,
  x: X,
  ct: S,
  ...consts: C
): Prepared<A, readonly [X, S, ...C], Gradient<X>>;
export function preparePullback(f: AnyFunction, ad: ADType, ...example: readonly unknown[]): unknown {
  return prepared("preparePullback", pullback, f, ad, example);
}

/** The plain form: a checked signature around the operator. */
function prepared(who: string, operator: Function, f: AnyFunction, ad: ADType, example: readonly unknown[]): unknown {
  if (typeof f !== "function") throw new AutodiffError(`${who}: expected a function first, got ${describe(f)}. Call ${who}(f, AutoTape(), ...example).`);
  requireToken(who, ad);
  const { outer, inner } = parts(ad);
  for (const token of [outer, inner]) backendOf(token).check?.(token);
  if (operator !== gradient && operator !== withgradient) refuseMarks(who, example.slice(1));
  const run = (args: readonly unknown[]): MaybePromise<unknown> => Reflect.apply(operator, undefined, [f, ad, ...args]);
  const like = flatten(example.map(bare));
  const slots = signature(like); // now: by the first call the example may have been freed, or changed
  const alike = like.leaves.map(plainlyLike);
  let disposed = false;
  const call = (...args: readonly unknown[]): MaybePromise<unknown> => {
    if (disposed) throw new AutodiffError(`${who}: this prepared operator was disposed. Prepare another.`);
    const given = flatten(args);
    if (!sameForm(like.def, given.def) || !given.leaves.every((leaf, i) => alike[i]!(leaf))) check(who, slots, signature(given));
    const marked = args.map((arg, i) => markedLike(example[i], arg));
    return whenDone(run(marked), (result) => {
      marked.forEach((arg, i) => {
        const mark = example[i];
        if (isDuplicated(mark) && isDuplicated(arg)) mark.buffers = arg.buffers; // a bare number's are another number
      });
      return result;
    });
  };
  return Object.assign(call, {
    into: (buffers: unknown, ...args: readonly unknown[]) => scope(() => whenDone(call(...args), (result) => copyInto(who, buffers, result))),
    buffers: () => scope(() => whenDone(run(example.map((arg) => (isDuplicated(arg) ? arg.value : arg))), makeBuffers)),
    dispose: () => {
      disposed = true;
    },
  });
}

function bare(arg: unknown): unknown {
  return isConst(arg) || isDuplicated(arg) ? arg.value : arg;
}

/** A bare argument with the mark of its example: constant, or with the example's buffers. */
function markedLike(example: unknown, arg: unknown): unknown {
  if (isConst(example)) return Const(arg);
  return isDuplicated(example) ? Duplicated(arg, { buffers: example.buffers as never, zero: example.zero }) : arg;
}

/** Path and kind of every leaf. */
function signature({ leaves, def }: ReturnType<typeof flatten>): Map<string, string> {
  return scope(() => new Map(leaves.map((leaf, i) => [def.paths[i]!, kindOfLeaf(leaf)])));
}

/** Whether a leaf is of this one's kind, where that is seen at a glance. */
function plainlyLike(like: unknown): (leaf: unknown) => boolean {
  if (typeof like === "number") return (x) => typeof x === "number";
  if (like instanceof Tensor) {
    const { dtype, shape, weak } = like;
    return (x) => x instanceof Tensor && !weak && !x.weak && x.dtype === dtype && sameShape(x.shape, shape);
  }
  if (!isTypedArray(like)) return (x) => x === like;
  const { constructor, length } = like;
  return (x) => isTypedArray(x) && x.constructor === constructor && x.length === length;
}

function kindOfLeaf(leaf: unknown): string {
  const vendor = vendorLeaf(leaf);
  if (vendor !== null) return `${vendor.kind} ${kindOfLeaf(vendor.toTensor())}`;
  if (typeof leaf === "number") return "number";
  if (leaf instanceof Tensor) return leaf.weak ? "number" : `${leaf.dtype}[${leaf.shape.join(", ")}]`;
  if (isTypedArray(leaf)) return `${leaf.constructor.name}[${leaf.length}]`;
  return typeof leaf === "function" ? "function" : leaf === null ? "null" : typeof leaf;
}

function check(who: string, expected: ReadonlyMap<string, string>, got: ReadonlyMap<string, string>): void {
  const slots = [...new Set([...expected.keys(), ...got.keys()])];
  if (slots.every((slot) => expected.get(slot) === got.get(slot))) return;
  const lines = slots.map((slot) => {
    const [was, is] = [expected.get(slot) ?? "nothing", got.get(slot) ?? "nothing"];
    return was === is ? `  ok        args${slot}: ${was}` : `  MISMATCH  args${slot}: prepared for ${was}, got ${is}`;
  });
  throw new PreparationMismatchError(`${who}: the arguments are not like the example that it was prepared with:\n${lines.join("\n")}\nPrepare again for these.`);
}

/** A tree of typed arrays, one for each number and tensor of a result. */
function makeBuffers(result: unknown): unknown {
  const { leaves, def } = flatten(result);
  return def.rebuild(
    leaves.map((given) => {
      const leaf = vendorLeaf(given)?.toTensor() ?? given;
      if (typeof leaf === "number") return new Float64Array(1);
      if (leaf instanceof Tensor) return allocateOwn(leaf.dtype, leaf.size);
      return isTypedArray(leaf) ? leaf.slice() : leaf;
    }),
  );
}

/** Copies a result into buffers like it, and returns them; where it lives on a device that reads asynchronously, when it is read. */
function copyInto(who: string, buffers: unknown, result: unknown): MaybePromise<unknown> {
  const to = flatten(buffers);
  const from = flatten(result);
  if (to.leaves.length !== from.leaves.length) {
    throw new TreeError(`${who}: into() expects buffers as buffers() makes them, with ${from.leaves.length} leaves, got ${to.leaves.length}.`);
  }
  const places = placesIn(`${who}: into()`, to.def, from.def);
  return whenDone(all(from.leaves.map(elementsOf)), (read) => {
    read.forEach((data, i) => {
      if (data === null) return;
      const buffer = to.leaves[places[i]!];
      if (!isTypedArray(buffer) || buffer.length !== data.length || dtypeOf(buffer) !== dtypeOf(data)) {
        throw new AutodiffError(`${who}: into() expects ${describe(data)} at leaf ${i}, got ${describe(buffer)}.`);
      }
      buffer.set(data);
    });
    return buffers;
  });
}

/** The elements of a number, tensor or typed array; null for what holds none. */
function elementsOf(given: unknown): MaybePromise<TypedArray | null> {
  const leaf = vendorLeaf(given)?.toTensor() ?? given;
  if (typeof leaf === "number") return Float64Array.of(leaf);
  if (leaf instanceof Tensor) return leaf.device.reads === "sync" ? leaf.dataSync() : leaf.data();
  return isTypedArray(leaf) ? leaf : null;
}
