import { describe, expect, test } from "vitest";
import { pullback } from "../../packages/backend-tape/src/tape.js";
import { pushforward } from "../../packages/backend-forward/src/dual.js";
import * as p from "../../packages/core/src/primitives/all.js";
import { corePrimitives, type CorePrimitiveName } from "../../packages/core/src/primitives/index.js";
import { logSigmoid } from "../../packages/core/src/ops/logSigmoid.js";
import { isFinite } from "../../packages/core/src/ops/isFinite.js";
import { isNaN } from "../../packages/core/src/ops/isNaN.js";
import { whereSafe } from "../../packages/core/src/ops/whereSafe.js";
import { tensor, type Tensor, type Value } from "../../packages/core/src/tensor.js";
import { bind } from "../../packages/core/src/trace.js";
import { numbersOf } from "./compare.js";
import { reference } from "./reference.js";

type Unary = (x: Value) => Value;
type Derive = (f: Unary) => Unary;

/** f′ by each engine; of a tensor, elementwise. */
const engines: Readonly<Record<"tape" | "forward", Derive>> = {
  tape: (f) => (x) => pullback(([t]) => [f(t!)], [x]).pull([onesLike(x)])[0] ?? p.mul(x, 0),
  forward: (f) => (x) => pushforward(([t]) => [f(t!)], [x], [[onesLike(x)]]).tangents[0]![0] ?? p.mul(x, 0),
};

function onesLike(x: Value): Value {
  return typeof x === "number" || x.weak ? 1 : tensor(new Float64Array(x.size).fill(1), x.shape);
}

/** Numbers, and tensors whose every element is that number. */
const containers: Readonly<Record<string, (x: number) => Value>> = { number: (x) => x, tensor: (x) => tensor([x, x]) };

/** Every nesting of the engines of this order. */
function nestings(order: number): [string, Derive][] {
  if (order === 0) return [["plain", (f) => f]];
  return nestings(order - 1).flatMap(([name, inner]) =>
    (["tape", "forward"] as const).map((engine): [string, Derive] => [order === 1 ? engine : `${engine} over ${name}`, (f) => engines[engine](inner(f))]),
  );
}

/** Equal, NaN to NaN and 0 to −0, or within `ulps` units in the last place, of `terms` if those are larger. */
function expectUlps(actual: Value, expected: number, ulps: number, where: string, terms = 0): void {
  for (const x of numbersOf(actual)) {
    if (x === expected || (x !== x && expected !== expected)) continue;
    const close = Math.abs(x - expected) <= ulps * Math.max(2 ** -52 * Math.max(Math.abs(expected), terms), 2 ** -1074);
    expect(close ? expected : x, where).toBe(expected);
  }
}

describe("elementary functions and three derivatives, in ulps", () => {
  test.each(Object.entries(reference))("%s", (name, rows) => {
    const primitive = corePrimitives[name as CorePrimitiveName];
    const f: Unary = (x) => bind(primitive, [x], null) as Value;
    for (const [x, ...derivatives] of rows) {
      derivatives.forEach((expected, order) => {
        // Near x = 0 a higher derivative may pass through 0, as exact as the terms that cancel there.
        const terms = order > 1 && Math.abs(x) < 1 ? Math.max(...derivatives.slice(0, order).map(Math.abs)) : 0;
        for (const [how, derive] of nestings(order)) {
          for (const [container, make] of Object.entries(containers)) {
            expectUlps(derive(f)(make(x)), expected, [2, 8, 16, 32][order]!, `derivative ${order} of ${name} at ${x}, ${container}, ${how}`, terms);
          }
        }
      });
    }
  });
});

type Call = (...xs: Value[]) => Value;
type Row = readonly [args: readonly number[], value: number, ...partials: number[]];

const at = (f: unknown): Call => f as Call;
const inf = Infinity;
const tenthQuotient = 9; // 0.1 as a float64 is a little more than a tenth: it goes into 1 nine times

