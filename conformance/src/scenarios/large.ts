import * as p from "@polyad/core/extend";
import { tensor, type Tensor } from "@polyad/core/extend";
import { problem, type Given, type Numbers, type Problem } from "../problem.js";

const total = (x: Numbers): number => x.reduce((a, b) => a + b, 0);
const product = (x: Numbers): number => x.reduce((a, b) => a * b, 1);
const except = (x: Numbers, i: number): Numbers => x.filter((_, k) => k !== i);

/** Numbers that samples near by say nothing of. */
function large<Y>(op: string, given: Omit<Given<Tensor, readonly [], Y>, "name" | "kink" | "ops" | "consts">): Problem {
  return problem({ ...given, name: `${op} of large arguments`, kink: true, ops: [op] });
}

const below = (x: Numbers): Numbers => x.map((v) => v - Math.max(...x));
const softmax = (x: Numbers): Numbers => {
  const e = below(x).map(Math.exp);
  return e.map((v) => v / total(e));
};
const thousands = { x: tensor([1000, 999, -1000]), elsewhere: tensor([-1000, -1001, -999.5]) };

/** Far from 0, and near to each other: squares of the numbers themselves would lose the differences. */
const clustered = { x: tensor([0, 1, 2, 5].map((d) => 2 ** 27 + d)), elsewhere: tensor([3, 0, 5, 4].map((d) => d - 2 ** 27)), precise: true };
const mean = (x: Numbers): number => x[0]! + total(x.map((v) => v - x[0]!)) / x.length;
const variance = (x: Numbers): number => total(x.map((v) => (v - mean(x)) ** 2)) / x.length;

/** Diagonal matrices of numbers that are far apart. */
const diagonal = (a: number, d: number): Tensor => tensor([[a, 0], [0, d]]);
const apart = { x: diagonal(1e100, 1e-100), elsewhere: diagonal(1e-50, 1e120), precise: true };

