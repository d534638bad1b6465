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
  requireToken(ad);
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
export function requireToken(ad: unknown): void {
  if (!isADType(ad)) throw new AutodiffError(`Expected an engine such as AutoTape() after the function, got ${describe(ad)}.`);
}

/** A backend's pullback, held to the contract. */
export function heldPullback(backend: Backend, f: FlatFunction, xs: readonly Value[], ad: ADType): Pullback {
  const who = backend.adtype;
  const call = callableBy(who, backend.capabilities.traceable, f);
  const result: Pullback = backend.pullback!(call.f, xs, ad);
  const parts = Object(result) as Partial<Pullback>;
  if (!Array.isArray(parts.ys) || typeof parts.pull !== "function" || typeof parts.dispose !== "function") {
    throw new AutodiffError(`${who}: contract: pullback must return { ys, pull, dispose }, got ${describe(result)}.`);
  }
  checkResults(who, result.ys, call.count());
  return {
    ys: result.ys,
    pull: (cts) => checkCotangents(who, "pull", result.pull(cts), xs),
    dispose: () => result.dispose(),
  };
}

/** A backend's own withgradient, held to the contract. */
export function heldWithgradient(backend: Backend, f: FlatFunction, xs: readonly Value[], ad: ADType): MaybePromise<{ ys: readonly Value[]; grads: Tangents }> {
  const who = backend.adtype;
  const call = callableBy(who, backend.capabilities.traceable, f);
  return whenDone(backend.withgradient!(call.f, xs, ad), (result) => {
    const { ys, grads } = Object(result) as Partial<typeof result>;
    if (!Array.isArray(ys)) throw new AutodiffError(`${who}: contract: withgradient must return { ys, grads }, got ${describe(result)}.`);
    checkResults(who, ys, call.count());
    return { ys, grads: checkCotangents(who, "withgradient", grads, xs) };
  });
}

function checkCotangents(who: string, what: string, grads: unknown, xs: readonly Value[]): Tangents {
  if (!Array.isArray(grads) || grads.length !== xs.length) {
    throw new AutodiffError(`${who}: contract: ${what} must return one cotangent per input, ${xs.length} in all; got ${describe(grads)}.`);
  }
  grads.forEach((g, i) => g !== undefined && checkLike(who, "cotangent", i, g, xs[i]!));
  return grads as Tangents;
}

/** A backend's pushforward, held to the contract. */
export function heldPushforward(backend: Backend, f: FlatFunction, xs: readonly Value[], dxs: readonly Tangents[], ad: ADType): Pushforward {
  const who = backend.adtype;
  const call = callableBy(who, backend.capabilities.traceable, f);
  const result: Pushforward = backend.pushforward!(call.f, xs, dxs, ad);
  const { ys, tangents } = Object(result) as Partial<Pushforward>;
  if (!Array.isArray(ys) || !Array.isArray(tangents)) {
    throw new AutodiffError(`${who}: contract: pushforward must return { ys, tangents }, got ${describe(result)}.`);
  }
  checkResults(who, ys, call.count());
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

/**
 * f as an engine may call it, and how many results it had last. An opaque engine runs it outside of every trace, so that
 * a traced value which f captured is an error and not a silent constant.
 */
function callableBy(who: string, traceable: boolean, f: FlatFunction): { f: FlatFunction; count(): number | undefined } {
  let count: number | undefined;
  return {
    f: (xs) => {
      const ys = traceable ? f(xs) : outside(who, null, f, xs);
      count = ys.length;
      return ys;
    },
    count: () => count,
  };
}

function checkResults(who: string, ys: readonly unknown[], count: number | undefined): void {
  if (count !== undefined && ys.length !== count) {
    throw new AutodiffError(`${who}: contract: ys must be f's results, ${count} in all; got ${describe(ys)}.`);
  }
  ys.forEach((y, i) => {
    if (typeof y !== "number" && !(y instanceof Tensor)) {
      throw new AutodiffError(`${who}: contract: result ${i} must be a number or a Tensor, got ${describe(y)}.`);
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
}
