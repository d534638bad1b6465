import { concat, cos, matmul, mul, outer, pow, reshape, sin, slice, square, sub, sum, tensor, type Shape, type Tensor } from "@polyad/core/extend";
import { problem, type Numbers, type Problem, type Rows } from "../problem.js";

const range = (n: number): number[] => [...Array(n).keys()];
const power = (x: Numbers, p: number): number => x.reduce((total, v) => total + v ** p, 0);
const rows = (m: number, n: number, entry: (i: number, j: number) => number): Rows => range(m).map((i) => range(n).map((j) => entry(i, j)));
/** Numbers of no symmetry, around one half. */
const some = (n: number): number[] => range(n).map((i) => (i % 3 === 1 ? -1 : 1) * (0.25 + ((i * 5) % 7) / 8));
const filled = (shape: Shape): Tensor => tensor(Float64Array.from(some(shape.reduce((a, b) => a * b, 1))), shape);

/** (Σxᵢ⁴)(Σxⱼ⁶), from DifferentiationInterfaceTest: gₖ = 4xₖ³S₆ + 6xₖ⁵S₄. */
export function polynomial(name: string, x: unknown): Problem {
  return problem({
    name: `${name} → number: (Σx⁴)(Σx⁶)`,
    x,
    f: (t) => mul(sum(pow(t as Tensor, 4)), sum(pow(t as Tensor, 6))),
    value: (v) => [power(v, 4) * power(v, 6)],
    jacobian: (v) => [v.map((a) => 4 * a ** 3 * power(v, 6) + 6 * a ** 5 * power(v, 4))],
    hessian: (v) =>
      v.map((a, k) => v.map((b, l) => 24 * (a ** 3 * b ** 5 + a ** 5 * b ** 3) + (k === l ? 12 * a ** 2 * power(v, 6) + 30 * a ** 4 * power(v, 4) : 0))),
    ops: ["pow", "sum", "mul"],
  });
}

const A = tensor([[1, -2, 0.5], [3, 0.25, -1]]);
const B = tensor([[2, -1, 0, 1], [0.5, 3, -2, 1]]);
const a = (i: number, j: number): number => A.dataSync()[3 * i + j]!;
const b = (i: number, j: number): number => B.dataSync()[4 * i + j]!;
const S = tensor([[1, 2, -1], [0.5, -1, 3], [2, 0.25, 1]]); // not symmetric
const s = (i: number, j: number): number => S.dataSync()[3 * i + j]!;

/** sin x above cos x: J = [diag cos; −diag sin]. */
function waves(name: string, x: Tensor, shape: Shape): Problem {
  const n = x.size;
  return problem({
    name: `${name}: sin x above cos x`,
    x,
    f: (t) => reshape(concat([reshape(sin(t), [n]), reshape(cos(t), [n])]), shape),
    value: (v) => [...v.map(Math.sin), ...v.map(Math.cos)],
    jacobian: (v) => rows(2 * n, n, (i, j) => (i % n !== j ? 0 : i < n ? Math.cos(v[j]!) : -Math.sin(v[j]!))),
    ops: ["concat", "sin", "cos", "reshape"],
  });
}