/** Exact values and partial derivatives where the functions bend, or end. */
const kinks: Readonly<Record<string, readonly [Call, readonly Row[]]>> = {
  relu: [at(p.relu), [[[0], 0, 0], [[-0], 0, 0], [[3], 3, 1], [[-3], 0, 0], [[inf], inf, 1], [[-inf], 0, 0], [[NaN], NaN]]],
  abs: [at(p.abs), [[[0], 0, 0], [[-0], 0, 0], [[-3], 3, -1], [[3], 3, 1], [[-inf], inf, -1], [[NaN], NaN, NaN]]],
  sign: [at(p.sign), [[[0], 0, 0], [[-3], -1, 0], [[inf], 1, 0], [[NaN], NaN, 0]]],
  floor: [at(p.floor), [[[1], 1, 0], [[-0.5], -1, 0], [[inf], inf, 0], [[NaN], NaN, 0]]],
  ceil: [at(p.ceil), [[[1], 1, 0], [[-0.5], 0, 0], [[0.5], 1, 0]]],
  round: [
    at(p.round),
    [[[0.5], 0, 0], [[1.5], 2, 0], [[2.5], 2, 0], [[-0.5], 0, 0], [[-1.5], -2, 0], [[-2.5], -2, 0], [[0.49999999999999994], 0, 0], [[2251799813685249.5], 2251799813685250, 0], [[9007199254740991], 9007199254740991, 0], [[-inf], -inf, 0], [[NaN], NaN, 0]],
  ],
  maximum: [at(p.maximum), [[[1, 2], 2, 0, 1], [[2, 1], 2, 1, 0], [[1, 1], 1, 0.5, 0.5], [[0, -0], 0, 0.5, 0.5], [[inf, inf], inf, 0.5, 0.5], [[NaN, 1], NaN], [[1, NaN], NaN]]],
  minimum: [at(p.minimum), [[[1, 2], 1, 1, 0], [[2, 1], 1, 0, 1], [[1, 1], 1, 0.5, 0.5], [[-inf, -inf], -inf, 0.5, 0.5], [[NaN, 1], NaN], [[1, NaN], NaN]]],
  clamp: [
    at(p.clamp),
    [[[0.5, 0, 1], 0.5, 1, 0, 0], [[0, 0, 1], 0, 1, 0, 0], [[1, 0, 1], 1, 1, 0, 0], [[-1, 0, 1], 0, 0, 1, 0], [[2, 0, 1], 1, 0, 0, 1], [[-1, 1, 0], 0, 0, 0, 1], [[5, -inf, inf], 5, 1, 0, 0], [[NaN, 0, 1], NaN]],
  ],
  where: [at(p.where), [[[1, 2, 3], 2, 0, 1, 0], [[0, 2, 3], 3, 0, 0, 1], [[0, inf, 3], 3, 0, 0, 1], [[NaN, 2, 3], 2, 0, 1, 0]]],
  sqrt: [at(p.sqrt), [[[0], 0, inf], [[inf], inf, 0], [[-1], NaN, NaN]]],
  rsqrt: [at(p.rsqrt), [[[0], inf, -inf], [[inf], 0, 0]]],
  reciprocal: [at(p.reciprocal), [[[0], inf, -inf], [[-0], -inf, -inf], [[inf], 0, 0]]],
  log: [at(p.log), [[[0], -inf, inf], [[inf], inf, 0], [[-1], NaN]]],
  log1p: [at(p.log1p), [[[-1], -inf, inf], [[inf], inf, 0]]],
  log2: [at(p.log2), [[[0], -inf, inf]]],
  erf: [at(p.erf), [[[inf], 1, 0], [[-inf], -1, 0], [[NaN], NaN, NaN]]],
  erfc: [at(p.erfc), [[[inf], 0, 0], [[-inf], 2, 0], [[30], 0, 0], [[NaN], NaN, NaN]]],
  gaussian: [at(p.gaussian), [[[inf], 0, 0], [[-inf], 0, 0], [[1e300], 0, 0], [[NaN], NaN, NaN]]],
  lgamma: [at(p.lgamma), [[[inf], inf, inf], [[0], inf, -inf], [[-0], inf, inf], [[-3], inf, NaN], [[-1e300], inf, NaN], [[-inf], inf, NaN], [[1e306], inf, Math.log(1e306)], [[NaN], NaN, NaN]]],
  digamma: [at(p.digamma), [[[inf], inf, 0], [[0], -inf, inf], [[-0], inf, inf], [[-3], NaN, inf], [[-inf], NaN, NaN], [[NaN], NaN, NaN]]],
  polygamma: [
    at(p.polygamma),
    [
      [[0, 1], -0.5772156649015329, 0, Math.PI ** 2 / 6], [[1, 0], inf, 0, -inf], [[2, 0], -inf, 0, inf], [[2, -0], inf, 0, inf], [[1, -2], inf, 0, NaN], [[2, -2], NaN, 0, inf],
      [[1, inf], 0, 0, 0], [[3, 1e200], 0, 0, 0], [[1, -inf], NaN, 0, NaN], [[1, NaN], NaN, 0, NaN],
      [[1, -0.5], 8.934802200544679, 0, -0.82879664423432], [[20, 0.1], -2.432902008176637e39, 0, 5.1090942171709375e41],
      [[150, 1000], -4.101778391925375e-190, 0, 6.155667955327251e-191],
    ],
  ],
  exp: [at(p.exp), [[[-inf], 0, 0], [[inf], inf, inf], [[NaN], NaN, NaN]]],
  expm1: [at(p.expm1), [[[-inf], -1, 0], [[inf], inf, inf]]],
  tanh: [at(p.tanh), [[[inf], 1, 0], [[-inf], -1, 0], [[800], 1, 0], [[-800], -1, 0], [[NaN], NaN, NaN]]],
  sechSquared: [at(p.sechSquared), [[[inf], 0, 0], [[-inf], 0, 0], [[800], 0, 0], [[-800], 0, 0], [[NaN], NaN, NaN]]],
  sigmoid: [at(p.sigmoid), [[[inf], 1, 0], [[-inf], 0, 0], [[800], 1, 0], [[-800], 0, 0], [[NaN], NaN, NaN]]],
  softplus: [at(p.softplus), [[[inf], inf, 1], [[-inf], 0, 0], [[800], 800, 1], [[-800], 0, 0], [[NaN], NaN, NaN]]],
  logSigmoid: [at(logSigmoid), [[[inf], 0, 0], [[-inf], -inf, 1], [[800], 0, 0], [[-800], -800, 1], [[40], -4.248354255291589e-18, 4.248354255291589e-18], [[NaN], NaN, NaN]]],
  atan: [at(p.atan), [[[inf], Math.PI / 2, 0], [[-inf], -Math.PI / 2, 0]]],
  asinh: [at(p.asinh), [[[inf], inf, 0], [[-inf], -inf, 0]]],
  asin: [at(p.asin), [[[1], Math.PI / 2, inf], [[-1], -Math.PI / 2, inf], [[2], NaN, NaN]]],
  acos: [at(p.acos), [[[1], 0, -inf], [[-1], Math.PI, -inf], [[2], NaN, NaN]]],
  acosh: [at(p.acosh), [[[1], 0, inf], [[inf], inf, 0], [[0.5], NaN, NaN], [[-2], NaN, NaN]]],
  atanh: [at(p.atanh), [[[1], inf, inf], [[-1], -inf, inf], [[2], NaN]]],
  pow: [
    at(p.pow),
    [
      [[0, 2], 0, 0, 0], [[0, 1], 0, 1, 0], [[0, 3], 0, 0, 0], [[0, 0.5], 0, inf, 0], [[0, 0], 1, 0, 0], [[0, -1], inf, -inf, -inf],
      [[3, 0], 1, 0, Math.log(3)], [[-2, 3], -8, 12], [[-2, 2], 4, -4], [[-2, -1], -0.5, -0.25], [[-2, 0], 1, 0], [[-2, 0.5], NaN, NaN], [[2, 3], 8, 12, 8 * Math.LN2],
      [[NaN, 2], NaN, NaN], [[inf, 2], inf, inf, inf],
    ],
  ],
  hypot: [
    at(p.hypot),
    [[[0, 0], 0, 0, 0], [[3, 4], 5, 0.6, 0.8], [[-3, 0], 3, -1, 0], [[0, -3], 3, 0, -1], [[3e200, 4e200], 5e200, 0.6, 0.8], [[3e-200, 4e-200], 5e-200, 0.6, 0.8], [[inf, 1], inf], [[NaN, 1], NaN]],
  ],
  atan2: [
    at(p.atan2),
    [
      [[1, 1], Math.PI / 4, 0.5, -0.5], [[1, -1], (3 * Math.PI) / 4, -0.5, -0.5], [[-1, -1], (-3 * Math.PI) / 4, -0.5, 0.5], [[-1, 1], -Math.PI / 4, 0.5, 0.5],
      [[0, 2], 0, 0.5, 0], [[0, -2], Math.PI, -0.5, 0], [[-0, -2], -Math.PI, -0.5, 0], [[2, 0], Math.PI / 2, 0, -0.5], [[-2, 0], -Math.PI / 2, 0, 0.5],
      [[0, 0], 0, NaN, NaN], [[1e200, 1e200], Math.PI / 4, 5e-201, -5e-201], [[1e-200, 1e-200], Math.PI / 4, 5e199, -5e199],
    ],
  ],
  mod: [
    at(p.mod),
    [
      [[7, 3], 1, 1, -2], [[-7, 3], 2, 1, 3], [[7, -3], -2, 1, 3], [[-7, -3], -1, 1, -2], [[6, 3], 0, 1, -2], [[-6, 3], 0, 1, 2], [[5.5, 2], 1.5, 1, -2],
      [[1, 0.1], 1 % 0.1, 1, -tenthQuotient], [[1, inf], 1, 1, 0], [[1, 0], NaN, 1, NaN], [[inf, 3], NaN],
    ],
  ],
  logaddexp: [
    at(p.logaddexp),
    [
      [[0, 0], Math.LN2, 0.5, 0.5], [[1000, 1000], 1000 + Math.LN2, 0.5, 0.5], [[1000, 0], 1000, 1, 0], [[-1000, 0], 0, 0, 1], [[40, 0], 40, 1, 4.248354255291589e-18],
      [[-inf, -inf], -inf, 0.5, 0.5], [[inf, inf], inf, 0.5, 0.5], [[inf, -inf], inf, 1, 0], [[-inf, 3], 3, 0, 1], [[inf, 3], inf, 1, 0], [[NaN, 1], NaN, NaN, NaN],
    ],
  ],
  div: [at(p.div), [[[1, 0], inf, inf, -inf], [[0, 0], NaN], [[1, inf], 0, 0, 0]]],
};

