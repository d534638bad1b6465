import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pullback } from "../../packages/backend-tape/src/tape.js";
import { pushforward } from "../../packages/backend-forward/src/dual.js";
import { batched } from "../../packages/core/src/batch.js";
import { capture } from "../../packages/core/src/graph/capture.js";
import { evaluateGraph } from "../../packages/core/src/graph/evaluate.js";
import { isVariable, type Equation } from "../../packages/core/src/graph/graph.js";
import { stack } from "../../packages/core/src/ops/stack.js";
import type { Aval } from "../../packages/core/src/primitive.js";
import { corePrimitives, type CorePrimitiveName } from "../../packages/core/src/primitives/index.js";
import { kindOf, shapeOf, type Value } from "../../packages/core/src/tensor.js";
import { unstack } from "../../packages/core/src/ops/unstack.js";
import { isActive, operands, randomOf, type Sample } from "../../conformance/src/cases/case.js";
import { allCases } from "../../conformance/src/cases/index.js";
import { direction, expectSame, expectSameButRounding, isTraced } from "./compare.js";

/** One seed for all: a failure is the same tomorrow. Set SEED to roam. */
const seed = Number(process.env["SEED"] ?? 20240607);
const runs = Number(process.env["RUNS"] ?? 25);

type Flat = (xs: readonly Value[]) => readonly Value[];

/** A sample as a function of its active operands. */
interface Problem {
  readonly f: Flat;
  readonly xs: readonly Value[];
  readonly ys: readonly Value[];
  readonly seed: number;
}

function results({ call }: Sample, xs: readonly Value[]): readonly Value[] {
  const out = call(...xs);
  return typeof out === "object" && !("shape" in out) ? out : [out];
}

function problem(sample: Sample, edgy: boolean): Problem {
  const all = operands(sample, 0, edgy);
  const active = sample.slots.map(isActive);
  const f: Flat = (xs) => {
    let at = 0;
    return results(sample, all.map((x, i) => (active[i]! ? xs[at++]! : x)));
  };
  const xs = all.filter((_, i) => active[i]);
  return { f, xs, ys: f(xs), seed: sample.seed };
}

function avalOf(x: Value): Aval {
  const kind = kindOf(x);
  return { shape: shapeOf(x), dtype: kind === "number" ? "float64" : kind, weak: kind === "number" };
}

/** 1. A traced value is the plain value, exactly. */
function tracedIsPlain(sample: Sample): void {
  const { f, xs, ys, seed } = problem(sample, true);
  const random = randomOf(seed);
  const under: Record<string, () => readonly Value[]> = {
    tape: () => pullback(f, xs).ys,
    forward: () => pushforward(f, xs, [xs.map((x) => direction(x, random))]).ys,
    "two tangents": () => pushforward(f, xs, [xs.map((x) => direction(x, random)), xs.map((x) => direction(x, random))]).ys,
    "tape over forward": () => pullback((zs) => pushforward(f, zs, [zs.map((x) => direction(x, random))]).ys, xs).ys,
  };
  for (const [engine, run] of Object.entries(under)) run().forEach((y, k) => expectSame(y, ys[k]!, engine));
  const all = operands(sample, 0, true);
  const graph = capture((zs) => results(sample, zs), all.map(avalOf));
  evaluateGraph(graph, all).forEach((y, k) => expectSame(y, ys[k]!, "capture"));
}

/** 2. What is inferred before is what comes out, for every primitive that the call runs. */
function inferredIsEvaluated(sample: Sample, seen: Set<string>): void {
  const all = operands(sample, 0, true);
  const { inputs, equations } = capture((zs) => results(sample, zs), all.map(avalOf));
  const values = new Map<number, Value>(inputs.map((v, i) => [v.id, all[i]!]));
  for (const { primitive, attrs, inputs: from, outputs } of equations satisfies readonly Equation[]) {
    seen.add(primitive.name);
    const xs = from.map((x) => (isVariable(x) ? values.get(x.id)! : x));
    const inferred = primitive.infer(xs, attrs);
    const avals = (Array.isArray(inferred) ? inferred : [inferred]) as readonly Aval[];
    const out = primitive.evaluate(xs, attrs);
    const ys = (Array.isArray(out) ? out : [out]) as readonly Value[];
    expect(ys.length).toBe(avals.length);
    ys.forEach((y, k) => {
      expect(avalOf(y), primitive.name).toEqual({ shape: [...avals[k]!.shape], dtype: avals[k]!.dtype, weak: avals[k]!.weak });
      const { shape, dtype, weak } = outputs[k]!;
      expect({ shape, dtype, weak }, `${primitive.name}, captured`).toEqual(avals[k]);
      values.set(outputs[k]!.id, y);
    });
  }
}

