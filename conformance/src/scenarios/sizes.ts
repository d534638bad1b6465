import { add, hvp, matmul, mul, pullback, pushforward, secondDerivative, solve, square, sum, tensor, valueAndPushforward, withgradient, type DType, type Tensor, type Value } from "@polyad/core/extend";
import type { Check } from "../check.js";
import { expectTree, type Tolerance } from "../compare.js";
import type { Engine } from "../engine.js";
import { tensorOf } from "../tree.js";

const range = (n: number): number[] => [...Array(n).keys()];

/** At sizes where kernels that take several elements at once, or blocks of them, have a rest, or begin another block. */
function sizes(op: string | null, what: string, order: number, dtype: DType, run: (engine: Engine, tolerance: Tolerance) => Promise<void>): Check {
  const name = `sizes: ${op === null ? what : `${op}, ${what}: order ${order}`}`;
  return { group: "scenarios", subject: name, name, ops: op === null ? [] : [op], needs: { order, single: order === 1, dtypes: [dtype] }, run: (engine) => run(engine, (of) => engine.tolerance(of, order)) };
}

/** Every rest after division by 32 and less, each power of two with its neighbours, and what is near to none. */
const lengths = [...range(35), ...[64, 128, 256, 1024, 4096].flatMap((n) => [n - 1, n, n + 1]), 10_007];
const few = 32;

/** None is 0, whose slope would hide that it is dropped; sums of squares have no rounding, in float32 either. */
const oddSixteenths = (n: number): number[] => range(n).map((i) => ((i % 17) - 8.5) / 8);

/** x² along a vector, forward, and back from its sum: of a long one where that is one pass. */
async function vectors({ ad, reverse }: Engine, tolerance: Tolerance, dtype: DType): Promise<void> {
  for (const n of lengths) {
    const numbers = oddSixteenths(n);
    const vector = (of: (v: number) => number): Tensor => tensorOf(numbers.map(of), [n], dtype);
    const [x, ones, slope] = [vector((v) => v), vector(() => 1), vector((v) => 2 * v)];
    await expectTree(await pushforward((v) => square(v), ad, x, ones), slope, tolerance, `pushforward, ${n} elements`);
    if (!reverse && n > few) continue;
    const val = tensorOf([numbers.reduce((total, v) => total + v * v, 0)], [], dtype);
    await expectTree(await withgradient((v) => sum(square(v)), ad, x), { val, grad: [slope] }, tolerance, `withgradient, ${n} elements`);
  }
}

/** A matrix as rows; a vector has one column. */
type Matrix = readonly (readonly number[])[];

const matrix = (m: number, n: number, at: (i: number, j: number) => number): Matrix => range(m).map((i) => range(n).map((j) => at(i, j)));
const transposed = (a: Matrix): Matrix => matrix(a[0]!.length, a.length, (i, j) => a[j]![i]!);
const plus = (a: Matrix, b: Matrix): Matrix => matrix(a.length, a[0]!.length, (i, j) => a[i]![j]! + b[i]![j]!);
const times = (c: number, a: Matrix): Matrix => a.map((row) => row.map((v) => c * v));
const product = (a: Matrix, b: Matrix): Matrix => matrix(a.length, b[0]!.length, (i, j) => a[i]!.reduce((total, v, k) => total + v * b[k]![j]!, 0));
const wrapped = (a: Matrix): Tensor => tensor(a.flat(), [a.length, a[0]!.length]);

/** Sixteenths of different signs, in no order that a matrix would show. */
const sixteenths = (m: number, n: number, seed: number): Matrix => matrix(m, n, (i, j) => (((i * 7 + j * 5 + i * j * seed + seed) % 11) - 5) / 16);

interface Pair<V> {
  readonly a: V;
  readonly b: V;
}
const pair = ({ a, b }: Pair<Matrix>): Pair<Tensor> => ({ a: wrapped(a), b: wrapped(b) });

/** An op of two matrices whose value is y, at x and along dx; and Σ ct∘y, of which `grad` and `hvp` are. */
interface Known {
  readonly x: Pair<Matrix>;
  readonly dx: Pair<Matrix>;
  /** The second derivative, where b bends: at (a + t da, b + t db + t² bend). */
  readonly bend: Matrix;
  readonly ct: Matrix;
  readonly y: Matrix;
  readonly dy: Matrix;
  readonly ddy: Matrix;
  readonly grad: Pair<Matrix>;
  readonly hvp: Pair<Matrix>;
}

