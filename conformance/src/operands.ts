import fc from "fast-check";
import { add, isFloat, kindOf, mul, shapeOf, sum, type Kind, type Value } from "@polyad/core/extend";
import { isActive, operands, randomOf, valueOf, type Random, type Sample } from "./cases/case.js";
import { ensure, read, type Tolerance } from "./compare.js";
import type { Engine } from "./engine.js";

/** Named values: the argument and the result of a law's function. Absent entries are zeros. */
export type Named = Readonly<Record<string, Value>>;
export type Cotangents = Readonly<Record<string, Value | null>>;

/** A call of an op as a function of its active operands, at a random point. */
export interface Subject {
  readonly engine: Engine;
  readonly f: (x: Named) => Named;
  readonly x: Named;
  /** f(x) outside of the engine. */
  readonly y: Named;
  readonly random: Random;
  /** The coarsest dtype that takes part. */
  readonly dtype: "float64" | "float32";
  /** Condition number: by how much rounding may show in a derivative. */
  readonly condition: number;
  /** For derivatives of an order, in units of the scale of what is compared. */
  tolerance(order: number): Tolerance;
}

/**
 * An op's sample for an engine. Where a law holds at kinks too, some operands lie on them, unless the engine works from
 * samples; those, and smooth laws, keep clear of kinks.
 */
export async function subjectOf(engine: Engine, sample: Sample, at: "anywhere" | "smooth"): Promise<Subject> {
  const smooth = at === "smooth" || engine.samples;
  const all = operands(sample, 0, !smooth);
  if (smooth && sample.clearance) {
    const distances = await read(sample.clearance(...all));
    fc.pre(distances.every((distance) => distance > 1 / 16));
  }
  const { condition: own = 1, nearby = own } = sample;
  const condition = engine.samples ? nearby : own;
  const active = sample.slots.map(isActive);
  const x: Record<string, Value> = {};
  all.forEach((value, i) => {
    if (active[i]!) x[`x${i}`] = value;
  });
  const f = (moving: Named): Named => named(sample.call(...all.map((value, i) => moving[`x${i}`] ?? value)));
  const y = f(x);
  const dtype = [...Object.values(x), ...Object.values(y)].some((v) => kindOf(v) === "float32") ? "float32" : "float64";
  fc.pre(Object.values(x).every((v) => engine.dtypes.includes(dtypeOf(v))));
  // Samples cannot tell that float32 rounded something on its way from float64 to float64.
  fc.pre(!engine.samples || dtype === "float64" || [...Object.values(x), ...Object.values(y)].every((v) => kindOf(v) === "float32" || !carriesDerivative(v)));
  return { engine, f, x, y, random: randomOf(sample.seed), dtype, condition, tolerance: (order) => () => condition * engine.tolerance(dtype, order) };
}

function dtypeOf(x: Value): Exclude<Kind, "number"> {
  return typeof x === "number" ? "float64" : x.dtype;
}

function named(out: Value | readonly Value[]): Named {
  if (typeof out === "number" || !Array.isArray(out)) return { y: out as Value };
  return Object.fromEntries(out.map((y: Value, k) => [`y${k}`, y]));
}

export function carriesDerivative(x: Value): boolean {
  return typeof x === "number" || isFloat(x.dtype);
}

/** A random value of the kind and shape of another, its elements in [−1, 1). */
export function directionOf(x: Value, random: Random): Value {
  return valueOf({ kind: kindOf(x), shape: shapeOf(x) }, () => 2 * random() - 1);
}

/** A random direction for each of some values. */
export function directions(xs: Named, random: Random): Named {
  return mapNamed(xs, (x) => directionOf(x, random));
}

/** A random cotangent for each float among some values. */
export function cotangents(ys: Named, random: Random): Cotangents {
  return Object.fromEntries(Object.entries(ys).map(([key, y]) => [key, carriesDerivative(y) ? directionOf(y, random) : null]));
}

export function mapNamed(xs: Named, f: (x: Value, key: string) => Value): Named {
  return Object.fromEntries(Object.entries(xs).map(([key, x]) => [key, f(x, key)]));
}

/** αv + βw, entry by entry. */
export function combined(alpha: number, v: Named, beta: number, w: Named): Named {
  return mapNamed(v, (x, key) => add(mul(alpha, x), mul(beta, w[key]!)));
}

/** Σ ⟨ct, y⟩ in ops, so that it can be differentiated. */
export function weighed(cts: Cotangents, ys: Named): Value {
  return Object.entries(cts).reduce<Value>((total, [key, ct]) => (ct === null ? total : add(total, sum(mul(ct, ys[key]!)))), 0);
}

/** Σ ⟨a, b⟩ in float64, and the sum of its terms' magnitudes. */
export async function inner(as: Cotangents, bs: Named): Promise<{ product: number; magnitude: number }> {
  let product = 0;
  let magnitude = 0;
  for (const [key, a] of Object.entries(as)) {
    if (a === null) continue;
    const b = await read(bs[key]);
    (await read(a)).forEach((x, i) => {
      product += x * b[i]!;
      magnitude += Math.abs(x * b[i]!);
    });
  }
  return { product, magnitude };
}

/** That two numbers agree, on the scale of what was added up to make them. */
export function expectProduct(actual: number, expected: number, tolerance: number, scale: number, where: string): void {
  const allowed = tolerance * (1 + scale);
  ensure(Math.abs(actual - expected) <= allowed || (Number.isNaN(actual) && Number.isNaN(expected)), () => `${where}: ${actual} is not ${expected}, off by ${Math.abs(actual - expected).toExponential(1)} of ${allowed.toExponential(1)} allowed`);
}

/** The largest magnitude among some values. */
export async function largest(...lists: readonly Cotangents[]): Promise<number> {
  let found = 1;
  for (const xs of lists) for (const x of Object.values(xs)) if (x !== null) for (const e of await read(x)) if (Number.isFinite(e)) found = Math.max(found, Math.abs(e));
  return found;
}
