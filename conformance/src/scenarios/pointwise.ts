import { cast, corePrimitives, derivative, isFloat, PreparationMismatchError, preparePullback, pullback, pushforward, secondDerivative, Tensor, tensor, valueAndPullback, valueAndPushforward, type Value } from "@polyad/core/extend";
import type { Check, Needs } from "../check.js";
import { ensure, read } from "../compare.js";
import type { Engine } from "../engine.js";
import { expectThrows } from "../scenario.js";
import { tensorOf } from "../tree.js";
import { higherOrders, kinks, type Call, type Row } from "./kinks.js";
import { plainRows } from "./plainRows.js";
import { reference } from "./reference.js";

type Unary = (x: Value) => Value;
type Width = "float64" | "float32";

/** Every table of rows: values and partial derivatives at points, elementwise. */
export const rows: Readonly<Record<string, readonly [Call, readonly Row[]]>> = Object.fromEntries(
  [...new Set([...Object.keys(plainRows), ...Object.keys(kinks)])].map((name) => {
    const tables = [plainRows[name], kinks[name]].filter((table) => table !== undefined);
    return [name, [tables[0]![0], tables.flatMap(([, points]) => points)]];
  }),
);

/** What holds a number: itself, or tensors whose every element it is. */
const containers: Readonly<Record<"number" | Width, (x: number) => Value>> = {
  number: (x) => x,
  float64: (x) => tensor([x, x]),
  float32: (x) => tensor(new Float32Array([x, x])),
};

const fround = Math.fround;
const exactIn32 = (xs: readonly number[]): boolean => xs.every((x) => Object.is(fround(x), x));

/**
 * Equal, NaN to NaN and 0 to −0, or within `ulps` units in the last place, of `terms` if those are larger. An engine that
 * declares an accuracy of its own, `loose`, is held to that, at the scale of 1 at least.
 */
async function expectUlps(actual: unknown, expected: number, ulps: number, width: Width, where: string, terms = 0, loose = 0): Promise<void> {
  const goal = width === "float32" ? fround(expected) : expected;
  const [unit, least] = width === "float32" ? [2 ** -23, 2 ** -149] : [2 ** -52, 2 ** -1074];
  const size = Math.max(Math.abs(goal), terms);
  const allowed = Math.max(ulps * Math.max(unit * size, least), loose * Math.max(size, 1));
  for (const x of await read(actual)) {
    const close = x === goal || (x !== x && goal !== goal) || Math.abs(x - goal) <= allowed;
    ensure(close, () => `${where}: got ${x}, expected ${goal}, more than ${ulps} units in the last place away`);
  }
}

/** In what an engine computes with this container. */
function widthOf({ precision }: Engine, container: keyof typeof containers): Width {
  return container === "float32" ? "float32" : precision;
}

/** What an engine that computes in float32 declares of a derivative; 0 for the others, which are held to their digits. */
function looseness(engine: Engine, order: number): number {
  return engine.precision === "float32" ? engine.tolerance("float64", order) : 0;
}

/** Whether float32 holds an argument, and what is to come out. */
function inReach(width: Width, xs: readonly number[], results: readonly number[]): boolean {
  return width === "float64" || (exactIn32(xs) && results.every((y) => !Number.isFinite(y) || (Number.isFinite(fround(y)) && (y === 0 || Math.abs(y) > 2 ** -120))));
}

function onesLike(x: Value): Value {
  return typeof x === "number" || x.weak ? 1 : tensorOf(new Array<number>(x.size).fill(1), x.shape, x.dtype);
}

/** The derivative of an order by this engine, elementwise; null where it has no way to nest. */
function derivativeOf({ ad, orders }: Engine, f: Unary, order: number, ofNumber: boolean): ((x: Value) => unknown) | null {
  if (order === 0) return f;
  if (orders.lowest === 2) return ofNumber && order === 2 ? (x) => secondDerivative(f, ad, x) : null;
  if (ad.execution === "async" && order > 1) return ofNumber && order === 2 ? (x) => secondDerivative(f, ad, x) : null;
  const one = (g: Unary): Unary => (x) => (ofNumber ? derivative(g, ad, x) : pushforward(g, ad, x, onesLike(x))) as Value;
  return Array.from({ length: order }).reduce<Unary>((g) => one(g), f);
}

function pointwise(subject: string, what: string, ops: readonly string[], needs: Needs, run: Check["run"]): Check {
  return { group: "scenarios", subject, name: `${subject}${what}`, ops, needs: { rules: true, dtypes: ["float64"], ...needs }, run };
}

