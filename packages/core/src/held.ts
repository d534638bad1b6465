import type { ADType } from "./adtypes.js";
import type { Backend, FlatFunction, Pullback, Pushforward } from "./backend.js";
import { isFloat } from "./dtype.js";
import { AutodiffError, UnsupportedError } from "./errors.js";
import { backendOf } from "./registry.js";
import { sameShape, showShape } from "./shape.js";
import { describe, kindOf, shapeOf, Tensor, type Value } from "./tensor.js";
import { at, currentTrace } from "./trace.js";

/** What core holds engines to: that they can do what is asked, and return what the contract says. */

/** The engine, checked against what it says that it can do with these values. */
export function engineFor(ad: ADType, xs: readonly Value[]): Backend {
  if (ad.adtype === "second-order") {
    throw new AutodiffError("SecondOrder(outer, inner) is for hessian, hvp and secondDerivative. Name one engine here.");
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

/**
 * f as an engine may call it. An opaque engine runs it outside of every trace, so that a traced value which f captured
 * is an error and not a silent constant.
 */
export function callableBy({ capabilities }: Backend, f: FlatFunction): FlatFunction {
  return capabilities.traceable ? f : (xs) => at(null, () => f(xs));
}

export function checkedPullback(backend: Backend, result: Pullback, xs: readonly Value[]): Pullback {
  const who = backend.adtype;
  return {
    ...result,
    pull: (cts) => {
      const grads = result.pull(cts);
      if (grads.length !== xs.length) {
        throw new AutodiffError(`${who}: contract: pull must return one cotangent per input: expected ${xs.length}, got ${grads.length}.`);
      }
      grads.forEach((g, i) => g !== undefined && checkLike(who, "cotangent", i, g, xs[i]!));
      return grads;
    },
  };
}

export function checkedPushforward(backend: Backend, result: Pushforward, count: number): Pushforward {
  const who = backend.adtype;
  if (result.tangents.length !== count) {
    throw new AutodiffError(`${who}: contract: pushforward must return one list per tangent: expected ${count}, got ${result.tangents.length}.`);
  }
  for (const t of result.tangents) {
    if (t.length !== result.ys.length) {
      throw new AutodiffError(`${who}: contract: a tangent has one entry per result: expected ${result.ys.length}, got ${t.length}.`);
    }
    t.forEach((dy, i) => dy !== undefined && checkLike(who, "tangent", i, dy, result.ys[i]!));
  }
  return result;
}

function checkLike(who: string, what: string, i: number, got: unknown, like: Value): void {
  if (typeof got !== "number" && !(got instanceof Tensor)) {
    throw new AutodiffError(`${who}: contract: ${what} ${i} must be a number, a Tensor or undefined, got ${describe(got)}.`);
  }
  if (!sameShape(shapeOf(got), shapeOf(like)) || (kindOf(like) !== "number" && kindOf(got) !== kindOf(like) && !isFloat((like as Tensor).dtype))) {
    throw new AutodiffError(
      `${who}: contract: ${what} ${i} must have the shape of its value, ${showShape(shapeOf(like))}; got ${showShape(shapeOf(got))}.`,
    );
  }
}
