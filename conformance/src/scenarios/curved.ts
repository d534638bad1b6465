import * as p from "@polyad/core/extend";
import { tensor, type Tensor } from "@polyad/core/extend";
import { problem, type Numbers, type Problem, type Rows } from "../problem.js";

const range = (n: number): number[] => [...Array(n).keys()];
const total = (x: Numbers): number => x.reduce((a, b) => a + b, 0);
const product = (x: Numbers): number => x.reduce((a, b) => a * b, 1);
const except = (x: Numbers, ...left: number[]): Numbers => x.filter((_, i) => !left.includes(i));
const square = (x: Numbers, entry: (i: number, j: number) => number): Rows => x.map((_, i) => x.map((_x, j) => entry(i, j)));
const delta = (i: number, j: number): number => Number(i === j);

const products: Pick<Problem, "value" | "jacobian"> & { hessian: (x: Numbers) => Rows } = {
  value: (x) => [product(x)],
  jacobian: (x) => [x.map((_, i) => product(except(x, i)))],
  hessian: (x) => square(x, (i, j) => (i === j ? 0 : product(except(x, i, j)))),
};

const exps = (x: Numbers): Numbers => {
  const e = x.map((v) => Math.exp(v - Math.max(...x)));
  return e.map((v) => v / total(e));
};

/** Σ (x − x̄)² / m. */
const spread = (m: number): Pick<Problem, "value" | "jacobian"> & { hessian: (x: Numbers) => Rows } => {
  const centred = (x: Numbers): Numbers => x.map((v) => v - total(x) / x.length);
  return {
    value: (x) => [total(centred(x).map((v) => v * v)) / m],
    jacobian: (x) => [centred(x).map((v) => (2 * v) / m)],
    hessian: (x) => square(x, (i, j) => (2 / m) * (delta(i, j) - 1 / x.length)),
  };
};

const x3 = (): Tensor => tensor([0.5, -1.25, 2]);
const length = (x: Numbers): number => Math.hypot(...x);

