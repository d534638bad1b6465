import { AutoFiniteDiff, type ADType } from "../adtypes.js";
import type { MaybePromise } from "../backend.js";
import { AutodiffError } from "../errors.js";
import { Tensor, type Value } from "../tensor.js";
import { flatten } from "../tree/flatten.js";
import type { Args, Run } from "../types.js";
import type { AnyFunction } from "./call.js";
import { gradient } from "./gradient.js";
import { all, whenDone } from "./promise.js";

/** How one leaf's gradient compares with finite differences. */
export interface CheckedLeaf {
  /** Argument and place in it, as `[0].weight`. */
  readonly path: string;
  /** max |g − d| / max(1, max |d|) over the leaf. */
  readonly error: number;
  /** The largest error that passes: what differences of this dtype can show. */
  readonly tolerance: number;
  readonly ok: boolean;
}

/**
 * Compares an engine's gradient with finite differences of sixth order, leaf by leaf: the first thing to do when
 * training goes wrong. Points at kinks disagree rightly.
 *
 * @returns every leaf's comparison
 * @throws AutodiffError naming the leaves that disagree.
 * @example
 * checkGradient((x) => sin(x), AutoTape(), 0.5)[0].ok // true
 */
export function checkGradient<A extends ADType, const T extends readonly unknown[]>(f: (...args: Args<T>) => Value, ad: A, ...args: T): Run<A, CheckedLeaf[]>;
export function checkGradient(f: AnyFunction, ad: ADType, ...args: readonly unknown[]): unknown {
  const grads: MaybePromise<unknown> = Reflect.apply(gradient, undefined, [f, ad, ...args]);
  const reference: unknown = Reflect.apply(gradient, undefined, [f, AutoFiniteDiff({ scheme: "central6" }), ...args]);
  return whenDone(grads, (got) => whenDone(compare(got, reference), report));
}

function compare(got: unknown, reference: unknown): MaybePromise<CheckedLeaf[]> {
  const { leaves, def } = flatten(got);
  const expected = flatten(reference).leaves;
  const checks = leaves.map((leaf, i): MaybePromise<CheckedLeaf | null> => {
    const float32 = leaf instanceof Float32Array || (leaf instanceof Tensor && leaf.dtype === "float32");
    const tolerance = float32 ? 1e-2 : 1e-7;
    const numbers = read(leaf);
    if (numbers === null) return null;
    return whenDone(all([numbers, read(expected[i])!]), ([a, b]) => {
      const scale = Math.max(1, ...Array.from(b!, Math.abs));
      const error = Array.from(a!, (x, k) => Math.abs(x - b![k]!) / scale).reduce((most, e) => (e > most || e !== e ? e : most), 0);
      return { path: def.paths[i]!, error, tolerance, ok: error <= tolerance };
    });
  });
  return whenDone(all(checks), (all) => all.filter((check) => check !== null));
}

function read(leaf: unknown): MaybePromise<ArrayLike<number>> | null {
  if (typeof leaf === "number") return [leaf];
  if (leaf instanceof Tensor) return leaf.device.reads === "sync" ? leaf.dataSync() : leaf.data();
  return leaf instanceof Float64Array || leaf instanceof Float32Array ? leaf : null;
}

function report(checks: CheckedLeaf[]): CheckedLeaf[] {
  const wrong = checks.filter((check) => !check.ok);
  if (wrong.length === 0) return checks;
  const lines = wrong.map(({ path, error, tolerance }) => `  args${path}: relative error ${error.toExponential(2)}, at most ${tolerance.toExponential(0)} expected`);
  throw new AutodiffError(`checkGradient: the gradient disagrees with finite differences at ${wrong.length} of ${checks.length} leaves:\n${lines.join("\n")}`);
}
