import { isADType, type ADType } from "./adtypes.js";
import type { Backend, FlatFunction, MaybePromise, Pullback, Pushforward, Tangents } from "./backend.js";
import { isFloat } from "./dtype.js";
import { AutodiffError, UnsupportedError } from "./errors.js";
import { outside } from "./graph/outside.js";
import { whenDone } from "./promise.js";
import { backendOf } from "./registry.js";
import { sameShape, showShape } from "./shape.js";
import { describe, kindOf, shapeOf, Tensor, type Value } from "./tensor.js";
import { currentTrace } from "./trace.js";

/** What core holds engines to: that they can do what is asked, and return what the contract says. */

/** The engine, checked against what it says that it can do with these values. */
export function engineFor(ad: ADType, xs: readonly Value[]): Backend {
  if (ad.adtype === "second-order") {
    throw new AutodiffError("SecondOrder(outer, inner) is for hessian, hvp and secondDerivative. Name one engine here.");
  }
  if (ad.adtype === "sparse" || ad.adtype === "mixed-mode") {
    throw new UnsupportedError("AutoSparse and MixedMode name operators that do not exist yet. Name the dense engine: jacobian and hessian are exact with it.");
  }
  const backend = backendOf(ad);
  const { dtypes, traceable } = backend.capabilities;
  for (const x of xs) {
    if (!dtypes.includes(kindOf(x) === "number" ? "float64" : (x as Tensor).dtype)) {
      throw new UnsupportedError(`${ad.adtype}: cannot differentiate ${describe(x)}; it takes ${dtypes.join(", ")}. Use cast(), or another engine.`);
    }
    if (!traceable && x instanceof Tensor && x.trace !== null) {
      throw new UnsupportedError(
        `${ad.adtype}: needs concrete values, but is being differentiated by ${currentTrace()?.kind ?? "another engine"}. Use a traceable engine inside, such as AutoTape().`,
      );
    }
  }
  return backend;
}

/** @throws AutodiffError for what is no engine's token. */
export function requireToken(who: string, ad: unknown): void {
  if (!isADType(ad)) throw new AutodiffError(`${who}: expected an engine such as AutoTape() after the function, got ${describe(ad)}.`);
}

/** A backend's pullback, held to the contract. */
export function heldPullback(backend: Backend, f: FlatFunction, xs: readonly Value[], ad: ADType): Pullback {
  const who = backend.adtype;
  const call = callableBy(who, backend.capabilities.traceable, f, xs);
  const result: Pullback = backend.pullback!(call.f, xs, ad);
  checkParts(who, "pullback", result, { ys: Array.isArray, pull: isFunction, dispose: isFunction });
  call.check(result.ys);
  return {
    ys: result.ys,
    pull: (cts) => checkCotangents(who, "pull", result.pull(cts), xs),
    dispose: () => result.dispose(),
  };
}

/** A backend's own withgradient, held to the contract. */
export function heldWithgradient(backend: Backend, f: FlatFunction, xs: readonly Value[], ad: ADType): MaybePromise<{ ys: readonly Value[]; grads: Tangents }> {
  const who = backend.adtype;
  const call = callableBy(who, backend.capabilities.traceable, f, xs);
  const returned = backend.withgradient!(call.f, xs, ad);
  if (ad.execution === "sync" && returned instanceof Promise) {
    throw new AutodiffError(`${who}: contract: withgradient returns a promise, but the token says execution: "sync". Return { ys, grads }, or declare "async".`);
  }
  return whenDone(returned, (result) => {
    checkParts(who, "withgradient", result, { ys: Array.isArray, grads: () => true });
    call.check(result.ys);
    return { ys: result.ys, grads: checkCotangents(who, "withgradient", result.grads, xs) };
  });
}

function checkCotangents(who: string, what: string, grads: unknown, xs: readonly Value[]): Tangents {
  if (!Array.isArray(grads) || grads.length !== xs.length) {
    throw new AutodiffError(`${who}: contract: ${what} must return one cotangent per input, ${xs.length} in all; got ${describe(grads)}.${unlessNow(grads)}`);
  }
  grads.forEach((g, i) => g !== undefined && checkLike(who, "cotangent", i, g, xs[i]!));
  return grads as Tangents;
}

/** A backend's pushforward, held to the contract. */
export function heldPushforward(backend: Backend, f: FlatFunction, xs: readonly Value[], dxs: readonly Tangents[], ad: ADType): Pushforward {
  const who = backend.adtype;
  const call = callableBy(who, backend.capabilities.traceable, f, xs);
  const result: Pushforward = backend.pushforward!(call.f, xs, dxs, ad);
  checkParts(who, "pushforward", result, { ys: Array.isArray, tangents: Array.isArray });
  const { ys, tangents } = result;
  call.check(ys);
  if (tangents.length !== dxs.length) {
    throw new AutodiffError(`${who}: contract: pushforward must return one list per tangent, ${dxs.length} in all; got ${describe(tangents)}.`);
  }
  for (const t of tangents as readonly unknown[]) {
    if (!Array.isArray(t) || t.length !== ys.length) {
      throw new AutodiffError(`${who}: contract: a tangent has one entry per result, ${ys.length} in all; got ${describe(t)}.`);
    }
    t.forEach((dy, i) => dy !== undefined && checkLike(who, "tangent", i, dy, ys[i]!));
  }
  return result;
}

