import * as p from "@polyad/core/extend";
import { coreOps, tensor, type Tensor, type Value } from "@polyad/core/extend";
import { problem, type AnyFunction, type Numbers, type Problem, type Rows } from "../problem.js";
import { linearOps } from "./linear.js";

const range = (n: number): number[] => [...Array(n).keys()];
const total = (x: Numbers): number => x.reduce((a, b) => a + b, 0);
const product = (x: Numbers): number => x.reduce((a, b) => a * b, 1);
const square = (n: number, entry: (i: number, j: number) => number): Rows => range(n).map((i) => range(n).map((j) => entry(i, j)));
const delta = (i: number, j: number): number => Number(i === j);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const softmax = (x: Numbers): Numbers => {
  const e = x.map((v) => Math.exp(v));
  return e.map((v) => v / total(e));
};

/** ½ |f(x)|² of a function that is linear but for a constant: its Hessian is JᵀJ. */
function halfSquare(given: Problem): Problem {
  const f = (...args: never[]): Value => {
    const y = given.f(...args) as Value | readonly Value[];
    const squares = (Array.isArray(y) ? (y as readonly Value[]) : [y as Value]).map((part) => p.sum(p.square(part)));
    return p.mul(0.5, squares.reduce((a, b) => p.add(a, b)));
  };
  const value = (x: Numbers): Numbers => [total(given.value(x).map((y) => (y * y) / 2))];
  const [size] = value(p.flatten(given.x).leaves.flatMap((leaf) => [...(leaf as Tensor).dataSync()]));
  return {
    ...given,
    name: `${given.name}, half its square`,
    f: f as AnyFunction,
    value,
    jacobian: (x) => [x.map((_, i) => total(given.value(x).map((y, k) => y * given.jacobian(x)[k]![i]!)))],
    hessian: (x) => square(x.length, (i, j) => total(given.jacobian(x).map((row) => row[i]! * row[j]!))),
    condition: Math.max(1, size!), // the value is rounded, and its Hessian is of size 1
  };
}

/** Weights of no symmetry, for what has several elements. */
const w: Numbers = [1, -0.5, 2];
const weighted = (y: Tensor): Value => p.sum(p.mul([...w], y));
const x3 = (): Tensor => tensor([0.5, -1.25, 2]);

/** Composites to second order: a scalar of each, with its Hessian. */
export const composites: readonly Problem[] = [
  ...linearOps.filter(({ ops }) => ops.some((op) => op in coreOps)).map(halfSquare),
  problem({
    name: "cumprod with a zero, weighted",
    x: tensor([2, 0, 3]),
    f: (x) => weighted(p.cumprod(x)),
    value: (x) => [total(range(3).map((k) => w[k]! * product(x.slice(0, k + 1))))],
    jacobian: (x) => [range(3).map((i) => total(range(3).map((k) => (k < i ? 0 : w[k]! * product(x.filter((_, j) => j <= k && j !== i))))))],
    hessian: (x) => square(3, (i, j) => (i === j ? 0 : total(range(3).map((k) => (k < Math.max(i, j) ? 0 : w[k]! * product(x.filter((_, l) => l <= k && l !== i && l !== j))))))),
    ops: ["cumprod"],
  }),
  problem({
    name: "softmax, weighted",
    x: x3(),
    f: (x) => weighted(p.softmax(x)),
    value: (x) => [total(softmax(x).map((s, k) => w[k]! * s))],
    jacobian: (x) => {
      const s = softmax(x);
      const mean = total(s.map((v, k) => w[k]! * v));
      return [s.map((v, k) => v * (w[k]! - mean))];
    },
    hessian: (x) => {
      const s = softmax(x);
      const mean = total(s.map((v, k) => w[k]! * v));
      return square(3, (i, j) => delta(i, j) * s[i]! * (w[i]! - mean) - s[i]! * s[j]! * (w[i]! + w[j]! - 2 * mean));
    },
    ops: ["softmax"],
  }),
  problem({
    name: "logSoftmax, weighted",
    x: x3(),
    f: (x) => weighted(p.logSoftmax(x)),
    value: (x) => [total(softmax(x).map((s, k) => w[k]! * Math.log(s)))],
    jacobian: (x) => [softmax(x).map((s, k) => w[k]! - total(w) * s)],
    hessian: (x) => square(3, (i, j) => total(w) * softmax(x)[i]! * (softmax(x)[j]! - delta(i, j))),
    ops: ["logSoftmax"],
  }),
  problem({
    name: "logSigmoid, weighted",
    x: x3(),
    f: (x) => weighted(p.logSigmoid(x)),
    value: (x) => [total(x.map((v, k) => w[k]! * Math.log(sigmoid(v))))],
    jacobian: (x) => [x.map((v, k) => w[k]! * sigmoid(-v))],
    hessian: (x) => square(3, (i, j) => -delta(i, j) * w[i]! * sigmoid(x[i]!) * sigmoid(-x[i]!)),
    ops: ["logSigmoid"],
  }),
  problem({
    name: "outer with itself, weighted",
    x: x3(),
    f: (x) => p.sum(weighted(p.outer(x, x))),
    value: (x) => [total(x) * total(x.map((v, k) => w[k]! * v))],
    jacobian: (x) => [w.map((c) => c * total(x) + total(x.map((v, k) => w[k]! * v)))],
    hessian: () => square(3, (i, j) => w[i]! + w[j]!),
    ops: ["outer"],
  }),
];