/** By name, whatever their operands. */
const primitives: Readonly<Record<string, unknown>> = corePrimitives;

/** Elementary functions and their derivatives, in units in the last place. */
const inUlps: readonly Check[] = Object.entries(reference).flatMap(([name, points]) =>
  [0, 1, 2, 3].map((order) =>
    pointwise(`in ulps: ${name}`, `, derivative ${order}`, [name], { order, single: order !== 2 }, async (engine) => {
      const f = primitives[name] as Unary;
      for (const [container, make] of Object.entries(containers)) {
        const derive = derivativeOf(engine, f, order, container === "number");
        if (derive === null) continue;
        const width = widthOf(engine, container as keyof typeof containers);
        for (const [x, ...derivatives] of points) {
          if (width === "float32" && (order > 1 || !inReach(width, [x], derivatives))) continue;
          // Near x = 0 a higher derivative may pass through 0, as exact as the terms that cancel there.
          const terms = order > 1 && Math.abs(x) < 1 ? Math.max(...derivatives.slice(0, order).map(Math.abs)) : 0;
          await expectUlps(await derive(make(x)), derivatives[order]!, [2, 8, 16, 32][order]!, width, `at ${x}, ${container}`, terms, looseness(engine, order));
        }
      }
    }),
  ),
);

/** Functions of one number with kinks or singular terms, to third order. */
const bent: readonly Check[] = higherOrders.flatMap(([name, ops, f, x, derivatives]) =>
  derivatives.map((expected, order) =>
    pointwise(`higher orders: ${name}`, `, derivative ${order}`, ops, { order, single: order !== 2 }, async (engine) => {
      for (const container of ["number", "float64"] as const) {
        const derive = derivativeOf(engine, f, order, container === "number");
        if (derive !== null) await expectUlps(await derive(containers[container](x)), expected, 8 * (order + 1), engine.precision, `at ${x}, ${container}`, 0, looseness(engine, order));
      }
    }),
  ),
);

/** A result that carries a derivative; truth values carry none, but count. */
function asFloat(y: Value): Value {
  return y instanceof Tensor && !isFloat(y.dtype) ? cast(y, "float64") : y;
}

/** Whether samples along a basis all meet finite derivatives. */
function bounded([args, , ...partials]: Row): boolean {
  return partials.length === args.length && partials.every(Number.isFinite);
}

/** Values and partial derivatives in each container, forward and in reverse. */
async function atPoint(engine: Engine, f: Call, row: Row, container: keyof typeof containers): Promise<void> {
  const [args, value, ...partials] = row;
  const xs = args.map(containers[container]);
  const { ad, samples } = engine;
  const width = widthOf(engine, container);
  const [values, slopes] = [looseness(engine, 0), looseness(engine, 1)];
  if (!inReach(width, args, [value, ...partials])) return;
  const of = (operands: readonly Value[]): Value => asFloat(f(...operands));
  const where = `(${args.map((x) => (Object.is(x, -0) ? "−0" : String(x))).join(", ")}), ${container}`;
  await expectUlps(f(...xs), value, 1, container === "float32" ? "float32" : "float64", `f${where}`);
  const ones = onesLike(of(xs));
  const dxs = (await pullback(of, ad, xs, ones)) as readonly Value[];
  for (const [i, partial] of partials.entries()) {
    if (!samples || bounded(row)) await expectUlps(dxs[i], partial, 4, width, `∂${i} f${where} in reverse`, 0, slopes);
    const only = (z: Value): Value => of(xs.map((x, j) => (j === i ? z : x)));
    const { val, tangent } = await valueAndPushforward(only, ad, xs[i]!, onesLike(xs[i]!));
    await expectUlps(val, value, 1, width, `f${where}, traced`, 0, values);
    await expectUlps(tangent, partial, 4, width, `∂${i} f${where} forward`, 0, slopes);
  }
}

