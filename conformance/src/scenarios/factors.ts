import * as p from "@polyad/core/extend";
import { tensor, type Tensor } from "@polyad/core/extend";
import { problem, type Numbers, type Problem, type Rows } from "../problem.js";

/** A 2 × 2 matrix [a, b; c, d], not symmetric. */
const matrix = (): Tensor => tensor([[2, -0.5], [0.75, 1.5]]);
const range = (n: number): number[] => [...Array(n).keys()];

const det = ([a, b, c, d]: Numbers): number => a! * d! - b! * c!;
/** ∂ det / ∂A, the cofactors. */
const cofactors = ([a, b, c, d]: Numbers): number[] => [d!, -c!, -b!, a!];
const cofactorSlopes: Rows = [[0, 0, 0, 1], [0, 0, -1, 0], [0, -1, 0, 0], [1, 0, 0, 0]];
/** A⁻¹ = [d, −b; −c, a] / det */
const inverse = (m: Numbers): number[] => [m[3]!, -m[1]!, -m[2]!, m[0]!].map((v) => v / det(m));
/** d A⁻¹ = −A⁻¹ dA A⁻¹ */
const inverseSlopes = (m: Numbers): Rows => {
  const q = inverse(m);
  return range(4).map((y) => range(4).map((k) => -q[2 * (y >> 1) + (k >> 1)]! * q[2 * (k & 1) + (y & 1)]!));
};
const times = (c: number, row: Numbers): number[] => row.map((x) => c * x);
const plus = (x: Numbers, y: Numbers): number[] => x.map((v, i) => v + y[i]!);
const identity: Rows = range(4).map((i) => range(4).map((j) => Number(i === j)));

/** The off-diagonal of the symmetric part, half the sum and half the difference of the diagonal, the eigenvalues' distance from the mean. */
const symmetric = ([a, b, c, d]: Numbers): { s: number; delta: number; r: number } => {
  const [s, delta] = [(b! + c!) / 2, (a! - d!) / 2];
  return { s, delta, r: Math.hypot(s, delta) };
};

/** √(‖A‖² ± 2 |det A|): the sum and the difference of the singular values, and their derivatives. */
const singular = (m: Numbers, sign: number): { value: number; slope: number[] } => {
  const D = det(m);
  const value = Math.sqrt(m.reduce((t, x) => t + x * x, 0) + 2 * sign * Math.abs(D));
  return { value, slope: times(1 / value, plus(m, times(sign * Math.sign(D), cofactors(m)))) };
};
const singularValues = {
  value: (m: Numbers) => [1, -1].map((sign) => (singular(m, 1).value + sign * singular(m, -1).value) / 2),
  jacobian: (m: Numbers) => [1, -1].map((sign) => times(0.5, plus(singular(m, 1).slope, times(sign, singular(m, -1).slope)))),
};

/** A 3 × 2 matrix; of its 2 × 2 Gram matrix [p, q; q, r], the elements and their derivatives. */
const tall = (): Tensor => tensor([[2, -0.5], [0.75, 1.5], [-1, 0.25]]);
const gram = ([a, b, c, d, e, f]: Numbers): { g: Numbers; slopes: Rows } => ({
  g: [a! * a! + c! * c! + e! * e!, a! * b! + c! * d! + e! * f!, b! * b! + d! * d! + f! * f!],
  slopes: [[2 * a!, 0, 2 * c!, 0, 2 * e!, 0], [b!, a!, d!, c!, f!, e!], [0, 2 * b!, 0, 2 * d!, 0, 2 * f!]],
});
const sumOf = (rows: Rows, ...weights: number[]): number[] => rows.map((row, i) => times(weights[i]!, row)).reduce(plus);

/** √ of the eigenvalues of the Gram matrix, (p + r)/2 ± √((p − r)²/4 + q²). */
const tallSingularValues = {
  value: (m: Numbers): Numbers => {
    const [p, q, r] = gram(m).g as [number, number, number];
    return [1, -1].map((sign) => Math.sqrt((p + r) / 2 + sign * Math.hypot((p - r) / 2, q)));
  },
  jacobian: (m: Numbers): Rows => {
    const { g: [p, q, r], slopes } = gram(m) as { g: [number, number, number]; slopes: Rows };
    const distance = Math.hypot((p - r) / 2, q);
    return [1, -1].map((sign, i) => times(0.5 / tallSingularValues.value(m)[i]!, sumOf(slopes, 0.5 + (sign * (p - r)) / (4 * distance), (sign * q) / distance, 0.5 - (sign * (p - r)) / (4 * distance))));
  },
};
const sides = (n: number): Rows => range(n).map((i) => range(n).map((j) => Number(i === j)));

