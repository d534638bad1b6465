import * as p from "@polyad/core/extend";
import { shapeOf, unbroadcast, type Tensor, type Value } from "@polyad/core/extend";
import { indicator, type Mutant } from "./mutant.js";
import { ruled, type Rules } from "./rules.js";

interface MatmulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** The reverse rule with what it gives an operand changed. */
const cotangent = (change: (ct: Value, xs: readonly Tensor[], i: number, attrs: unknown) => Value) => ({ vjp }: { vjp: Rules["vjp"] }): Rules => ({
  vjp: (out, xs, attrs) => vjp!(out, xs, attrs).map((map, i) => map && ((ct) => {
    const right = map(ct);
    return right === undefined ? right : change(right, xs as readonly Tensor[], i, attrs);
  })),
});

/** A reduced tensor with the axes of length 1 that were reduced. */
function thin(reduced: Value, x: Tensor, axis: readonly number[]): Tensor {
  return p.reshape(reduced, x.shape.map((n, i) => (axis.includes(i) ? 1 : n)));
}

interface ReduceAttrs {
  readonly axis: readonly number[];
  readonly keepDims: boolean;
}

/** Wrong rules where shapes matter. */
export const wrongStructure: readonly Mutant[] = [
  {
    name: "matmul, transposed where it is square",
    defect: "Aᵀ forgotten in B̄ = Aᵀ·C̄, which no shape shows if A is square",
    by: /scenarios: (vector → number: xᵀ S x, not symmetric|matmul.*): (gradient|jacobian|pullback)/,
    make: ruled("tape", {
      matmul: ({ vjp }) => ({
        vjp: (out, xs, attrs) => {
          const [a] = xs as readonly [Tensor];
          const maps = vjp!(out, xs, attrs);
          const { transposeA, transposeB } = attrs as MatmulAttrs;
          if (a.shape.at(-1) !== a.shape.at(-2) || transposeB) return maps;
          return [maps[0]!, (ct) => unbroadcast(p.matmul(a, ct as Tensor, { transposeA }), xs[1]!)];
        },
      }),
    }),
  },
  {
    name: "matmul, off by a factor where it is not square",
    defect: "Ā scaled by the ratio of A's sides",
    by: /^(scenarios: vector → vector: A x, not square: |laws: .*: matmul$)/,
    make: ruled("tape", { matmul: cotangent((ct, xs, i) => (i === 1 ? p.mul(ct, xs[0]!.shape.at(-2)! / xs[0]!.shape.at(-1)!) : ct)) }),
  },
  {
    name: "matmul, averaged over a batch",
    defect: "the cotangent of a matrix that a whole batch shares is the mean over the batch, not the sum",
    by: /^scenarios: (matmul|einsum), broadcast: /,
    make: ruled("tape", { matmul: ({ vjp }) => ({
      vjp: (out, xs, attrs) => vjp!(out, xs, attrs).map((map, i) => map && ((ct) => {
        const [whole, own] = [out as Value, xs[i]!].map((x) => p.sizeOf(shapeOf(x).slice(0, -2)));
        const right = map(ct);
        return right === undefined || whole === 0 ? right : p.mul(right, own! / whole!);
      })),
    }) }),
  },
  {
    name: "slogdet by the determinant",
    defect: "the cofactors over the determinant, which overflows where its logarithm is of size 1000",
    by: /^scenarios: (slogdet|logdet) of large arguments: /,
    make: ruled("tape", { slogdet: { vjp: (_out, [a]) => [(cts) => {
      const [, ct] = cts as readonly (Value | undefined)[];
      return ct === undefined ? undefined : p.mul(p.reshape(ct, [...shapeOf(ct), 1, 1]), p.div(p.cofactor(a!), p.reshape(p.det(a!), [...shapeOf(ct), 1, 1])));
    }] } }),
  },
  {
    name: "svd of a tall matrix as of a square one",
    defect: "what lies outside of the column space is left out",
    by: /^scenarios: svd of a tall matrix: /,
    make: ruled("tape", { svd: ({ vjp }) => ({
      vjp: (out, xs, attrs) => vjp!(out, xs, attrs).map((map) => map && ((ct) => {
        const right = map(ct);
        const [u] = out as readonly Value[];
        return right === undefined ? right : p.matmul(u!, p.matmul(u!, right, { transposeA: true }));
      })),
    }) }),
  },
  {
    name: "mul forgets to reduce what was broadcast",
    defect: "the cotangent keeps the shape of the result",
    by: /^(scenarios: points: mul, broadcast|laws: ⟨ct, J v⟩ = ⟨Jᵀ ct, v⟩: mul)$/,
    make: ruled("tape", { mul: { vjp: (_out, [x, y]) => [(ct) => p.mul(ct as Value, y!), (ct) => p.mul(ct as Value, x!)] } }),
  },
  {
    name: "add takes the mean of what was broadcast",
    defect: "the cotangent is averaged, not summed, over repetitions",
    by: /^(scenarios: points: add, broadcast|laws: ⟨ct, J v⟩ = ⟨Jᵀ ct, v⟩: add)$/,
    make: ruled("tape", {
      add: {
        vjp: (out, xs) => xs.map((x) => (ct) => {
          const [whole, part] = [p.sizeOf(shapeOf(out as Value)), p.sizeOf(shapeOf(x))];
          return unbroadcast(whole === 0 ? (ct as Value) : p.mul(ct as Value, part / whole), x);
        }),
      },
    }),
  },
  {
    name: "sub reduces new axes, not those of length 1",
    defect: "where an axis of length 1 was repeated, only the first repetition counts",
    by: /^(scenarios: points: sub, broadcast|laws: .*: sub)$/,
    make: ruled("tape", {
      sub: {
        vjp: (_out, xs) => xs.map((x, i) => (ct) => {
          const signed = i === 0 ? (ct as Value) : p.neg(ct as Value);
          const to = shapeOf(x);
          const lead = shapeOf(signed).length - to.length;
          const ones = shapeOf(signed).map((n, k) => (k >= lead && to[k - lead] === 1 && n > 1 ? ([0, 1] as const) : null));
          return unbroadcast(ones.every((range) => range === null) ? signed : p.slice(signed, ...ones), x);
        }),
      },
    }),
  },
  {
    name: "sum refuses empty axes",
    defect: "throws for the gradient of a sum of nothing",
    by: /scenarios: (sum of nothing|activity: an empty tensor)/,
    make: ruled("tape", {
      sum: cotangent((ct, [x]) => {
        if (x!.size === 0) throw new RangeError("sum: nothing to divide the cotangent among");
        return ct;
      }),
    }),
  },
  {
    name: "reshape drops axes of length 1",
    defect: "the cotangent of a tensor with an axis of length 1 comes back without it",
    by: /scenarios: (squeeze|expandDims|size 1|reshape)/,
    make: ruled("tape", { reshape: cotangent((ct, [x]) => (x!.shape.includes(1) ? p.reshape(ct, x!.shape.filter((n) => n !== 1)) : ct)) }),
  },
  {
    name: "transpose by the permutation, not its inverse",
    defect: "shows from rank 3 on only",
    by: /^(scenarios: transpose of rank 3|laws: .*: transpose$)/,
    make: ruled("tape", { transpose: { vjp: (_out, _xs, attrs) => [(ct) => {
      const { perm } = attrs as { perm: readonly number[] };
      const inverse = perm.map((_, i) => perm.indexOf(i));
      const [wrong, right] = [perm, inverse].map((order) => p.transpose(ct as Tensor, order));
      return p.sameShape(wrong!.shape, right!.shape) ? wrong : p.reshape(wrong!, right!.shape);
    }] } }),
  },
  {
    name: "square at rank 4",
    defect: "off by a factor of two at rank 4 only",
    by: /laws: .*: square$/,
    make: ruled("tape", { square: cotangent((ct, [x]) => (shapeOf(x!).length === 4 ? p.mul(2, ct) : ct)) }),
  },
  {
    name: "triangularSolve from size 4 on",
    defect: "off by a factor of two for matrices of 4×4 and more",
    by: /^(laws: .*: (triangularSolve|solve|cholesky|lstsq|inv)|programs: .*|scenarios: .*(olve|inv|lstsq).*)$/,
    make: ruled("tape", { triangularSolve: cotangent((ct, [a]) => (shapeOf(a!).at(-1)! >= 4 ? p.mul(2, ct) : ct)) }),
  },
  {
    name: "matmul from 33 inner elements on",
    defect: "of longer inner products, the rest after the first 32 elements is dropped in the reverse rule",
    by: /scenarios: sizes: matmul/,
    make: ruled("tape", { matmul: cotangent((ct, [a], i, attrs) => {
      const inner = a!.shape.at((attrs as MatmulAttrs).transposeA ? -2 : -1)!;
      return inner > 32 ? p.mul(ct, indicator(ct, (k) => (i === 0 ? k % inner < 32 : k < 32 * shapeOf(ct).at(-1)!))) : ct;
    }) }),
  },
  {
    name: "matmul from a side of 65 on",
    defect: "off by a factor of two where an operand has a side of 65 or more",
    by: /scenarios: sizes: matmul/,
    make: ruled("tape", { matmul: cotangent((ct, xs) => (xs.some((x) => x.shape.slice(-2).some((n) => n > 64)) ? p.mul(2, ct) : ct)) }),
  },
  {
    name: "solve from size 6 on",
    defect: "off by a factor of two for matrices of 6×6 and more",
    by: /scenarios: sizes: solve/,
    make: ruled("tape", { solve: cotangent((ct, [a]) => (shapeOf(a!).at(-1)! >= 6 ? p.mul(2, ct) : ct)) }),
  },
  {
    name: "max along axes that are not neighbours",
    defect: "off by a factor of two where an axis between them is kept",
    by: /^(scenarios: max of rank 3.*|laws: .*: max)$/,
    make: ruled("tape", { max: cotangent((ct, _xs, _i, attrs) => ((attrs as ReduceAttrs).axis.join() === "0,2" ? p.mul(2, ct) : ct)) }),
  },
  {
    name: "max gives ties to the first",
    defect: "reduction: the first of the largest receives all",
    by: /^(scenarios: .*(max|tie).*|laws: .*: max)$/,
    make: ruled("tape", {
      max: ({ vjp }) => ({
        vjp: (out, xs, attrs) => {
          const [x] = xs as readonly [Tensor];
          const { axis } = attrs as ReduceAttrs;
          const along = axis.length === 1 ? { axis: axis[0]! } : axis.length === x.ndim && x.ndim > 0 ? {} : null;
          if (along === null) return vjp!(out, xs, attrs);
          const chosen = p.equal(x, thin(out as Value, x, axis));
          const before = p.reshape(p.cumsum(p.cast(chosen, x.dtype), along), x.shape);
          const first = p.logicalAnd(chosen, p.equal(before, 1));
          return [(ct) => p.where(first, thin(ct as Value, x, axis), 0)];
        },
      }),
    }),
  },
  {
    name: "prod divides by its operand",
    defect: "NaN where an element is 0",
    by: /scenarios: .*prod.*/,
    make: ruled("tape", { prod: { vjp: (out, [x], attrs) => [(ct) => p.mul(thin(p.mul(ct as Value, out as Value), x as Tensor, (attrs as ReduceAttrs).axis), p.div(1, x!))] } }),
  },
  {
    name: "gather averages repeated indices",
    defect: "an index that occurs twice counts once",
    by: /^(scenarios: gather with an index twice.*|laws: .*: gather)$/,
    make: ruled("tape", {
      gather: ({ vjp }) => ({
        vjp: (out, xs, attrs) => {
          const [scatter] = vjp!(out, xs, attrs);
          const counts = scatter!(p.ones(shapeOf(out as Value), (xs[0] as Tensor).dtype))!;
          return [(ct) => p.div(scatter!(ct)!, p.maximum(counts, 1)), null];
        },
      }),
    }),
  },
  {
    name: "cumsum without its own element",
    defect: "the reverse rule cumulates exclusively",
    by: /^(scenarios: cumsum.*|laws: .*: cumsum)$/,
    make: ruled("tape", { cumsum: { vjp: (_out, _xs, attrs) => [(ct) => {
      const { axis, reverse } = attrs as { axis: number; reverse: boolean };
      return p.sub(p.cumsum(ct as Tensor, { axis, reverse: !reverse }), ct as Tensor);
    }] } }),
  },
  {
    name: "cumsum in the same direction",
    defect: "the reverse rule does not reverse",
    by: /^(scenarios: cumsum.*|laws: .*: cumsum)$/,
    make: ruled("tape", { cumsum: { vjp: (_out, _xs, attrs) => [(ct) => p.cumsum(ct as Tensor, attrs as { axis: number; reverse: boolean })] } }),
  },
  {
    name: "concat leaves its last piece out",
    defect: "the cotangent of the last operand is zero",
    by: /^(scenarios: (concat|stack).*|laws: .*: concat)$/,
    make: ruled("tape", { concat: cotangent((ct, xs, i) => (i > 0 && i === xs.length - 1 ? p.mul(0, ct) : ct)) }),
  },
];
