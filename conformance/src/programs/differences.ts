import * as core from "@polyad/core";
import { run, type Engines } from "./evaluate.js";
import { numbersOf, valueOf } from "./program.js";
import { slack } from "./tolerance.js";
import type { Entry, Subject } from "./subject.js";

/** What differences say of the derivative along the direction: each number with the error that it may have. */
export interface Estimate {
  readonly numbers: readonly number[];
  readonly errors: readonly number[];
}

const steps = [2 ** -7, 2 ** -9, 2 ** -11, 2 ** -13];
const weights = [45, -9, 1];

/**
 * The derivatives of the results along the subject's direction by central differences of sixth order,
 * [45 (f₁ − f₋₁) − 9 (f₂ − f₋₂) + (f₃ − f₋₃)] / 60h, in float64. The error is estimated by what halving h changes, and by
 * what rounding of f, at its sensitivity κ, leaves of a difference over h. The largest step whose error is of the 1e−8
 * class serves; if none is, that with the least.
 */
export function differences(subject: Subject, nested: Engines, kappa: readonly number[]): readonly Estimate[] {
  const along = sampler(subject, nested);
  let best: Estimate[] | null = null;
  for (const h of steps) {
    const coarse = central(along, h);
    const fine = central(along, h / 2);
    const estimates = fine.map((numbers, k): Estimate => {
      const rounding = (slack * 2 ** -53 * (1 + kappa[k]! + Math.max(0, ...along(0)[k]!.map(Math.abs)))) / h;
      return { numbers, errors: numbers.map((x, i) => 4 * Math.abs(x - coarse[k]![i]!) + rounding) };
    });
    best = best === null ? estimates : estimates.map((e, k) => (worst(e) < worst(best![k]!) ? e : best![k]!));
    if (best.every((e) => isConclusive(e))) break;
  }
  return best!;
}

/** Whether the error is of the class that such differences can give. */
export function isConclusive(estimate: Estimate): boolean {
  return worst(estimate) <= 1e-8;
}

function worst({ numbers, errors }: Estimate): number {
  const scale = 1 + Math.max(0, ...numbers.map(Math.abs));
  return Math.max(0, ...errors) / scale;
}

/** Where a derivative lies outside of the estimate. */
export function outside({ numbers, errors }: Estimate, { numbers: derivative }: Entry): number {
  return numbers.findIndex((x, i) => !(Math.abs(x - derivative[i]!) <= errors[i]!));
}

/** f along the direction, in float64. */
function sampler({ program, xs, directions }: Subject, nested: Engines): (t: number) => readonly (readonly number[])[] {
  const steps = directions.map((d) => (d === null ? null : valueOf(d, true)));
  const known = new Map<number, readonly (readonly number[])[]>();
  return (t) => {
    const found = known.get(t);
    if (found !== undefined) return found;
    const at = xs.map((x, k) => (steps[k] === null ? x : core.add(x, core.mul(t, steps[k]!))));
    const ys = run(program.body, at, nested, { widen: true }).map(numbersOf);
    known.set(t, ys);
    return ys;
  };
}

function central(along: (t: number) => readonly (readonly number[])[], h: number): number[][] {
  const samples = weights.map((_, j) => [along((j + 1) * h), along(-(j + 1) * h)] as const);
  return along(0).map((y, k) => y.map((_, i) => weights.reduce((sum, w, j) => sum + w * (samples[j]![0][k]![i]! - samples[j]![1][k]![i]!), 0) / (60 * h)));
}
