import { add, callable, defineLayer, leaves, matmul, mul, roll, square, stack, sum, Tensor, tensor, type Value } from "@polyad/core/extend";
import { problem, type Numbers, type Problem, type Rows } from "../problem.js";

const total = (x: Numbers, p: number): number => x.reduce((t, v) => t + v ** p, 0);

function isFloat(x: unknown): x is Value {
  return typeof x === "number" || (x instanceof Tensor && x.dtype.startsWith("float"));
}

/** (Σx)(Σx³) over all floats of a tree: every number's derivatives involve every other. */
function ofTree(name: string, x: unknown): Problem {
  const add2 = (values: Value[]): Value => values.reduce((a, b) => add(a, b), 0);
  return problem({
    name: `tree → number: ${name}`,
    x,
    f: (tree) => {
      const floats = leaves(tree).filter(isFloat);
      return mul(add2(floats.map((leaf) => sum(leaf))), add2(floats.map((leaf) => sum(mul(leaf, square(leaf))))));
    },
    value: (v) => [total(v, 1) * total(v, 3)],
    jacobian: (v) => [v.map((a) => total(v, 3) + 3 * a * a * total(v, 1))],
    hessian: (v) => v.map((a, k) => v.map((b, l) => 3 * a * a + 3 * b * b + (k === l ? 6 * a * total(v, 1) : 0))),
  });
}

class Point {
  constructor(
    readonly x: number,
    readonly rest: Tensor,
    readonly label: string,
  ) {}
}

const Affine = defineLayer("Affine", (slope: number[]) => ({ slope, offset: tensor([[0.5], [-1]]) }), (self, x: Value) => add(matmul(self.offset, [x]), sum(self.slope)));

/** r = W v + b, and L = Σ r²: what is linear in each part but not in both. */
const network: Pick<Problem, "value" | "jacobian"> & { hessian: (x: Numbers) => Rows } = {
  value: (x) => [residuals(x).reduce((t, r) => t + r * r, 0)],
  jacobian: (x) => [x.map((_, k) => 2 * residuals(x).reduce((t, r, i) => t + r * slope(x, i, k), 0))],
  hessian: (x) => x.map((_, k) => x.map((_y, l) => 2 * residuals(x).reduce((t, r, i) => t + slope(x, i, k) * slope(x, i, l) + r * mixed(i, k, l), 0))),
};

// W is 2 × 3 at 0 … 5, b at 6 and 7, v at 8 … 10.
function residuals(x: Numbers): number[] {
  return [0, 1].map((i) => [0, 1, 2].reduce((t, j) => t + x[3 * i + j]! * x[8 + j]!, x[6 + i]!));
}
function slope(x: Numbers, i: number, k: number): number {
  if (k < 6) return Math.floor(k / 3) === i ? x[8 + (k % 3)]! : 0;
  return k < 8 ? Number(k - 6 === i) : x[3 * i + k - 8]!;
}
function mixed(i: number, k: number, l: number): number {
  const [w, v] = k < l ? [k, l] : [l, k];
  return Number(w < 6 && v >= 8 && Math.floor(w / 3) === i && w % 3 === v - 8);
}

/** Numbers in a ring, more of them than there are digits. */
const many = (count: number): number[] => Array.from({ length: count }, (_, k) => 0.25 + ((7 * k) % count) / count);
const next = (x: Numbers, k: number): number => x[(k + 1) % x.length]!;
const before = (x: Numbers, k: number): number => x.at(k - 1)!;

/** ⅛ Σ xₖ xₖ₊₁² */
const ring: Pick<Problem, "value" | "jacobian"> & { f: (x: readonly Value[]) => Value; hessian: (x: Numbers) => Rows } = {
  f: (leaves) => {
    const x = stack(leaves);
    return mul(1 / 8, sum(mul(x, square(roll(x, -1, { axis: 0 })))));
  },
  value: (x) => [x.reduce((t, a, k) => t + a * next(x, k) ** 2, 0) / 8],
  jacobian: (x) => [x.map((a, k) => (next(x, k) ** 2 + 2 * before(x, k) * a) / 8)],
  hessian: (x) => x.map((a, k) => x.map((b, l) => (l === k ? before(x, k) : l === (k + 1) % x.length ? b : k === (l + 1) % x.length ? a : 0) / 4)),
};

