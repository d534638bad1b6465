import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pullback } from "../../packages/backend-tape/src/tape.js";
import { pushforward } from "../../packages/backend-forward/src/dual.js";
import { batched } from "../../packages/core/src/batch.js";
import { capture } from "../../packages/core/src/graph/capture.js";
import { evaluateGraph } from "../../packages/core/src/graph/evaluate.js";
import { isVariable, type Equation } from "../../packages/core/src/graph/graph.js";
import { stack } from "../../packages/core/src/ops/stack.js";
import type { Aval, AnyPrimitive } from "../../packages/core/src/primitive.js";
import { add } from "../../packages/core/src/primitives/add.js";
import { broadcastLike } from "../../packages/core/src/primitives/conform.js";
import { corePrimitives, type CorePrimitiveName } from "../../packages/core/src/primitives/index.js";
import { mul } from "../../packages/core/src/primitives/mul.js";
import { kindOf, shapeOf, type Value } from "../../packages/core/src/tensor.js";
import { unstack } from "../../packages/core/src/ops/unstack.js";
import { isActive, operands, randomOf, type Case, type Sample } from "./case.js";
import { cases } from "./cases.js";
import { compositeCases } from "./composite.cases.js";
import { differentiable, direction, dot, epsilon, expectForm, expectNear, expectSame, inner, isTraced, numbersOf, precision } from "./compare.js";

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

/** 3. ⟨ct, J v⟩ = ⟨Jᵀ ct, v⟩, and derivatives have the form of what they belong to. */
function adjoint(sample: Sample): void {
  const { f, xs, ys, seed } = problem(sample, true);
  const random = randomOf(seed);
  const vs = xs.map((x) => direction(x, random));
  const cts = ys.map((y) => (differentiable(y) ? direction(y, random) : undefined));
  const { tangents } = pushforward(f, xs, [vs]);
  const dys = tangents[0]!;
  const dxs = pullback(f, xs).pull(cts);
  ys.forEach((y, k) => expectForm(dys[k], y, "tangent"));
  xs.forEach((x, i) => expectForm(dxs[i], x, "cotangent"));
  const left = inner(cts, dys);
  const right = inner(dxs, vs);
  const tolerance = precision([...xs, ...ys]) === "float32" ? 1e-5 : 1e-12;
  const difference = Math.abs(left.product - right.product);
  expect(difference, `${left.product} is not ${right.product}`).toBeLessThanOrEqual(tolerance * (left.magnitude + right.magnitude));
  // One operand at a time, the rules of the others unused.
  xs.forEach((_, i) => {
    const alone = pushforward(f, xs, [xs.map((_x, j) => (j === i ? vs[i] : undefined))]).tangents[0]!;
    const l = inner(cts, alone);
    const r = inner([dxs[i]], [vs[i]]);
    expect(Math.abs(l.product - r.product), `operand ${i}`).toBeLessThanOrEqual(tolerance * (l.magnitude + r.magnitude));
  });
}

/** 4. The pushforward is the limit of differences, to what rounding and the step leave of them. */
function differences(sample: Sample): void {
  const { f, xs, ys, seed } = problem(sample, false);
  fc.pre(xs.length > 0 && precision([...xs, ...ys]) === "float64");
  const random = randomOf(seed);
  const h = 2 ** -7;
  if (sample.clearance) fc.pre(numbersOf(sample.clearance(...operands(sample))).every((distance) => distance > 8 * h));
  const vs = xs.map((x) => direction(x, random));
  const dys = pushforward(f, xs, [vs]).tangents[0]!;
  const along = (t: number): readonly (readonly number[])[] => f(xs.map((x, i) => add(x, mul(t, vs[i]!)))).map(numbersOf);
  /** Sixth order: [45 (f₁ − f₋₁) − 9 (f₂ − f₋₂) + (f₃ − f₋₃)] / 60h. */
  const central = (step: number): number[][] => {
    const at = [1, 2, 3].map((k) => [along(k * step), along(-k * step)] as const);
    return ys.map((y, k) => numbersOf(y).map((_, i) => [45, -9, 1].reduce((total, c, j) => total + c * (at[j]![0][k]![i]! - at[j]![1][k]![i]!), 0) / (60 * step)));
  };
  const coarse = central(h);
  const fine = central(h / 2);
  ys.forEach((y, k) => {
    if (!differentiable(y)) return;
    const dy = dys[k] === undefined ? undefined : numbersOf(dys[k]);
    numbersOf(y).forEach((value, i) => {
      const truncation = Math.abs(coarse[k]![i]! - fine[k]![i]!);
      const rounding = (64 * epsilon("float64") * (Math.abs(value) + 1)) / h;
      const scale = 1 + Math.abs(fine[k]![i]!);
      expect(truncation / scale, "differences converge").toBeLessThan(1e-6);
      const error = Math.abs((dy?.[i] ?? 0) - fine[k]![i]!);
      expect(error, `element ${i}: ${dy?.[i]} is not ${fine[k]![i]}`).toBeLessThanOrEqual(truncation + rounding);
    });
  });
}

