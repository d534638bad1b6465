import * as p from "@polyad/core/extend";
import { tensor, type Shape, type Tensor, type Value } from "@polyad/core/extend";
import { problem, type Numbers, type Problem, type Rows } from "../problem.js";

const range = (n: number): number[] => [...Array(n).keys()];
const sum = (n: number, term: (k: number) => number): number => range(n).reduce((total, k) => total + term(k), 0);

/** y of a 2 × 2 matrix a and a vector b, and its Jacobian by the six numbers of both. */
interface Single {
  readonly value: (a: Numbers, b: Numbers) => Numbers;
  readonly jacobian: (a: Numbers, b: Numbers) => Rows;
}

const product: Single = {
  value: (a, b) => range(2).map((i) => sum(2, (k) => a[2 * i + k]! * b[k]!)),
  jacobian: (a, b) => range(2).map((i) => [...range(4).map((at) => (at >> 1 === i ? b[at & 1]! : 0)), a[2 * i]!, a[2 * i + 1]!]),
};

/** y = a⁻¹ b, of which only some elements of a have a part: d y = a⁻¹ (db − da y) */
function solution(inverse: (a: Numbers) => Numbers, takes: (at: number) => boolean): Single {
  const value = (a: Numbers, b: Numbers): Numbers => product.value(inverse(a), b);
  return {
    value,
    jacobian: (a, b) => {
      const [q, y] = [inverse(a), value(a, b)];
      return range(2).map((i) => [...range(4).map((at) => (takes(at) ? -q[2 * i + (at >> 1)]! * y[at & 1]! : 0)), q[2 * i]!, q[2 * i + 1]!]);
    },
  };
}

const whole = solution(([a, b, c, d]) => [d!, -b!, -c!, a!].map((v) => v / (a! * d! - b! * c!)), () => true);
const lower = solution(([a, , c, d]) => [1 / a!, 0, -c! / (a! * d!), 1 / d!], (at) => at !== 1);

/** Well-conditioned matrices and vectors, all distinct. */
const matrices = (count: number): Tensor => tensor(range(count).flatMap((n) => [2 + n, -0.5, 0.75 + n / 4, 1.5]), count === 1 ? [2, 2] : [count, 2, 2]);
const vectors = (count: number): Tensor => tensor(range(2 * count).map((k) => 0.5 + k * (k % 2 === 0 ? 1 : -0.75)), count === 1 ? [2, 1] : [count, 2, 1]);

/** A batch of three on one side: the other operand takes part in each. */
function batches(op: string, f: (a: Tensor, b: Tensor) => Value, { value, jacobian }: Single): Problem[] {
  return ([[1, 3], [3, 1]] as const).map(([ofA, ofB]) => {
    /** Where the n-th system's six numbers are among all. */
    const places = (n: number): Numbers => [...range(4).map((k) => (ofA === 1 ? k : 4 * n + k)), ...range(2).map((k) => 4 * ofA + (ofB === 1 ? k : 2 * n + k))];
    const parts = (x: Numbers, n: number): readonly [Numbers, Numbers] => {
      const own = places(n).map((at) => x[at]!);
      return [own.slice(0, 4), own.slice(4)];
    };
    return problem({
      name: `${op}, broadcast: ${ofA === 1 ? "one matrix, a batch of vectors" : "a batch of matrices, one vector"}`,
      x: { a: matrices(ofA), b: vectors(ofB) },
      f: ({ a, b }) => f(a, b),
      value: (x) => range(3).flatMap((n) => value(...parts(x, n))),
      jacobian: (x) => range(3).flatMap((n) => jacobian(...parts(x, n)).map((row) => x.map((_, at) => (places(n).includes(at) ? row[places(n).indexOf(at)]! : 0)))),
      ops: [op],
    });
  });
}

/** Quantiles of rows of sorted numbers, q of the way. */
function quantiles(note: string, shape: Shape, fractions: Tensor | number, f: (x: Tensor, q: Value) => Value): Problem {
  const rows = shape.length === 1 ? 1 : shape[0]!;
  const n = shape.at(-1)!;
  const all = rows * n;
  /** The places of the two elements between which it is, and how far from the first, of each of fractions × rows. */
  const between = (x: Numbers): { at: number; far: number; q: number }[] =>
    x.slice(all).flatMap((fraction, k) => range(rows).map((row) => ({ at: row * n + Math.floor(fraction * (n - 1)), far: (fraction * (n - 1)) % 1, q: all + k })));
  return problem({
    name: `quantile, broadcast: ${note}`,
    x: { x: tensor(range(all).map((k) => 0.5 + (k * k) / 4), shape), q: fractions },
    f: ({ x, q }) => f(x, q),
    value: (x) => between(x).map(({ at, far }) => (1 - far) * x[at]! + far * x[at + 1]!),
    jacobian: (x) => between(x).map(({ at, far, q }) => x.map((_, i) => (i === at ? 1 - far : i === at + 1 ? far : i === q ? (n - 1) * (x[at + 1]! - x[at]!) : 0))),
    ops: ["quantile"],
  });
}

/** Operands that repeat the other's: one in a batch, the other not. */
export const broadcastOps: readonly Problem[] = [
  ...batches("matmul", (a, b) => p.matmul(a, b), product),
  ...batches("einsum", (a, b) => p.einsum("...ij,...jk->...ik", a, b), product),
  ...batches("solve", (a, b) => p.solve(a, b), whole),
  ...batches("triangularSolve", (a, b) => p.triangularSolve(a, b), lower),
  ...batches("lstsq", (a, b) => p.lstsq(a, b), whole),
  quantiles("several fractions of one row", [5], tensor([0.5 + 1 / 16, 0.3, 0.9]), (x, q) => p.quantile(x, q)),
  quantiles("one fraction of several rows", [3, 4], 0.55, (x, q) => p.quantile(x, q, { axis: 1 })),
  quantiles("several fractions of several rows", [2, 4], tensor([0.55, 0.1]), (x, q) => p.quantile(x, q, { axis: 1 })),
  problem({
    name: "whereSafe, broadcast: a column of conditions, a row, a number",
    x: { x: tensor([0.5, -1.25, 2]), fallback: 0.75 },
    f: ({ x, fallback }) => p.whereSafe(tensor([[1], [0]]), (t) => p.square(t), x, fallback),
    value: ([a, b, c, d]) => [a! * a!, b! * b!, c! * c!, d!, d!, d!],
    jacobian: ([a, b, c]) => [[2 * a!, 0, 0, 0], [0, 2 * b!, 0, 0], [0, 0, 2 * c!, 0], ...range(3).map(() => [0, 0, 0, 1])],
    ops: ["whereSafe"],
  }),
];