function known(op: string, what: string, f: (a: Value, b: Value) => Value, given: Known): Check[] {
  const [x, dx, bend, ct] = [pair(given.x), pair(given.dx), wrapped(given.bend), wrapped(given.ct)];
  const of = ({ a, b }: Pair<Value>): Value => f(a, b);
  const first = async ({ ad, reverse }: Engine, tolerance: Tolerance): Promise<void> => {
    await expectTree(await valueAndPushforward(of, ad, x, dx), { val: wrapped(given.y), tangent: wrapped(given.dy) }, tolerance, "valueAndPushforward");
    if (reverse) await expectTree(await pullback(of, ad, x, ct), pair(given.grad), tolerance, "pullback");
  };
  const second = async ({ ad, reverse }: Engine, tolerance: Tolerance): Promise<void> => {
    const path = (t: Value): Value => f(add(x.a, mul(t, dx.a)), add(x.b, mul(t, add(dx.b, mul(t, bend)))));
    await expectTree(await secondDerivative(path, ad, 0), wrapped(given.ddy), tolerance, "secondDerivative");
    if (reverse) await expectTree(await hvp((v) => sum(mul(ct, of(v))), ad, x, dx), pair(given.hvp), tolerance, "hvp");
  };
  return [sizes(op, what, 1, "float64", first), sizes(op, what, 2, "float64", second)];
}

/** y = a b: ā = ȳ bᵀ and b̄ = aᵀ ȳ. */
function products(m: number, k: number, n: number): Check[] {
  const [a, da, b, db, bend, ct] = [sixteenths(m, k, 1), sixteenths(m, k, 2), sixteenths(k, n, 3), sixteenths(k, n, 4), sixteenths(k, n, 5), sixteenths(m, n, 6)];
  return known("matmul", `${m}×${k} by ${k}×${n}`, (x, y) => matmul(x, y), {
    x: { a, b }, dx: { a: da, b: db }, bend, ct,
    y: product(a, b),
    dy: plus(product(da, b), product(a, db)),
    ddy: times(2, plus(product(da, db), product(a, bend))),
    grad: { a: product(ct, transposed(b)), b: product(transposed(a), ct) },
    hvp: { a: product(ct, transposed(db)), b: product(transposed(da), ct) },
  });
}

/** y = a⁻¹ b: b̄ = a⁻ᵀ ȳ and ā = −b̄ yᵀ. Nothing is inverted here: y, b̄ and their derivatives are chosen, and b and ȳ follow. */
function solutions(n: number): Check[] {
  const a = plus(sixteenths(n, n, 1), matrix(n, n, (i, j) => (i === j ? n / 2 : 0)));
  const [y, dy, e, w, dw] = [sixteenths(n, 1, 1), sixteenths(n, 1, 2), sixteenths(n, 1, 3), sixteenths(n, 1, 4), sixteenths(n, 1, 5)];
  const outer = (u: Matrix, v: Matrix): Matrix => product(u, transposed(v));
  const da = times(-1 / product(transposed(w), w)[0]![0]!, outer(w, product(transposed(a), dw))); // ȳ = aᵀ w stays as it is: aᵀ dw + daᵀ w = 0
  return known("solve", `${n}×${n}`, (x, b) => solve(x, b), {
    x: { a, b: product(a, y) },
    dx: { a: da, b: plus(product(a, dy), product(da, y)) },
    bend: plus(product(a, e), product(da, dy)),
    ct: product(transposed(a), w),
    y, dy, ddy: times(2, e),
    grad: { a: times(-1, outer(w, y)), b: w },
    hvp: { a: times(-1, plus(outer(dw, y), outer(w, dy))), b: dw },
  });
}

export const kernelSizes: readonly Check[] = [
  ...(["float64", "float32"] as const).map((dtype) => sizes(null, `vectors of ${dtype}`, 1, dtype, (engine, tolerance) => vectors(engine, tolerance, dtype))),
  ...products(33, 67, 35),
  ...products(66, 5, 70),
  ...solutions(9),
];
