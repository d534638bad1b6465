import * as p from "@polyad/core/extend";
import { derivative, tensor, type Tensor, type Value } from "@polyad/core/extend";
import type { Check } from "../check.js";
import { expectNumbers, read } from "../compare.js";

const int = (...xs: number[]): Tensor => tensor(Int32Array.from(xs));
const P = tensor([[2, -0.5], [0.75, 1.5]]);
const Q = tensor([[1, -2, 0.5], [0.25, 3, -1]]);
const v = tensor([0.5, -1.25, 2, 0.75]);
const signal = tensor([0.5, -1.25, 2, 0.75], [1, 1, 4]);
const kernel = tensor([1.5, -0.5], [1, 1, 2]);

const times = (x: Value, by: Tensor): Tensor => p.mul(x, by) as Tensor;
const cube = (y: Value): Value => p.mul(y, p.square(y));

/** f(t · at), homogeneous in t: its value at t is its value at 1 times a power of t. */
type Homogeneous = readonly [op: string, degree: number, f: (t: Value) => Value];

/** (L t)³ for what is linear. */
const linear = (op: string, of: Tensor, f: (x: Tensor) => Value): Homogeneous => [op, 3, (t) => cube(f(times(t, of)))];

/** B(t, t²) for what is linear in each of two. */
const bilinear = (op: string, x: Tensor, y: Tensor, f: (x: Tensor, y: Tensor) => Value): Homogeneous => [op, 3, (t) => f(times(t, x), times(p.square(t), y))];

const functions: readonly Homogeneous[] = [
  bilinear("matmul", P, Q, (a, b) => p.matmul(a, b)),
  ["matmul", 3, (t) => p.matmul(p.matmul(times(t, P), times(t, P)), times(t, P))],
  ["matmul", 3, (t) => p.matmul(times(t, v), p.matmul(p.outer(times(t, v), p.ones([4])), times(t, v)))],
  bilinear("mul", P, P, (a, b) => p.mul(a, b)),
  bilinear("einsum", P, Q, (a, b) => p.einsum("ij,jk->ki", a, b)),
  bilinear("dot", v, v, (a, b) => p.dot(a, b)),
  bilinear("outer", v, v, (a, b) => p.outer(a, b)),
  bilinear("conv", signal, kernel, (x, w) => p.conv(x, w)),
  bilinear("convTranspose", signal, kernel, (x, w) => p.convTranspose(x, w)),
  linear("sum", Q, (x) => p.sum(x, { axis: 1 })),
  linear("mean", Q, (x) => p.mean(x, { axis: 0 })),
  linear("cumsum", v, (x) => p.cumsum(x)),
  linear("gather", v, (x) => p.gather(x, int(3, 0, 0, -2))),
  linear("scatterAdd", v, (x) => p.scatterAdd([0, 0, 0], int(2, 0, 2, 1), x)),
  linear("slice", v, (x) => p.slice(x, [null, null, -2])),
  linear("unslice", v, (x) => p.unslice(x, [9], [{ start: 7, step: -2 }])),
  linear("concat", v, (x) => p.concat([x, [1, 2].map(() => 0), x])),
  linear("transpose", Q, (x) => p.matmul(P, p.transpose(p.transpose(x)))),
  linear("reshape", Q, (x) => p.reshape(x, [3, 2])),
  linear("broadcastTo", v, (x) => p.broadcastTo(x, [2, 4])),
  linear("max", v, (x) => p.max(x)),
  linear("min", v, (x) => p.min(x)),
  linear("maxPool", signal, (x) => p.maxPool(x, 2)),
  linear("topK", v, (x) => p.topK(x, 2)[0]),
  ["prod", 4, (t) => p.prod(times(t, v))],
  ["cumprod", 3, (t) => p.slice(p.cumprod(times(t, v)), 2)],
  ["variance", 4, (t) => p.square(p.variance(times(t, v)))],
  ["norm", 3, (t) => cube(p.norm(times(t, v)))],
  ["det", 4, (t) => p.square(p.det(times(t, P)))],
  ["inv", -1, (t) => p.inv(times(t, P))],
  ["solve", 1 - 3, (t) => p.solve(times(cube(t), P), times(t, Q))],
  ["triangularSolve", 1 - 3, (t) => p.triangularSolve(times(cube(t), P), times(t, Q))],
  ["lstsq", 1 - 3, (t) => p.lstsq(times(cube(t), p.transpose(Q)), times(t, tensor([1, -2, 0.5])))],
  ["cholesky", 0.5, (t) => p.cholesky(times(t, P))],
  ["qr", 3, (t) => cube(p.qr(times(t, P))[1])],
  ["svdvals", 3, (t) => cube(p.svdvals(times(t, P)))],
  ["eigh", 3, (t) => cube(p.eigh(times(t, P))[0])],
];

/** Σ k yₖ: weights of no symmetry. */
function weighted(y: Value): Value {
  const flat = p.reshape(y, [-1]);
  return p.sum(p.mul(tensor(Float64Array.from({ length: flat.size }, (_, k) => 0.5 + k / 4)), flat));
}

/** Third derivatives of what is not elementwise, by derivatives of derivatives of derivatives. */
export const thirdOrder: readonly Check[] = functions.map(([op, degree, f], i) => {
  const again = functions.slice(0, i).filter(([name]) => name === op).length;
  const name = `third order: ${op}${again > 0 ? ` (${again + 1})` : ""}`;
  return {
    group: "scenarios",
    subject: `third order: ${op}`,
    name,
    ops: [op],
    needs: { order: 3, single: true, nests: true, rules: true, dtypes: ["float64"] },
    run: async ({ ad, tolerance }) => {
      const of = (t: Value): Value => p.cast(weighted(f(t)), "number");
      const [c] = await read(of(1));
      const nested = [1, 2, 3].reduce<(t: Value) => Value>((g) => (t) => derivative(g, ad, t) as Value, of);
      for (const t of [1, 1.25]) {
        const expected = degree * (degree - 1) * (degree - 2) * t ** (degree - 3) * c!;
        expectNumbers(await read(nested(t)), [expected], tolerance("float64", 3), `f‴(${t})`);
      }
    },
  };
});
