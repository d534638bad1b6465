import { cast, corePrimitives, derivative, isFloat, pullback, pushforward, secondDerivative, Tensor, tensor, valueAndPushforward, type CorePrimitiveName, type Value } from "@polyad/core/extend";
import type { Check, Needs } from "../check.js";
import { ensure, read } from "../compare.js";
import type { Engine } from "../engine.js";
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

/** Equal, NaN to NaN and 0 to −0, or within `ulps` units in the last place, of `terms` if those are larger. */
async function expectUlps(actual: unknown, expected: number, ulps: number, width: Width, where: string, terms = 0): Promise<void> {
  const goal = width === "float32" ? fround(expected) : expected;
  const [unit, least] = width === "float32" ? [2 ** -23, 2 ** -149] : [2 ** -52, 2 ** -1074];
  for (const x of await read(actual)) {
    const close = x === goal || (x !== x && goal !== goal) || Math.abs(x - goal) <= ulps * Math.max(unit * Math.max(Math.abs(goal), terms), least);
    ensure(close, () => `${where}: got ${x}, expected ${goal}, more than ${ulps} units in the last place away`);
  }
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

/** Elementary functions and their derivatives, in units in the last place. */
const inUlps: readonly Check[] = Object.entries(reference).flatMap(([name, points]) =>
  [0, 1, 2, 3].map((order) =>
    pointwise(`in ulps: ${name}`, `, derivative ${order}`, [name], { order, single: order !== 2 }, async (engine) => {
      const f = corePrimitives[name as CorePrimitiveName] as unknown as Unary;
      for (const [container, make] of Object.entries(containers)) {
        const derive = derivativeOf(engine, f, order, container === "number");
        if (derive === null) continue;
        const width: Width = container === "float32" ? "float32" : "float64";
        for (const [x, ...derivatives] of points) {
          if (width === "float32" && (order > 1 || !exactIn32([x]))) continue;
          // Near x = 0 a higher derivative may pass through 0, as exact as the terms that cancel there.
          const terms = order > 1 && Math.abs(x) < 1 ? Math.max(...derivatives.slice(0, order).map(Math.abs)) : 0;
          await expectUlps(await derive(make(x)), derivatives[order]!, [2, 8, 16, 32][order]!, width, `at ${x}, ${container}`, terms);
        }
      }
    }),
  ),
);

/** Functions of one number with kinks or singular terms, to third order. */
const bent: readonly Check[] = higherOrders.flatMap(([name, f, x, derivatives]) =>
  derivatives.map((expected, order) =>
    pointwise(`higher orders: ${name}`, `, derivative ${order}`, [], { order, single: order !== 2 }, async (engine) => {
      for (const container of ["number", "float64"] as const) {
        const derive = derivativeOf(engine, f, order, container === "number");
        if (derive !== null) await expectUlps(await derive(containers[container](x)), expected, 8 * (order + 1), "float64", `at ${x}, ${container}`);
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
async function atPoint({ ad, samples }: Engine, f: Call, row: Row, container: keyof typeof containers): Promise<void> {
  const [args, value, ...partials] = row;
  const xs = args.map(containers[container]);
  const width: Width = container === "float32" ? "float32" : "float64";
  const of = (operands: readonly Value[]): Value => asFloat(f(...operands));
  const where = `(${args.map((x) => (Object.is(x, -0) ? "−0" : String(x))).join(", ")}), ${container}`;
  await expectUlps(f(...xs), value, 1, width, `f${where}`);
  const ones = onesLike(of(xs));
  const dxs = (await pullback(of, ad, xs, ones)) as readonly Value[];
  for (const [i, partial] of partials.entries()) {
    if (!samples || bounded(row)) await expectUlps(dxs[i], partial, 4, width, `∂${i} f${where} in reverse`);
    const only = (z: Value): Value => of(xs.map((x, j) => (j === i ? z : x)));
    const { val, tangent } = await valueAndPushforward(only, ad, xs[i]!, onesLike(xs[i]!));
    await expectUlps(val, value, 1, width, `f${where}, traced`);
    await expectUlps(tangent, partial, 4, width, `∂${i} f${where} forward`);
  }
}

/** A column against a row: each operand's derivative is added up over what it was repeated for. */
async function broadcast({ ad, samples }: Engine, f: Call, row: Row): Promise<void> {
  const [args, value, ...partials] = row;
  if (args.length < 2 || partials.length < args.length || (samples && !bounded(row))) return;
  const shapes = [[2, 1], [3], []] as const;
  const xs = args.map((x, i) => tensorOf(new Array<number>([2, 3, 1][i]!).fill(x), shapes[i]!, "float64"));
  const of = (operands: readonly Value[]): Value => asFloat(f(...operands));
  await expectUlps(of(xs), value, 1, "float64", "value");
  const dxs = (await pullback(of, ad, xs, tensorOf([1, 1, 1, 1, 1, 1], [2, 3], "float64"))) as readonly Tensor[];
  for (const [i, partial] of partials.entries()) {
    ensure(dxs[i]!.shape.join() === shapes[i]!.join(), () => `∂${i}: expected shape [${shapes[i]!.join(", ")}], got [${dxs[i]!.shape.join(", ")}]`);
    await expectUlps(dxs[i], partial === 0 ? 0 : partial * [3, 2, 6][i]!, 8, "float64", `∂${i} of (${args.join(", ")})`);
  }
}

const atKinks: readonly Check[] = Object.entries(rows).flatMap(([name, [f, points]]) => [
  ...(["number", "float64", "float32"] as const).map((container) =>
    pointwise(`points: ${name}`, `, ${container}`, [name], { order: 1, single: true, dtypes: [container === "float32" ? "float32" : "float64"] }, async (engine) => {
      for (const point of points) if (container !== "float32" || exactIn32(point[0])) await atPoint(engine, f, point, container);
    }),
  ),
  pointwise(`points: ${name}`, ", broadcast", [name], { order: 1, single: true }, async (engine) => {
    for (const point of points) await broadcast(engine, f, point);
  }),
]);

/** Elementwise functions at ordinary points, kinks, zeros, infinities and large arguments. */
export const pointwiseScenarios: readonly Check[] = [...inUlps, ...bent, ...atKinks];