/** Partial derivatives while another derivative is being taken, where a rule may meet a kink for the first time: at tracers. */
async function nested(engine: Engine, f: Call, row: Row, container: "number" | "float64"): Promise<void> {
  const { ad, precision } = engine;
  const [args, value, ...partials] = row;
  if (!inReach(precision, args, [value, ...partials])) return;
  const xs = args.map(containers[container]);
  const of = (operands: readonly Value[]): Value => asFloat(f(...operands));
  const ones = onesLike(of(xs));
  for (const [i, partial] of partials.entries()) {
    const only = (z: Value): Value => of(xs.map((x, j) => (j === i ? z : x)));
    const inner: Readonly<Record<string, Unary>> = {
      reverse: (z) => pullback(only, ad, z, ones) as Value,
      forward: (z) => pushforward(only, ad, z, onesLike(xs[i]!)) as Value,
    };
    for (const [how, derive] of Object.entries(inner)) {
      const where = `∂${i} f(${args.join(", ")}), ${container}, ${how}, inside of`;
      await expectUlps((await valueAndPushforward(derive, ad, xs[i]!, onesLike(xs[i]!))).val, partial, 4, precision, `${where} forward`, 0, looseness(engine, 1));
      await expectUlps((await valueAndPullback(derive, ad, xs[i]!, onesLike(xs[i]!))).val, partial, 4, precision, `${where} reverse`, 0, looseness(engine, 1));
    }
  }
}

/** A column against a row: each operand's derivative is added up over what it was repeated for. */
async function broadcast(engine: Engine, f: Call, row: Row): Promise<void> {
  const { ad, samples, precision } = engine;
  const [args, value, ...partials] = row;
  if (!inReach(precision, args, [value, ...partials])) return;
  if (args.length < 2 || partials.length < args.length || (samples && !bounded(row))) return;
  const shapes = [[2, 1], [3], []] as const;
  const xs = args.map((x, i) => tensorOf(new Array<number>([2, 3, 1][i]!).fill(x), shapes[i]!, "float64"));
  const of = (operands: readonly Value[]): Value => asFloat(f(...operands));
  await expectUlps(of(xs), value, 1, "float64", "value");
  const dxs = (await pullback(of, ad, xs, tensorOf([1, 1, 1, 1, 1, 1], [2, 3], "float64"))) as readonly Tensor[];
  for (const [i, partial] of partials.entries()) {
    ensure(dxs[i]!.shape.join() === shapes[i]!.join(), () => `∂${i}: expected shape [${shapes[i]!.join(", ")}], got [${dxs[i]!.shape.join(", ")}]`);
    await expectUlps(dxs[i], partial === 0 ? 0 : partial * [3, 2, 6][i]!, 8, precision, `∂${i} of (${args.join(", ")})`, 0, 6 * looseness(engine, 1));
  }
}

/** Prepared at the first point; used at every one, and back; refused with another size. */
async function prepared(engine: Engine, f: Call, points: readonly Row[]): Promise<void> {
  const { ad, samples, precision } = engine;
  const of = (operands: readonly Value[]): Value => asFloat(f(...operands));
  const at = ([args]: Row): readonly Value[] => args.map(containers.float64);
  const step = preparePullback(of, ad, at(points[0]!), containers.float64(1));
  const known = points.filter((row) => inReach(precision, row[0], row.slice(1) as number[]) && (!samples || bounded(row)));
  for (const row of [...known, ...[...known].reverse()]) {
    const [args, , ...partials] = row;
    const dxs = (await step(at(row), containers.float64(1))) as readonly Value[];
    for (const [i, partial] of partials.entries()) await expectUlps(dxs[i], partial, 4, precision, `∂${i} f(${args.join(", ")}), prepared elsewhere`, 0, looseness(engine, 1));
  }
  const longer = points[0]![0].map((x) => tensor([x, x, x]));
  await expectThrows(() => step(longer, containers.float64(1)), PreparationMismatchError, "prepared, then given another size");
  step.dispose();
}

const atKinks: readonly Check[] = Object.entries(rows).flatMap(([name, [f, points]]) => [
  ...(["number", "float64", "float32"] as const).map((container) =>
    pointwise(`points: ${name}`, `, ${container}`, [name], { order: 1, single: true, dtypes: [container === "float32" ? "float32" : "float64"] }, async (engine) => {
      for (const point of points) await atPoint(engine, f, point, container);
    }),
  ),
  ...(["number", "float64"] as const).map((container) =>
    pointwise(`points: ${name}`, `, ${container}, inside of another derivative`, [name], { order: 2, single: true, nests: true }, async (engine) => {
      for (const point of points) await nested(engine, f, point, container);
    }),
  ),
  pointwise(`points: ${name}`, ", broadcast", [name], { order: 1, single: true }, async (engine) => {
    for (const point of points) await broadcast(engine, f, point);
  }),
  pointwise(`points: ${name}`, ", prepared", [name], { order: 1, single: true }, (engine) => prepared(engine, f, points)),
]);

/** Elementwise functions at ordinary points, kinks, zeros, infinities and large arguments. */
export const pointwiseScenarios: readonly Check[] = [...inUlps, ...bent, ...atKinks];
