import { AutoFiniteDiff, type ADType } from "../adtypes.js";
import type { MaybePromise } from "../backend.js";
import { AutodiffError } from "../errors.js";
import { add } from "../primitives/add.js";
import { mul } from "../primitives/mul.js";
import { generator } from "../random.js";
import { Tensor, tensor, type Value } from "../tensor.js";
import { Const, isConst, isDuplicated } from "../tree/activity.js";
import { flatten } from "../tree/flatten.js";
import { Params } from "../tree/params.js";
import type { Args, Run } from "../types.js";
import { activeValue, Arguments, type AnyFunction } from "./arguments.js";
import { gradient } from "./gradient.js";
import { all, whenDone } from "../promise.js";
import { requireScalar } from "./result.js";

/** How one leaf's gradient compares with finite differences. */
export interface CheckedLeaf {
  /** Argument and place in it, as `[0].weight`. */
  readonly path: string;
  /** The largest difference in a direction, relative to the leaf's largest derivative. */
  readonly error: number;
  /** The largest error that passes: what the leaf's dtype can show. */
  readonly tolerance: number;
  readonly ok: boolean;
  /** The derivative in the direction that differs most, by the engine. */
  readonly got: number;
  /** The same by finite differences. */
  readonly expected: number;
}

/**
 * Compares an engine's gradient with finite differences, leaf by leaf: the first thing to do when training goes wrong.
 * The differences are taken in float64 on the host, whatever the arguments are: element by element in small leaves, in
 * eight random directions in others, so that a large model takes a few hundred evaluations of f for each array. Several
 * step sizes are tried and the best one counts, as a wide step may cross a kink. At a kink itself they disagree rightly.
 *
 * @returns every leaf's comparison; `console.table` shows it
 * @throws AutodiffError naming the leaves that disagree, or if f gives two values for the same arguments.
 * @example
 * checkGradient((x) => sin(x), AutoTape(), 0.5)[0].ok // true
 */
export function checkGradient<A extends ADType, const T extends readonly unknown[]>(f: (...args: Args<T>) => Value, ad: A, ...args: T): Run<A, CheckedLeaf[]>;
export function checkGradient(f: AnyFunction, ad: ADType, ...args: readonly unknown[]): unknown {
  if (args.some((arg) => arg instanceof Params)) {
    throw new AutodiffError("checkGradient: params(...) hides what f captures, which cannot be varied. Pass the tensors or the model as arguments of f.");
  }
  const grads: MaybePromise<unknown> = Reflect.apply(gradient, undefined, [f, ad, ...args]);
  const wide = all(args.map((arg) => widened(isDuplicated(arg) ? arg.value : arg)));
  return whenDone(grads, (got) => whenDone(all([derivatives(got), wide]), ([leaves, inputs]) => report(compare(f, leaves as Derivative[], inputs as unknown[]))));
}

/** A leaf's gradient, read. */
interface Derivative {
  readonly path: string;
  readonly numbers: ArrayLike<number>;
  readonly tolerance: number;
  /** What rounding leaves where a derivative is 0, relative to f. */
  readonly rounding: number;
}

function derivatives(grads: unknown): MaybePromise<Derivative[]> {
  const { leaves, def } = flatten(grads);
  const { paths } = def;
  return all(leaves.flatMap((leaf, i): MaybePromise<Derivative>[] => {
    const value = activeValue(leaf);
    if (value === undefined) return [];
    const accuracy = value instanceof Tensor && value.dtype === "float32" ? { tolerance: 1e-3, rounding: 2 ** -23 } : { tolerance: 1e-6, rounding: 1e-12 };
    return [whenDone(typeof value === "number" ? [value] : read(value), (numbers) => ({ path: paths[i]!, numbers, ...accuracy }))];
  }));
}

/** A tree with its tensors on the host, and float64 for float32. One array at several places stays one. */
function widened(tree: unknown): MaybePromise<unknown> {
  const { leaves, def } = flatten(tree);
  const arrays = new Map<unknown, MaybePromise<unknown>>();
  for (const leaf of leaves) if (!arrays.has(leaf)) arrays.set(leaf, wide(leaf));
  return whenDone(all(leaves.map((leaf) => arrays.get(leaf))), (parts) => def.rebuild(parts));
}

function wide(leaf: unknown): MaybePromise<unknown> {
  if (isConst(leaf)) return whenDone(widened(leaf.value), Const);
  if (leaf instanceof Float32Array) return new Float64Array(leaf);
  if (!(leaf instanceof Tensor)) return leaf;
  return whenDone(read(leaf), (data) => tensor(data, leaf.shape, leaf.dtype === "float32" ? "float64" : leaf.dtype));
}