/** Ops that are not elementwise, where what they are made of overflows or cancels. */
export const largeArguments: readonly Problem[] = [
  large("softmax", { ...thousands, f: (x) => p.softmax(x), value: softmax, jacobian: (x) => x.map((_, i) => x.map((_y, j) => softmax(x)[i]! * (Number(i === j) - softmax(x)[j]!))) }),
  large("logSoftmax", {
    ...thousands,
    f: (x) => p.logSoftmax(x),
    value: (x) => below(x).map((v) => v - Math.log(total(below(x).map(Math.exp)))),
    jacobian: (x) => x.map((_, i) => x.map((_y, j) => Number(i === j) - softmax(x)[j]!)),
  }),
  large("logSigmoid", { x: tensor([1000, -1000]), elsewhere: tensor([-800, 900]), f: (x) => p.logSigmoid(x), value: (x) => x.map((v) => Math.min(v, 0)), jacobian: (x) => x.map((v, i) => x.map((_, j) => Number(i === j && v < 0))) }),
  large("variance", { ...clustered, f: (x) => p.variance(x), value: (x) => [variance(x)], jacobian: (x) => [x.map((v) => (v - mean(x)) / 2)] }),
  large("std", { ...clustered, f: (x) => p.std(x), value: (x) => [Math.sqrt(variance(x))], jacobian: (x) => [x.map((v) => (v - mean(x)) / 4 / Math.sqrt(variance(x)))] }),
  large("prod", { x: tensor([1e200, 1e-200, 1e100]), elsewhere: tensor([-1e-150, 1e100, 1e200]), precise: true, f: (x) => p.prod(x), value: (x) => [product(x)], jacobian: (x) => [x.map((_, i) => product(except(x, i)))] }),
  large("cumprod", {
    x: tensor([1e100, -1e150, 1e-200]),
    elsewhere: tensor([1e-100, 1e200, 1e50]),
    precise: true,
    f: (x) => p.cumprod(x),
    value: (x) => x.map((_, k) => product(x.slice(0, k + 1))),
    jacobian: (x) => x.map((_, k) => x.map((_y, i) => (i > k ? 0 : product(except(x.slice(0, k + 1), i))))),
  }),
  large("matmul", {
    x: tensor([[1e150, 1], [-2, 3e-150]]),
    elsewhere: tensor([[1e-150, 2], [4, -1e150]]),
    precise: true,
    f: (x) => p.matmul(x, x),
    value: ([a, b, c, d]) => [a! * a! + b! * c!, b! * (a! + d!), c! * (a! + d!), b! * c! + d! * d!],
    jacobian: ([a, b, c, d]) => [[2 * a!, c!, b!, 0], [b!, a! + d!, 0, b!], [c!, 0, a! + d!, c!], [0, c!, b!, 2 * d!]],
  }),
  large("solve", {
    ...apart,
    f: (x) => p.solve(x, [1, 1]),
    value: ([a, , , d]) => [1 / a!, 1 / d!],
    jacobian: ([a, , , d]) => [[-1 / a! ** 2, -1 / (a! * d!), 0, 0], [0, 0, -1 / (a! * d!), -1 / d! ** 2]],
  }),
  large("triangularSolve", {
    ...apart,
    f: (x) => p.triangularSolve(x, [1, 1]),
    value: ([a, , , d]) => [1 / a!, 1 / d!],
    jacobian: ([a, , , d]) => [[-1 / a! ** 2, 0, 0, 0], [0, 0, -1 / (a! * d!), -1 / d! ** 2]],
  }),
  large("inv", {
    ...apart,
    f: (x) => p.inv(x),
    value: ([a, , , d]) => [1 / a!, 0, 0, 1 / d!],
    jacobian: ([a, , , d]) => [[-1 / a! ** 2, 0, 0, 0], [0, -1 / (a! * d!), 0, 0], [0, 0, -1 / (a! * d!), 0], [0, 0, 0, -1 / d! ** 2]],
  }),
  large("det", { x: diagonal(1e150, 1e100), elsewhere: diagonal(-1e200, 1e-100), precise: true, f: (x) => p.det(x), value: ([a, , , d]) => [a! * d!], jacobian: ([a, , , d]) => [[d!, 0, 0, a!]] }),
  large("logdet", {
    x: diagonal(1e200, 1e250),
    elsewhere: diagonal(1e-200, 1e-150),
    precise: true,
    f: (x) => p.logdet(x),
    value: ([a, , , d]) => [Math.log(a!) + Math.log(d!)],
    jacobian: ([a, , , d]) => [[1 / a!, 0, 0, 1 / d!]],
  }),
  large("slogdet", {
    x: diagonal(-1e200, 1e250),
    elsewhere: diagonal(1e-200, -1e-150),
    precise: true,
    f: (x) => p.slogdet(x),
    value: ([a, , , d]) => [-1, Math.log(Math.abs(a!)) + Math.log(Math.abs(d!))],
    jacobian: ([a, , , d]) => [[0, 0, 0, 0], [1 / a!, 0, 0, 1 / d!]],
  }),
  large("cholesky", {
    x: diagonal(1e200, 1e-100),
    elsewhere: diagonal(1e-50, 1e120),
    precise: true,
    f: (x) => p.cholesky(x),
    value: ([a, , , d]) => [Math.sqrt(a!), 0, 0, Math.sqrt(d!)],
    jacobian: ([a, , , d]) => [[0.5 / Math.sqrt(a!), 0, 0, 0], [0, 0, 0, 0], [0, 0.5 / Math.sqrt(a!), 0.5 / Math.sqrt(a!), 0], [0, 0, 0, 0.5 / Math.sqrt(d!)]],
  }),
  large("eigh", {
    x: diagonal(1e100, 1e120),
    elsewhere: diagonal(-1e-100, 1e100),
    precise: true,
    f: (x) => p.eigh(x)[0],
    value: ([a, , , d]) => [a!, d!],
    jacobian: () => [[1, 0, 0, 0], [0, 0, 0, 1]],
  }),
  large("svdvals", { x: diagonal(1e120, 1e100), elsewhere: diagonal(1e100, -1e90), precise: true, f: (x) => p.svdvals(x), value: ([a, , , d]) => [Math.abs(a!), Math.abs(d!)], jacobian: ([, , , d]) => [[1, 0, 0, 0], [0, 0, 0, Math.sign(d!)]] }),
  large("svd", {
    x: diagonal(1e120, 1e100),
    elsewhere: diagonal(1e100, -1e90),
    precise: true,
    f: (x) => p.svd(x)[1],
    value: ([a, , , d]) => [Math.abs(a!), Math.abs(d!)],
    jacobian: ([, , , d]) => [[1, 0, 0, 0], [0, 0, 0, Math.sign(d!)]],
  }),
  large("qr", {
    x: tensor([[3e120, 1e120], [4e120, 3e120]]),
    elsewhere: tensor([[3e-120, 1e-120], [4e-120, 3e-120]]),
    precise: true,
    f: (x) => p.div(p.qr(x)[1], p.stopGradient(p.slice(x, 0, 1))), // R over the scale of x
    value: () => [5, 3, 0, 1],
    jacobian: ([, b]) => [[0.6, 0, 0.8, 0], [-0.16, 0.6, 0.12, 0.8], [0, 0, 0, 0], [0.48, -0.8, -0.36, 0.6]].map((row) => row.map((v) => v / b!)),
  }),
  large("lstsq", {
    x: tensor([1e150, 3e150, 5.5e150]),
    elsewhere: tensor([1e-150, -3e-150, 2e-150]),
    precise: true,
    f: (b) => p.lstsq([[1, 0], [1, 1], [1, 2]], b),
    value: ([a, b, c]) => [(5 * a! + 2 * b! - c!) / 6, (c! - a!) / 2],
    jacobian: () => [[5 / 6, 1 / 3, -1 / 6], [-0.5, 0, 0.5]],
  }),
];