describe("values and derivatives at kinks, zeros, infinities and large arguments", () => {
  test.each(Object.keys(kinks))("%s", (name) => {
    const [f, rows] = kinks[name]!;
    for (const [args, value, ...partials] of rows) {
      for (const [container, make] of Object.entries(containers)) {
        const xs = args.map(make);
        const where = `${name}(${args.map(String).join(", ")}), ${container}`;
        expectUlps(f(...xs), value, 1, where);
        const { ys, pull } = pullback((zs) => [f(...zs)], xs);
        expectUlps(ys[0]!, value, 1, where);
        const dxs = pull([onesLike(xs[0]!)]);
        partials.forEach((partial, i) => {
          expectUlps(dxs[i] ?? 0, partial, 4, `${where}: partial ${i} in reverse`);
          const seeds = xs.map((x, j) => (j === i ? onesLike(x) : undefined));
          expectUlps(pushforward((zs) => [f(...zs)], xs, [seeds]).tangents[0]![0] ?? 0, partial, 4, `${where}: partial ${i} forward`);
        });
      }
    }
  });

  test("one-sided roles: a number against a tensor gives the same", () => {
    for (const [name, [f, rows]] of Object.entries(kinks)) {
      for (const [args, value, ...partials] of rows) {
        if (args.length !== 2) continue;
        const xs = [args[0]!, tensor([args[1]!, args[1]!])];
        const { ys, pull } = pullback((zs) => [f(...zs)], xs);
        expectUlps(ys[0]!, value, 1, name);
        const [dx, dy] = pull([tensor([1, 1])]);
        if (partials.length === 2) expectUlps(dy ?? 0, partials[1]!, 4, `${name}(${String(args)})`);
        if (partials.length === 2) expectUlps(dx ?? 0, 2 * partials[0]!, 4, `${name}(${String(args)})`);
      }
    }
  });
});