/** 5. The second derivative along v is one, however the engines are nested. */
function secondOrder(sample: Sample): void {
  const { f, xs, ys, seed } = problem(sample, false);
  const random = randomOf(seed);
  const vs = xs.map((x) => direction(x, random));
  const cts = ys.map((y) => (differentiable(y) ? direction(y, random) : undefined));
  const zeros = (dxs: readonly (Value | undefined)[]): Value[] => dxs.map((dx, i) => dx ?? broadcastLike(0, xs[i]!));
  const grad: Flat = (zs) => zeros(pullback(f, zs).pull(cts));
  const slope: Flat = (zs) => [dot(cts, pushforward(f, zs, [vs]).tangents[0]!)];
  const nested = {
    "forward over tape": zeros(pushforward(grad, xs, [vs]).tangents[0]!),
    "tape over forward": zeros(pullback(slope, xs).pull([1])),
    "tape over tape": zeros(pullback((zs) => [dot(grad(zs), vs)], xs).pull([1])),
  };
  const tolerance = precision([...xs, ...ys]) === "float32" ? 1e-4 : 1e-10;
  const reference = nested["forward over tape"];
  reference.forEach((dx, i) => expectForm(dx, xs[i]!, "second derivative"));
  for (const [how, dxs] of Object.entries(nested)) dxs.forEach((dx, i) => expectNear(dx, reference[i]!, tolerance, how));
  const twice = pushforward(slope, xs, [vs]).tangents[0]![0];
  const { product, magnitude } = inner(reference, vs);
  expect(Math.abs(numbersOf(twice ?? 0)[0]! - product), "forward over forward").toBeLessThanOrEqual(tolerance * (1 + magnitude));
}

/** 6. A batch is its entries, one after the other. */
function batchIsLoop(sample: Sample): void {
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
    unstack(ys, alone[0]![k]!).forEach((y, b) => expectSame(y, alone[b]![k]!, `entry ${b}`));
    expect(ys.dtype).toBe(avalOf(alone[0]![k]!).dtype);
  });
}

/** 7. What is constant piece by piece is not traced. */
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

const all: readonly (readonly [name: string, own: readonly Case[], primitive: AnyPrimitive | null])[] = [
  ...(Object.keys(corePrimitives) as CorePrimitiveName[]).map((name) => [name, cases[name], corePrimitives[name]] as const),
  ...Object.entries(compositeCases).map(([name, own]) => [name, own, null] as const),
];

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

  const laws: Readonly<Record<string, (sample: Sample) => void>> = {
    "traced values are plain values": tracedIsPlain,
    "a batch is a loop": batchIsLoop,
    ...(primitive?.constant === true
      ? { "constants are not traced": constantIsPlain }
      : {
          "pullback is the transpose of pushforward": adjoint,
          "pushforward is the limit of differences": differences,
          "second derivatives agree": secondOrder,
        }),
  };
  test.each(Object.keys(laws))("%s", (law) => each(laws[law]!));
});