/** Factorisations and what is made of them, by the formulas for 2 × 2 matrices. */
export const factors: readonly Problem[] = [
  problem({ name: "det", x: matrix(), f: (x) => p.det(x), value: (m) => [det(m)], jacobian: (m) => [cofactors(m)], hessian: () => cofactorSlopes, ops: ["det"] }),
  problem({
    name: "det of a singular matrix",
    x: tensor([[1, 2], [2, 4]]),
    elsewhere: tensor([[0, 0], [3, 4]]),
    f: (x) => p.det(x),
    value: () => [0],
    jacobian: (m) => [cofactors(m)],
    ops: ["det"],
  }),
  problem({ name: "cofactor", x: matrix(), f: (x) => p.cofactor(x), value: cofactors, jacobian: () => cofactorSlopes, ops: ["cofactor"] }),
  problem({
    name: "slogdet of a negative determinant",
    x: tensor([[0.5, 2], [1.5, -1]]),
    f: (x) => p.slogdet(x),
    value: (m) => [Math.sign(det(m)), Math.log(Math.abs(det(m)))],
    jacobian: (m) => [[0, 0, 0, 0], times(1 / det(m), cofactors(m))],
    ops: ["slogdet"],
  }),
  problem({
    name: "logdet",
    x: matrix(),
    f: (x) => p.logdet(x),
    value: (m) => [Math.log(det(m))],
    jacobian: (m) => [times(1 / det(m), cofactors(m))],
    hessian: (m) => range(4).map((i) => range(4).map((j) => cofactorSlopes[i]![j]! / det(m) - (cofactors(m)[i]! * cofactors(m)[j]!) / det(m) ** 2)),
    ops: ["logdet"],
  }),
  problem({ name: "inv", x: matrix(), f: (x) => p.inv(x), value: inverse, jacobian: inverseSlopes, ops: ["inv"] }),
  problem({
    name: "solve with three right-hand sides",
    x: matrix(),
    f: (x) => p.solve(x, [[1, 0, 2], [0, 1, 2]]),
    value: (m) => [0, 2].flatMap((i) => [inverse(m)[i]!, inverse(m)[i + 1]!, 2 * (inverse(m)[i]! + inverse(m)[i + 1]!)]),
    jacobian: (m) => [0, 2].flatMap((i) => [inverseSlopes(m)[i]!, inverseSlopes(m)[i + 1]!, times(2, plus(inverseSlopes(m)[i]!, inverseSlopes(m)[i + 1]!))]),
    ops: ["solve"],
  }),
  problem({
    name: "triangularSolve, of which the other triangle has no part",
    x: tensor([[2, 9], [0.75, 1.5]]),
    f: (x) => p.triangularSolve(x, [1, 0]),
    value: ([a, , c, d]) => [1 / a!, -c! / (a! * d!)],
    jacobian: ([a, , c, d]) => [[-1 / a! ** 2, 0, 0, 0], [c! / (a! ** 2 * d!), 0, -1 / (a! * d!), c! / (a! * d! ** 2)]],
    ops: ["triangularSolve"],
  }),
  problem({
    name: "lstsq: the line through three points",
    x: tensor([1, 3, 5.5]),
    f: (b) => p.lstsq([[1, 0], [1, 1], [1, 2]], b),
    value: ([a, b, c]) => [(5 * a! + 2 * b! - c!) / 6, (c! - a!) / 2],
    jacobian: () => [[5 / 6, 1 / 3, -1 / 6], [-0.5, 0, 0.5]],
    ops: ["lstsq"],
  }),
  problem({
    name: "cholesky, of the symmetric part",
    x: matrix(),
    f: (x) => p.cholesky(x),
    value: (m) => {
      const [a, { s }] = [m[0]!, symmetric(m)];
      return [Math.sqrt(a), 0, s / Math.sqrt(a), Math.sqrt(m[3]! - (s * s) / a)];
    },
    jacobian: (m) => {
      const [a, { s }] = [m[0]!, symmetric(m)];
      const [root, last] = [Math.sqrt(a), Math.sqrt(m[3]! - (s * s) / a)];
      return [[0.5 / root, 0, 0, 0], [0, 0, 0, 0], [-s / (2 * a * root), 0.5 / root, 0.5 / root, 0], times(0.5 / last, [(s / a) ** 2, -s / a, -s / a, 1])];
    },
    ops: ["cholesky"],
  }),
  problem({
    name: "eigh: eigenvalues of the symmetric part",
    x: matrix(),
    f: (x) => p.eigh(x)[0],
    value: (m) => [-1, 1].map((sign) => (m[0]! + m[3]!) / 2 + sign * symmetric(m).r),
    jacobian: (m) => {
      const { s, delta, r } = symmetric(m);
      return [-1, 1].map((sign) => plus([0.5, 0, 0, 0.5], times(sign / (2 * r), [delta, s, s, -delta])));
    },
    ops: ["eigh"],
  }),
  problem({
    name: "eigh: V diag(w²) Vᵀ is the square of the symmetric part",
    x: matrix(),
    f: (x) => {
      const [w, v] = p.eigh(x);
      return p.matmul(p.mul(v, p.square(w)), v, { transposeB: true });
    },
    value: (m) => {
      const [a, d, { s }] = [m[0]!, m[3]!, symmetric(m)];
      return [a * a + s * s, s * (a + d), s * (a + d), s * s + d * d];
    },
    jacobian: (m) => {
      const [a, d, { s }] = [m[0]!, m[3]!, symmetric(m)];
      const side = [s, (a + d) / 2, (a + d) / 2, s];
      return [[2 * a, s, s, 0], side, side, [0, s, s, 2 * d]];
    },
    ops: ["eigh"],
  }),
  problem({
    name: "qr: R",
    x: matrix(),
    f: (x) => p.qr(x)[1],
    value: (m) => {
      const n = Math.hypot(m[0]!, m[2]!);
      return [n, (m[0]! * m[1]! + m[2]! * m[3]!) / n, 0, Math.abs(det(m)) / n];
    },
    jacobian: (m) => {
      const [a, b, c, d] = m as [number, number, number, number];
      const n = Math.hypot(a, c);
      const slope = [a / n, 0, c / n, 0];
      const over = (value: number, top: Numbers): number[] => times(1 / n, plus(top, times(-value, slope)));
      return [slope, over((a * b + c * d) / n, [b, a, d, c]), [0, 0, 0, 0], over(Math.abs(det(m)) / n, times(Math.sign(det(m)), cofactors(m)))];
    },
    ops: ["qr"],
  }),
  problem({ name: "qr: Q R", x: matrix(), f: (x) => p.matmul(...p.qr(x)), value: (m) => m, jacobian: () => identity, ops: ["qr"] }),
  problem({ name: "svdvals", x: matrix(), f: (x) => p.svdvals(x), ...singularValues, ops: ["svdvals"] }),
  problem({
    name: "svd: U diag(s) Vᵀ",
    x: matrix(),
    f: (x) => {
      const [u, s, vt] = p.svd(x);
      return p.matmul(p.mul(u, s), vt);
    },
    value: (m) => m,
    jacobian: () => identity,
    ops: ["svd"],
  }),
  problem({
    name: "svdvals of a tall matrix",
    x: tall(),
    f: (x) => p.svdvals(x),
    ...tallSingularValues,
    ops: ["svdvals"],
  }),
  problem({
    name: "svdvals of a wide matrix",
    x: tensor([[2, 0.75, -1], [-0.5, 1.5, 0.25]]),
    f: (x) => p.svdvals(x),
    value: (m) => tallSingularValues.value(turned(m)),
    jacobian: (m) => tallSingularValues.jacobian(turned(m)).map((row) => [0, 2, 4, 1, 3, 5].map((at) => row[at]!)),
    ops: ["svdvals"],
  }),
  ...([["tall", tall()], ["wide", tensor([[2, 0.75, -1], [-0.5, 1.5, 0.25]])]] as const).map(([form, x]) =>
    problem({
      name: `svd of a ${form} matrix: U diag(s) Vᵀ`,
      x,
      f: (a) => {
        const [u, s, vt] = p.svd(a);
        return p.matmul(p.mul(u, s), vt);
      },
      value: (m) => m,
      jacobian: () => sides(6),
      ops: ["svd"],
    }),
  ),
  problem({ name: "qr of a tall matrix: Q R", x: tall(), f: (x) => p.matmul(...p.qr(x)), value: (m) => m, jacobian: () => sides(6), ops: ["qr"] }),
  problem({
    name: "qr of a tall matrix: R, the root of the Gram matrix",
    x: tall(),
    f: (x) => p.qr(x)[1],
    value: (m) => {
      const [p, q, r] = gram(m).g as [number, number, number];
      return [Math.sqrt(p), q / Math.sqrt(p), 0, Math.sqrt(r - (q * q) / p)];
    },
    jacobian: (m) => {
      const { g: [p, q, r], slopes } = gram(m) as { g: [number, number, number]; slopes: Rows };
      const [root, last] = [Math.sqrt(p), Math.sqrt(r - (q * q) / p)];
      return [sumOf(slopes, 0.5 / root, 0, 0), sumOf(slopes, -q / (2 * p * root), 1 / root, 0), sumOf(slopes, 0, 0, 0), times(0.5 / last, sumOf(slopes, (q / p) ** 2, (-2 * q) / p, 1))];
    },
    ops: ["qr"],
  }),
  problem({
    name: "qr of a tall matrix: Qᵀ Q",
    x: tall(),
    f: (x) => p.matmul(p.qr(x)[0], p.qr(x)[0], { transposeA: true }),
    value: () => [1, 0, 0, 1],
    jacobian: () => range(4).map(() => range(6).map(() => 0)),
    ops: ["qr"],
  }),
];

/** A 2 × 3 matrix on its side. */
function turned(m: Numbers): Numbers {
  return [0, 3, 1, 4, 2, 5].map((at) => m[at]!);
}