function isFunction(x: unknown): boolean {
  return typeof x === "function";
}

/** That what a method returned has its parts. */
function checkParts(who: string, method: string, result: unknown, parts: Readonly<Record<string, (part: unknown) => boolean>>): void {
  const given = Object(result) as Readonly<Record<string, unknown>>;
  const wrong = Object.keys(parts).filter((name) => !parts[name]!(given[name]));
  if (wrong.length === 0) return;
  const isPlain = describe(result) === "a plain object";
  const said = isPlain ? wrong.map((name) => (given[name] === undefined ? `no ${name}` : `${describe(given[name])} for ${name}`)).join(", ") : describe(result);
  throw new AutodiffError(`${who}: contract: ${method} must return { ${Object.keys(parts).join(", ")} }, got ${said}.${unlessNow(result)}`);
}

/** What to do about a promise where there must be none. */
function unlessNow(returned: unknown): string {
  return returned instanceof Promise ? " Only withgradient may give a promise, of an engine that is async." : "";
}

/**
 * f as an engine may call it, and a check of the results that it says f gave. An opaque engine runs f outside of every
 * trace, so that a traced value which f captured is an error and not a silent constant.
 */
function callableBy(who: string, traceable: boolean, f: FlatFunction, xs: readonly Value[]): { f: FlatFunction; check(ys: readonly unknown[]): void } {
  let results: readonly Value[] | undefined;
  return {
    f: (at) => {
      checkCall(who, at, xs);
      const ys = traceable ? f(at) : outside(who, null, f, at);
      results ??= ys; // those at x: engines that sample f around x call it there first
      return ys;
    },
    check: (ys) => checkResults(who, ys, results),
  };
}

/** That f is called with values of the number and form of xs. */
function checkCall(who: string, at: unknown, xs: readonly Value[]): void {
  if (!Array.isArray(at) || at.length !== xs.length) {
    throw new AutodiffError(`${who}: contract: f takes one list of as many values as there are inputs, ${xs.length}; it was called with ${describe(at)}.`);
  }
  for (let i = 0; i < at.length; i++) if (!isLike(at[i], xs[i]!)) throw new AutodiffError(`${who}: contract: f takes values like its inputs; input ${i} is ${form(xs[i]!)}, and f was called with ${form(at[i])}.${unlessTracer(at[i])}`);
}

/** What to do about an object of a class of one's own in the place of a value. */
function unlessTracer(x: unknown): string {
  if (typeof x !== "object" || x === null || x instanceof Tensor) return "";
  const made: unknown = Object.getPrototypeOf(x)?.constructor;
  const isOwn = typeof made === "function" && made.name !== "Tensor" && Reflect.get(globalThis, made.name) !== made;
  return isOwn ? " A value of one's own must extend Tracer, of @polyad/core/extend." : "";
}

function checkResults(who: string, ys: readonly unknown[], results: readonly Value[] | undefined): void {
  if (results !== undefined && ys.length !== results.length) {
    throw new AutodiffError(`${who}: contract: ys must be f's results, ${results.length} in all; got ${describe(ys)}.`);
  }
  ys.forEach((y, i) => {
    if (typeof y !== "number" && !(y instanceof Tensor)) {
      throw new AutodiffError(`${who}: contract: result ${i} must be a number or a Tensor, got ${describe(y)}.`);
    }
    if (results !== undefined && !isLike(y, results[i]!)) {
      throw new AutodiffError(`${who}: contract: ys must be f's results; result ${i} is ${form(results[i])}, got ${form(y)}.`);
    }
  });
}

function checkLike(who: string, what: string, i: number, got: unknown, like: Value): void {
  if (typeof got !== "number" && !(got instanceof Tensor)) {
    throw new AutodiffError(`${who}: contract: ${what} ${i} must be a number, a Tensor or undefined, got ${describe(got)}.`);
  }
  if (kindOf(like) !== "number" && kindOf(got) !== kindOf(like) && !isFloat((like as Tensor).dtype)) {
    throw new AutodiffError(`${who}: contract: ${what} ${i} must be undefined, which is zero, for its value is ${(like as Tensor).dtype} and carries no derivative; got ${describe(got)}.`);
  }
  if (!sameShape(shapeOf(got), shapeOf(like))) {
    throw new AutodiffError(
      `${who}: contract: ${what} ${i} must have the shape of its value, ${showShape(shapeOf(like))}; got ${showShape(shapeOf(got))}.`,
    );
  }
  if (kindOf(got) !== kindOf(like)) throw new AutodiffError(`${who}: contract: ${what} ${i} must be ${form(like)}, as its value is; got ${form(got)}.`);
}

/** Whether two values are of one kind and shape. */
function isLike(got: unknown, like: Value): boolean {
  if (typeof got === "number") return kindOf(like) === "number";
  return got instanceof Tensor && kindOf(got) === kindOf(like) && sameShape(got.shape, shapeOf(like));
}

/** What a value is to the contract: a traced number is a number. */
function form(x: unknown): string {
  return x instanceof Tensor && x.weak ? "a number" : describe(x);
}
