import { backendOf, mul, scope, sin, square, sum, Tensor, tensor, type ADType, type FlatFunction, type Tangents, type Value } from "@polyad/core/extend";
import type { Check } from "../check.js";
import { ensure, expectNumbers, read } from "../compare.js";
import type { Engine } from "../engine.js";

type Point = readonly [x: readonly number[], c: number];

/** (x, c) ↦ (c x², c Σ sin x) */
const f: FlatFunction = ([x, c]) => [mul(c!, square(x!)), mul(c!, sum(sin(x!)))];
const at = ([x, c]: Point): Value[] => [tensor(x), c];

/** The cotangents of (x, c) for (a, b) of f's two results. */
const expected = ([x, c]: Point, [a, b]: Point): readonly (readonly number[])[] => [
  x.map((v, i) => 2 * c * v * a[i]! + c * Math.cos(v) * b),
  [x.reduce((t, v, i) => t + v * v * a[i]! + Math.sin(v) * b, 0)],
];

const points: readonly Point[] = [[[0.5, -1.25], 2], [[1.5, 0.25], -0.75]];
const seeds: readonly Point[] = [[[1, -0.5], 0], [[0.25, 2], -1.5]];
const seed = ([a, b]: Point): Value[] => [tensor(a), tensor(b)];

interface Pull {
  readonly when: string;
  readonly grads: Tangents;
  readonly expected: readonly (readonly number[])[];
}

/** Two pullbacks that are alive at the same time: pulled in turn, each with several cotangents, and one when the other is disposed of. */
function interleaved(ad: ADType): Pull[] {
  const [first, second] = points.map((point) => backendOf(ad).pullback!(f, at(point), ad));
  const pulls: Pull[] = [];
  const pull = (k: number, s: Point, when: string): void => {
    pulls.push({ when: `pullback ${k}, ${when}`, grads: [first!, second!][k]!.pull(seed(s)), expected: expected(points[k]!, s) });
  };
  for (const when of ["pulled", "pulled again"]) {
    for (const s of seeds) for (const k of points.keys()) pull(k, s, when);
  }
  second!.dispose();
  for (const s of seeds) pull(0, s, "when the other is disposed of");
  first!.dispose();
  return pulls;
}

async function agree({ ad, tolerance }: Engine): Promise<void> {
  const pulls = scope(() => interleaved(ad));
  try {
    for (const { when, grads, expected } of pulls) {
      for (const [i, row] of expected.entries()) expectNumbers(await read(grads[i]), row, tolerance("float64", 1), `${when}, cotangent of ${"xc"[i]}`);
    }
  } finally {
    for (const { grads } of pulls) for (const g of grads) if (g instanceof Tensor) g.dispose();
  }
}

/** Every list that an engine is given has the same entries afterwards: inputs, tangents and cotangents, with zeros that are not there, and the results of f. */
async function untouched({ ad }: Engine): Promise<void> {
  const { pullback, pushforward, withgradient } = backendOf(ad);
  const all: { what: string; list: readonly unknown[]; entries: readonly unknown[] }[] = [];
  const given = <T>(what: string, list: readonly T[]): readonly T[] => {
    all.push({ what, list, entries: [...list] });
    return list;
  };
  const xs = given("inputs", at(points[0]!));
  const whole: FlatFunction = (inside) => given("results of f", f(inside));
  const directions = (of: (s: Point) => readonly Value[]): Tangents[] => seeds.map((s, i) => of(s).map((v, k) => (i === k ? v : undefined)));
  const loss: FlatFunction = (inside) => given("results of f", f(inside).slice(1));
  await scope(() => {
    if (pullback) {
      const { pull, dispose } = pullback(whole, xs, ad);
      for (const cts of directions(seed)) pull(given("cotangents", cts));
      dispose();
    }
    pushforward?.(whole, xs, given("lists of tangents", directions(at).map((dxs) => given("tangents", dxs))), ad);
    return withgradient?.(loss, xs, ad);
  });
  for (const { what, list, entries } of all) {
    const same = list.length === entries.length && entries.every((v, i) => Object.is(v, list[i]));
    ensure(same, () => `the engine changed the list of ${what}: of its ${entries.length} entries ${entries.filter((v, i) => i < list.length && Object.is(v, list[i])).length} are left`);
  }
}

function promise(subject: string, run: Check["run"], without?: Check["without"]): Check {
  const name = `contract: ${subject}`;
  return { group: "scenarios", subject: name, name, ops: [], needs: { order: 1, single: true, dtypes: ["float64"] }, run, ...(without && { without }) };
}

/** What backend.ts says of an engine itself, beyond what core's operators ask of it. */
export const contract: readonly Check[] = [
  promise("pullbacks alive at the same time", agree, ({ ad }) => (backendOf(ad).pullback === undefined ? "it has no pullback of its own: core's computes all it needs when it is made" : undefined)),
  promise("lists that the engine is given stay as they are", untouched),
];