describe("higher orders at kinks", () => {
  const rows: readonly (readonly [name: string, f: Unary, x: number, derivatives: readonly number[]])[] = [
    ["x²", (x) => p.pow(x, 2), 0, [0, 0, 2, 0]],
    ["x³", (x) => p.pow(x, 3), 0, [0, 0, 0, 6]],
    ["x", (x) => p.pow(x, 1), 0, [0, 1, 0, 0]],
    ["x⁰", (x) => p.pow(x, 0), 0, [1, 0, 0, 0]],
    ["x² by a tensor power", (x) => p.pow(x, tensor(2)), 0, [0, 0, 2, 0]],
    ["x³ by a tensor power", (x) => p.pow(x, tensor(3)), 0, [0, 0, 0, 6]],
    ["x⁰ by a tensor power", (x) => p.pow(x, tensor(0)), 0, [1, 0, 0, 0]],
    ["x³ below 0", (x) => p.pow(x, 3), -2, [-8, 12, -12, 6]],
    ["x⁻¹ below 0", (x) => p.pow(x, -1), -2, [-0.5, -0.25, -0.25, -0.375]],
    ["0ʸ", (y) => p.pow(0, y), 2, [0, 0, 0, 0]],
    ["2ʸ", (y) => p.pow(2, y), 0, [1, Math.LN2, Math.LN2 ** 2, Math.LN2 ** 3]],
    ["xˣ", (x) => p.pow(x, x), 1, [1, 1, 2, 3]],
    ["relu", (x) => p.relu(x), 0, [0, 0, 0, 0]],
    ["relu(x)²", (x) => p.square(p.relu(x)), 1, [1, 2, 2, 0]],
    ["abs", (x) => p.abs(x), 0, [0, 0, 0, 0]],
    ["|x|³", (x) => p.pow(p.abs(x), 3), -2, [8, -12, 12, -6]],
    ["max(x, 1)²", (x) => p.square(p.maximum(x, 1)), 2, [4, 4, 2, 0]],
    ["clamp", (x) => p.clamp(x, 0, 1), 1, [1, 1, 0, 0]],
    ["logaddexp at equality", (x) => p.logaddexp(x, 3), 3, [3 + Math.LN2, 0.5, 0.25, 0]],
    ["logaddexp(x, x)", (x) => p.logaddexp(x, x), 3, [3 + Math.LN2, 1, 0, 0]],
    ["tanh, saturated", (x) => p.tanh(x), 800, [1, 0, 0, 0]],
    ["sigmoid, saturated", (x) => p.sigmoid(x), -800, [0, 0, 0, 0]],
    ["softplus, saturated", (x) => p.softplus(x), 800, [800, 1, 0, 0]],
    ["hypot(x, 4)", (x) => p.hypot(x, 4), 3, [5, 0.6, 16 / 125, (-3 * 3 * 16) / 3125]],
    ["hypot at the origin", (x) => p.hypot(x, 0), 0, [0, 0, 0, 0]],
    ["atan2(x, 1)", (x) => p.atan2(x, 1), 0, [0, 1, 0, -2]],
    ["sqrt", (x) => p.sqrt(x), 0, [0, Infinity, -Infinity, Infinity]],
    ["mod(x, 3)²", (x) => p.square(p.mod(x, 3)), -1, [4, 4, 2, 0]],
    ["x mod itself", (x) => p.mod(7, x), 3, [1, -2, 0, 0]],
  ];
  test.each(rows.map(([name], i) => ({ name, i })))("$name", ({ i }) => {
    const [name, f, x, derivatives] = rows[i]!;
    derivatives.forEach((expected, order) => {
      for (const [how, derive] of nestings(order)) {
        for (const [container, make] of Object.entries(containers)) {
          expectUlps(derive(f)(make(x)), expected, 8 * (order + 1), `derivative ${order} of ${name} at ${x}, ${container}, ${how}`);
        }
      }
    });
  });

  test("mixed partials of pow agree", () => {
    const mixed = (x: number, y: number): number[] => [
      Number(engines.tape((s) => engines.forward((t) => p.pow(s, t))(y))(x)),
      Number(engines.forward((s) => engines.tape((t) => p.pow(s, t))(y))(x)),
      Number(engines.tape((t) => engines.forward((s) => p.pow(s, t))(x))(y)),
    ];
    for (const [x, y] of [[2, 3], [2, 0], [0.5, 0], [3, -1], [0, 2], [0, 3]] as const) {
      const expected = x === 0 ? 0 : x ** (y - 1) * (1 + y * Math.log(x)); // ∂²xʸ/∂x∂y
      for (const got of mixed(x, y)) expectUlps(got, expected, 8, `at (${x}, ${y})`);
    }
  });
});