/** Vectors, matrices and higher ranks, in and out. */
export const arrays: readonly Problem[] = [
  polynomial("vector", filled([4])),
  polynomial("Float64Array", Float64Array.from(some(4))),
  polynomial("array of numbers", some(3)),
  polynomial("matrix", filled([2, 3])),
  polynomial("rank 0", tensor(0.75)),
  polynomial("size 1", filled([1])),
  polynomial("size 1 of rank 3", filled([1, 1, 1])),
  polynomial("rank 3 with an axis of 1", filled([2, 1, 3])),
  polynomial("rank 4", filled([1, 2, 1, 2])),
  polynomial("size 0", filled([0])),
  polynomial("size 0 of rank 2", filled([0, 3])),
  waves("vector → vector", filled([3]), [6]),
  waves("vector → matrix", filled([3]), [2, 3]),
  waves("matrix → vector", filled([3, 2]), [12]),
  waves("matrix → rank 4", filled([3, 2]), [2, 1, 3, 2]),
  waves("rank 0 → vector", tensor(0.3), [2]),
  waves("size 1 → matrix", filled([1]), [1, 2]),
  waves("size 0 → size 0", filled([0]), [0, 2]),
  problem({
    name: "vector → vector: A x, not square",
    x: filled([3]),
    f: (x) => matmul(A, x),
    value: (x) => range(2).map((i) => x.reduce((t, v, j) => t + a(i, j) * v, 0)),
    jacobian: () => rows(2, 3, a),
    ops: ["matmul"],
  }),
  problem({
    name: "matrix → matrix: A X B, not square",
    x: filled([3, 2]),
    f: (x) => matmul(matmul(A, x), B),
    value: (x) => rows(2, 4, (i, j) => range(6).reduce((t, k) => t + a(i, k >> 1) * x[k]! * b(k & 1, j), 0)).flat(),
    jacobian: () => rows(8, 6, (y, x) => a(y >> 2, x >> 1) * b(x & 1, y & 3)),
    ops: ["matmul"],
  }),
  problem({
    name: "vector → number: xᵀ S x, not symmetric",
    x: filled([3]),
    f: (x) => matmul(x, matmul(S, x)),
    value: (x) => [rows(3, 3, (i, j) => s(i, j) * x[i]! * x[j]!).flat().reduce((p, q) => p + q)],
    jacobian: (x) => [x.map((_, k) => x.reduce((t, v, j) => t + (s(k, j) + s(j, k)) * v, 0))],
    hessian: () => rows(3, 3, (i, j) => s(i, j) + s(j, i)),
    ops: ["matmul"],
  }),
  problem({
    name: "vector → number: x²ᵀ S x², not symmetric",
    x: filled([3]),
    f: (x) => matmul(square(x), matmul(S, square(x))),
    value: (x) => [rows(3, 3, (i, j) => s(i, j) * (x[i]! * x[j]!) ** 2).flat().reduce((p, q) => p + q)],
    jacobian: (x) => [x.map((v, k) => 2 * v * x.reduce((t, w, j) => t + (s(k, j) + s(j, k)) * w * w, 0))],
    hessian: (x) =>
      rows(3, 3, (i, j) => 4 * (s(i, j) + s(j, i)) * x[i]! * x[j]! + (i === j ? 2 * x.reduce((t, w, k) => t + (s(k, j) + s(j, k)) * w * w, 0) : 0)),
    ops: ["matmul", "square"],
  }),
  problem({
    name: "vector → shorter vector: squared differences",
    x: filled([5]),
    f: (x) => square(sub(slice(x, [1, null]), slice(x, [null, -1]))),
    value: (x) => range(4).map((i) => (x[i + 1]! - x[i]!) ** 2),
    jacobian: (x) => rows(4, 5, (i, j) => (j === i ? -2 : j === i + 1 ? 2 : 0) * (x[i + 1]! - x[i]!)),
    ops: ["slice", "sub"],
  }),
  problem({
    name: "vector → number: Σ cubed differences",
    x: filled([4]),
    f: (x) => sum(pow(sub(slice(x, [1, null]), slice(x, [null, -1])), 3)),
    value: (x) => [range(3).reduce((t, i) => t + (x[i + 1]! - x[i]!) ** 3, 0)],
    jacobian: (x) => [x.map((_, k) => 3 * ((k > 0 ? (x[k]! - x[k - 1]!) ** 2 : 0) - (k < 3 ? (x[k + 1]! - x[k]!) ** 2 : 0)))],
    hessian: (x) => {
      const d = range(3).map((i) => 6 * (x[i + 1]! - x[i]!));
      return rows(4, 4, (i, j) => (i === j ? (d[i - 1] ?? 0) + (d[i] ?? 0) : Math.abs(i - j) === 1 ? -d[Math.min(i, j)]! : 0));
    },
    ops: ["slice", "pow"],
  }),
  problem({
    name: "vector → matrix: x xᵀ",
    x: filled([3]),
    f: (x) => outer(x, x),
    value: (x) => rows(3, 3, (i, j) => x[i]! * x[j]!).flat(),
    jacobian: (x) => rows(9, 3, (y, k) => (Math.floor(y / 3) === k ? x[y % 3]! : 0) + (y % 3 === k ? x[Math.floor(y / 3)]! : 0)),
    ops: ["outer"],
  }),
  problem({ name: "vector → itself", x: filled([3]), f: (x) => x, value: (x) => x, jacobian: () => rows(3, 3, (i, j) => Number(i === j)) }),
  problem({
    name: "vector → a constant",
    x: filled([3]),
    f: (_x) => A,
    value: () => [...A.dataSync()],
    jacobian: () => rows(6, 3, () => 0),
  }),
  problem({
    name: "vector → the same tensor twice",
    x: filled([2]),
    f: (x) => {
      const y = square(x);
      return { y, again: y, x };
    },
    value: (x) => [...x.map((v) => v * v), ...x.map((v) => v * v), ...x],
    jacobian: ([p, q]) => [[2 * p!, 0], [0, 2 * q!], [2 * p!, 0], [0, 2 * q!], [1, 0], [0, 1]],
  }),
];