/** Ops that are not linear, on arrays: at ordinary points, kinks, zeros and large arguments. */
export const curvedOps: readonly Problem[] = [
  problem({ name: "prod", x: x3(), f: (x) => p.prod(x), ...products, ops: ["prod"] }),
  problem({ name: "prod with a zero", x: tensor([0, 2, 3]), elsewhere: tensor([2, 0, 5]), f: (x) => p.prod(x), ...products, ops: ["prod"] }),
  problem({ name: "prod with two zeros", x: tensor([0, 2, 0]), elsewhere: tensor([0, 0, 0]), f: (x) => p.prod(x), ...products, ops: ["prod"] }),
  problem({
    name: "cumprod with a zero",
    x: tensor([2, 0, 3]),
    f: (x) => p.cumprod(x),
    value: (x) => range(3).map((k) => product(x.slice(0, k + 1))),
    jacobian: (x) => range(3).map((k) => range(3).map((i) => (i > k ? 0 : product(except(x.slice(0, k + 1), i))))),
    ops: ["cumprod"],
  }),
  ...([["max", p.max, [2, 1, 2, 2]], ["min", p.min, [1, 2, 1, 1]]] as const).map(([op, f, x]) =>
    problem({
      name: `${op} at a tie of three`,
      kink: true,
      x: tensor(x),
      f: (t) => f(t),
      value: (x) => [x[0]!],
      jacobian: () => [[1 / 3, 0, 1 / 3, 1 / 3]],
      hessian: (x) => square(x, () => 0),
      ops: [op],
    }),
  ),
  ...([["max", p.max, Math.max], ["min", p.min, Math.min], ["prod", p.prod, (...x: number[]) => product(x)]] as const).map(([op, f, of]) => {
    const parts = [[0, 1, 4, 5], [2, 3, 6, 7]]; // of shape [2, 2, 2], along the first and the last axis
    const elements = (x: Numbers, k: number): number[] => parts[k]!.map((i) => x[i]!);
    const slope = (x: Numbers, k: number, i: number): number => {
      if (!parts[k]!.includes(i)) return 0;
      return op === "prod" ? product(parts[k]!.filter((j) => j !== i).map((j) => x[j]!)) : Number(x[i] === of(...elements(x, k)));
    };
    return problem({
      name: `${op} of rank 3 along two axes`,
      x: tensor([0.5, -1.25, 2, 0.75, -2, 1.5, 3, -0.25], [2, 2, 2]),
      f: (x) => f(x, { axis: [0, 2] }),
      value: (x) => [0, 1].map((k) => of(...elements(x, k))),
      jacobian: (x) => [0, 1].map((k) => x.map((_, i) => slope(x, k, i))),
      ops: [op],
    });
  }),
  problem({
    name: "logsumexp",
    x: x3(),
    f: (x) => p.logsumexp(x),
    value: (x) => [Math.log(total(x.map(Math.exp)))],
    jacobian: (x) => [exps(x)],
    hessian: (x) => square(x, (i, j) => exps(x)[i]! * (delta(i, j) - exps(x)[j]!)),
    ops: ["logsumexp"],
  }),
  problem({
    name: "logsumexp of large arguments",
    x: tensor([1000, 1000, -1000]),
    elsewhere: tensor([-1000, -2000, -1000]),
    kink: true,
    f: (x) => p.logsumexp(x),
    value: (x) => [Math.max(...x) + Math.LN2],
    jacobian: (x) => [x.map((v) => (v === Math.max(...x) ? 0.5 : 0))],
    ops: ["logsumexp"],
  }),
  problem({
    name: "softmax",
    x: x3(),
    f: (x) => p.softmax(x),
    value: exps,
    jacobian: (x) => square(x, (i, j) => exps(x)[i]! * (delta(i, j) - exps(x)[j]!)),
    ops: ["softmax"],
  }),
  problem({
    name: "logSoftmax",
    x: x3(),
    f: (x) => p.logSoftmax(x),
    value: (x) => exps(x).map(Math.log),
    jacobian: (x) => square(x, (i, j) => delta(i, j) - exps(x)[j]!),
    ops: ["logSoftmax"],
  }),
  problem({
    name: "norm",
    x: x3(),
    f: (x) => p.norm(x),
    value: (x) => [length(x)],
    jacobian: (x) => [x.map((v) => v / length(x))],
    hessian: (x) => square(x, (i, j) => (delta(i, j) - (x[i]! * x[j]!) / length(x) ** 2) / length(x)),
    ops: ["norm"],
  }),
  problem({
    name: "norm at the origin",
    kink: true,
    x: tensor([0, 0]),
    elsewhere: tensor([-0, 0]),
    f: (x) => p.norm(x),
    value: () => [0],
    jacobian: () => [[0, 0]],
    hessian: () => [[0, 0], [0, 0]],
    ops: ["norm"],
  }),
  problem({
    name: "norm of large and small numbers",
    kink: true,
    precise: true,
    x: tensor([3e200, -4e200]),
    elsewhere: tensor([3e-200, -4e-200]),
    f: (x) => p.div(p.norm(x), p.stopGradient(p.abs(p.slice(x, 0)))),
    value: () => [5 / 3],
    jacobian: ([x]) => [[0.6 / x!, -0.8 / x!]],
    ops: ["norm"],
  }),
  problem({ name: "variance", x: x3(), f: (x) => p.variance(x), ...spread(3), ops: ["variance"] }),
  problem({ name: "variance with a correction", x: x3(), f: (x) => p.variance(x, { correction: 1 }), ...spread(2), ops: ["variance"] }),
  problem({ name: "std, squared", x: x3(), f: (x) => p.square(p.std(x)), ...spread(3), ops: ["std"] }),
  problem({
    name: "std of equal numbers",
    kink: true,
    x: tensor([2, 2]),
    f: (x) => p.std(x),
    value: () => [0],
    jacobian: () => [[0, 0]],
    ops: ["std"],
  }),
  problem({
    name: "topK: values times their positions",
    x: x3(),
    f: (x) => {
      const [values, indices] = p.topK(x, 2);
      return p.sum(p.mul(values, indices));
    },
    value: (x) => [2 * x[2]!],
    jacobian: () => [[0, 0, 2]],
    ops: ["topK"],
  }),
  problem({
    name: "whereSafe: x log x, and 0 below 0",
    kink: true,
    x: tensor([0, 2]),
    elsewhere: tensor([-1, 0.5]),
    f: (x) => p.whereSafe(p.greater(x, 0), (t) => p.mul(t, p.log(t)), x, 0),
    value: ([, b]) => [0, b! * Math.log(b!)],
    jacobian: ([, b]) => [[0, 0], [0, 1 + Math.log(b!)]],
    ops: ["whereSafe", "log"],
  }),
  problem({
    name: "dot with itself",
    x: x3(),
    f: (x) => p.dot(x, x),
    value: (x) => [total(x.map((v) => v * v))],
    jacobian: (x) => [x.map((v) => 2 * v)],
    hessian: (x) => square(x, (i, j) => 2 * delta(i, j)),
    ops: ["dot"],
  }),
];