test("whereSafe keeps NaN and ∞ of the other branch out of every derivative", () => {
  const safe: Unary = (x) => whereSafe(p.greater(x, 0), (t) => p.mul(t, p.log(t)), x, 0);
  const x = tensor([0, 1, -2]);
  for (const [order, expected] of [[0, [0, 0, 0]], [1, [0, 1, 0]], [2, [0, 1, 0]], [3, [0, -1, 0]]] as const) {
    for (const [how, derive] of nestings(order)) expect(numbersOf(derive(safe)(x)).map((v) => v + 0), how).toEqual(expected);
  }
  const root: Unary = (t) => whereSafe(p.greater(t, 0), p.sqrt, t, 0);
  expect(numbersOf(engines.tape(root)(tensor([0, 4])))).toEqual([0, 0.25]);
  expect(engines.tape(root)(0)).toBe(0);
  // What f captures is safe too, where f is finite at the stand-in.
  const scale = pullback(([w]) => [p.sum(whereSafe(p.greater(x, 0), (t) => p.mul(w!, p.log(t)), x, 0))], [2]).pull([1])[0];
  expect(scale).toBe(0);
  const inverse = pullback(([w]) => [p.sum(whereSafe(p.less(x, 1), (t) => p.mul(w!, p.atanh(p.mul(t, 0.25))), x, 0, { at: 0 }))], [2]).pull([1])[0];
  expect(inverse).toBeCloseTo(Math.atanh(-0.5), 15);
});