/** Windows of a batch are one product of matrices, and a large one adds up in another order than a small one. */
const reordered: ReadonlySet<string> = new Set(["conv", "convFilter", "convTranspose", "meanPool"]);

/** 3. A batch is its entries, one after the other. */
function batchIsLoop(sample: Sample, name: string): void {
  const size = 3;
  const random = randomOf(sample.seed);
  const moving = sample.slots.map(() => random() < 0.6);
  fc.pre(moving.includes(true));
  const entries = Array.from({ length: size }, (_, k) => operands(sample, k, true));
  const fixed = entries[0]!;
  const at = moving.flatMap((moves, i) => (moves ? [i] : []));
  const stacked = at.map((i) => stack(entries.map((xs) => xs[i]!)));
  const together = batched(
    (zs) => results(sample, fixed.map((x, i) => (moving[i]! ? zs[at.indexOf(i)]! : x))),
    stacked,
    at.map((i) => sample.slots[i]!.kind === "number"),
  );
  const alone = entries.map((xs) => results(sample, fixed.map((x, i) => (moving[i]! ? xs[i]! : x))));
  together.forEach((ys, k) => {
    expect(ys.shape[0]).toBe(size);
    const same = reordered.has(name) ? expectSameButRounding : expectSame;
    unstack(ys, alone[0]![k]!).forEach((y, b) => same(y, alone[b]![k]!, `entry ${b}`));
    expect(ys.dtype).toBe(avalOf(alone[0]![k]!).dtype);
  });
}

/** 4. What is constant piece by piece is not traced. */
function constantIsPlain(sample: Sample): void {
  const { f, xs, seed } = problem(sample, true);
  const random = randomOf(seed);
  const plain: Flat = (zs) => {
    const ys = f(zs);
    ys.forEach((y) => expect(isTraced(y)).toBe(false));
    return ys;
  };
  pullback(plain, xs);
  pushforward(plain, xs, [xs.map((x) => direction(x, random))]);
}

const all = Object.entries(allCases).map(([name, own]) => [name, own, name in corePrimitives ? corePrimitives[name as CorePrimitiveName] : null] as const);

describe.each(all)("%s", (name, own, primitive) => {
  const each = (law: (sample: Sample) => void): void => {
    for (const { note, samples } of own) {
      fc.assert(fc.property(samples, law), {
        seed,
        numRuns: runs,
        reporter: (details) => {
          if (!details.failed) return;
          const [sample] = details.counterexample ?? [];
          const what = sample && `${sample.slots.map(({ kind, shape }) => `${kind}[${shape.join(", ")}]`).join(", ")}, seed ${sample.seed}, ${String(sample.call)}`;
          const cause = details.errorInstance;
          throw new Error(`${name}${note && ` (${note})`} of ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
        },
      });
    }
  };

  test("has cases", () => {
    expect(own.length).toBeGreaterThan(0);
  });
  test("infer foretells the result", () => {
    const seen = new Set<string>();
    each((sample) => inferredIsEvaluated(sample, seen));
    if (primitive !== null) expect([...seen]).toContain(name);
  });

  const laws: Readonly<Record<string, (sample: Sample, name: string) => void>> = {
    "traced values are plain values": tracedIsPlain,
    "a batch is a loop": batchIsLoop,
    ...(primitive?.constant === true && { "constants are not traced": constantIsPlain }),
  };
  test.each(Object.keys(laws))("%s", (law) => each((sample) => laws[law]!(sample, name)));
});