function read(x: Tensor): MaybePromise<ReturnType<Tensor["dataSync"]>> {
  return x.device.reads === "sync" ? x.dataSync() : x.data();
}

function compare(f: AnyFunction, leaves: readonly Derivative[], args: readonly unknown[]): CheckedLeaf[] {
  const inputs = new Arguments("checkGradient", args);
  const at = (values: readonly Value[]): Value => requireScalar("checkGradient", inputs.apply(f, values));
  const size = Math.abs(settled(at, inputs.values));
  const pairs = leaves.map(({ numbers, tolerance }, slot) => {
    const x = inputs.values[slot]!;
    return directions(x).map((v) => {
      const got = dot(numbers, v);
      const along = (t: Value): Value => at(inputs.values.map((value, i) => (i === slot ? add(value, mul(t, v)) : value)));
      return { got, expected: differences(along, got, tolerance) };
    });
  });
  const largest = pairs.map((of) => Math.max(0, ...of.map(({ expected }) => (Number.isFinite(expected) ? Math.abs(expected) : 0))));
  const others = 1e-3 * Math.max(0, ...largest);
  return leaves.map(({ path, tolerance, rounding }, slot) => {
    // Rounding leaves something where a derivative is 0: a little of the others, or of f, is nothing.
    const scale = Math.max(largest[slot]!, others, (rounding * size) / tolerance, Number.MIN_VALUE);
    const checked = pairs[slot]!.map(({ got, expected }) => ({ path, error: Math.abs(got - expected) / scale, got, expected }));
    const worst = checked.reduce((a, b) => (b.error > a.error || b.error !== b.error ? b : a), { path, error: 0, got: 0, expected: 0 });
    return { ...worst, tolerance, ok: worst.error <= tolerance };
  });
}

/** f's value, if it is the same twice. */
function settled(at: (values: readonly Value[]) => Value, values: readonly Value[]): number {
  const [first, again] = [at(values), at(values)].map((y) => (typeof y === "number" ? y : y.item()));
  if (Object.is(first, again)) return first!;
  throw new AutodiffError(`checkGradient: f gives ${first} and then ${again} for the same arguments. Draw random numbers outside of f, and pass them as Const(...).`);
}

/** Each element, of a few; of many, eight random combinations of all. Long enough for rounding not to swallow a step. */
function directions(x: Value): Value[] {
  if (typeof x === "number") return [Math.max(1, Math.abs(x))];
  const data = Float64Array.from(x.dataSync());
  const scale = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const random = generator(0);
  const few = data.length <= 16;
  return Array.from({ length: few ? data.length : 8 }, (_, i) => {
    const v = Float64Array.from(data, (_value, k) => (few ? Number(i === k) : 2 * random.below(2) - 1) * scale);
    return tensor(v, x.shape);
  });
}

/** f′(0) by the widest steps that agree with what an engine gave, else by those that come nearest. */
function differences(f: (t: Value) => Value, got: number, tolerance: number): number {
  let nearest = NaN;
  for (const ad of [AutoFiniteDiff({ scheme: "central6" }), AutoFiniteDiff({ scheme: "central4" }), AutoFiniteDiff({ scheme: "central4", step: 1e-5 })]) {
    const [slope] = gradient(f, ad, 0) as [Value]; // a Tensor where f captures a param()
    const d = typeof slope === "number" ? slope : slope.item();
    if (nearest !== nearest || Math.abs(got - d) < Math.abs(got - nearest)) nearest = d;
    if (Math.abs(got - d) <= tolerance * Math.abs(d)) break;
  }
  return nearest;
}

function dot(xs: ArrayLike<number>, v: Value): number {
  if (typeof v === "number") return xs[0]! * v;
  return Float64Array.from(v.dataSync()).reduce((total, value, i) => total + (value === 0 ? 0 : value * xs[i]!), 0);
}

function report(checks: CheckedLeaf[]): CheckedLeaf[] {
  const wrong = checks.filter((check) => !check.ok);
  if (wrong.length === 0) return checks;
  const width = Math.max(...wrong.map(({ path }) => path.length));
  const lines = wrong.map(({ path, error, tolerance, got, expected }) =>
    `  args${path.padEnd(width)}  got ${got.toPrecision(6)}, expected ${expected.toPrecision(6)}: relative error ${error.toExponential(1)}, at most ${tolerance.toExponential(0)}`);
  throw new AutodiffError(`checkGradient: the gradient disagrees with finite differences at ${wrong.length} of ${checks.length} leaves:\n${lines.join("\n")}`);
}