export const trees: readonly Problem[] = [
  problem({
    name: "tree → tree: 25 numbers, each times the square of the next",
    x: many(25),
    f: (x) => x.map((a, k) => mul(a, square(x[(k + 1) % x.length]!))),
    value: (x) => x.map((a, k) => a * next(x, k) ** 2),
    jacobian: (x) => x.map((a, k) => x.map((b, l) => (l === k ? next(x, k) ** 2 : l === (k + 1) % x.length ? 2 * a * b : 0))),
    ops: ["mul", "square"],
  }),
  problem({ name: "tree → number: a ring of 25 numbers", large: true, x: many(25), ...ring, ops: ["stack", "roll"] }),
  problem({ name: "tree → number: a ring of 25 tensors", large: true, x: many(25).map((a) => tensor([a])), ...ring, ops: ["stack", "roll"] }),
  problem({ name: "tree → number: a ring of 12 numbers", x: many(12), ...ring, ops: ["stack", "roll"] }),
  problem({
    name: "tree → number: Σ(W v + b)²",
    x: { layer: { W: tensor([[1, -2, 0.5], [0.25, 3, -1]]), b: [0.5, -1], label: "first" }, v: new Float64Array([0.5, -0.25, 2]) },
    f: ({ layer, v }) => sum(square(add(matmul(layer.W, v), layer.b))),
    ...network,
    ops: ["matmul", "add", "square", "sum"],
  }),
  problem({
    name: "tree → tree, with a leaf that is not used",
    x: { w: tensor([1, -2]), unused: tensor([[3, 4]]), n: 0.5, title: "none", ids: tensor(new Int32Array([1, 2])) },
    f: ({ w, n }) => ({ scaled: mul(w, n), parts: [sum(w), { n }], title: "out" }),
    value: ([p, q, , , n]) => [p! * n!, q! * n!, p! + q!, n!],
    jacobian: ([p, q, , , n]) => [[n!, 0, 0, 0, p!], [0, n!, 0, 0, q!], [1, 1, 0, 0, 0], [0, 0, 0, 0, 1]],
  }),
  problem({
    name: "tree → number, of none of its leaves",
    x: { w: tensor([1, -2]), list: [3, [new Float64Array(2)]], f: Math.sin },
    f: () => 3,
    value: () => [3],
    jacobian: () => [[0, 0, 0, 0, 0]],
    hessian: () => [1, 2, 3, 4, 5].map(() => [0, 0, 0, 0, 0]),
  }),
  ofTree("an object", { a: 0.5, b: tensor([0.25, -1]), c: { d: [1, 2] }, none: null, text: "text", flag: true }),
  ofTree("arrays in arrays", [0.5, [0.25, [-1, tensor([1, 2])]], []]),
  ofTree("a Map", new Map<string, unknown>([["w", tensor([[0.5, 0.25, -1]])], ["list", [1, 2]], ["name", "map"]])),
  ofTree("an instance of a class", { at: new Point(0.5, tensor([0.25, -1]), "p"), when: new Date(0) }),
  ofTree("a layer", Affine([0.5, 0.25])),
  ofTree("a callable", { layer: callable({ theta: tensor([0.5, -1]) }, (self, x: Value) => mul(self.theta, x)), x: 2 }),
  ofTree("numbers, tensors and typed arrays of two dtypes", { y: new Float64Array([1]), n: 0.5, x: new Float32Array([0.25, -1]), z: tensor(new Float32Array([2]), [1, 1]) }),
  ofTree("nothing but inert leaves", { text: "text", ids: new Int32Array(2), none: undefined }),
];