test("isNaN and isFinite", () => {
  const x = tensor([1, NaN, Infinity, -Infinity]);
  expect([isNaN(x).dtype, numbersOf(isNaN(x)), numbersOf(isFinite(x))]).toEqual(["bool", [0, 1, 0, 0], [1, 0, 0, 0]]);
  expect([isNaN(NaN), isFinite(NaN), isFinite(3)]).toEqual([1, 0, 1]);
});

test("dtypes: whole numbers stay whole, float functions of them are float64, comparisons bool", () => {
  const whole = tensor(new Int32Array([-2, 3]));
  const whole2 = tensor(new Int32Array([2, -2]));
  const kept = [p.abs(whole), p.sign(whole), p.neg(whole), p.square(whole), p.floor(whole), p.ceil(whole), p.round(whole), p.relu(whole), p.mod(whole, whole2), p.maximum(whole, whole2), p.minimum(whole, 0), p.clamp(whole, 0, 1), p.add(whole, 1)] as Tensor[];
  for (const y of kept) expect(y.dtype).toBe("int32");
  for (const y of [p.div(whole, whole2), p.pow(whole, whole2), p.sqrt(whole), p.tanh(whole), p.hypot(whole, whole2)]) expect(y.dtype).toBe("float64");
  for (const y of [p.equal(whole, 0.5), p.logicalNot(whole), p.logicalXor(whole, 1)]) expect(y.dtype).toBe("bool");
  for (const y of [p.div(tensor(new Float32Array(2)), 3), p.pow(tensor(new Float32Array(2)), 0.3), p.maximum(tensor(new Float32Array(2)), 0.1)]) expect(y.dtype).toBe("float32");
  expect(numbersOf(p.mod(whole, whole2))).toEqual([0, -1]);
  expect(() => p.maximum(whole, 0.5)).toThrow('maximum: int32 tensor with the number 0.5: the result would be truncated. Use cast(x, "float64") first.');
});

test("float32 is computed in double and rounded once", () => {
  const x = new Float32Array([0.1, 0.7, 1.3]);
  for (const f of [p.exp, p.tan, p.asinh, p.sigmoid, p.softplus, p.rsqrt, p.sinh]) {
    expect(numbersOf(f(x)), f.name).toEqual(Array.from(x, (v) => Math.fround(f(v))));
  }
});
