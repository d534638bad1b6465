import fc from "fast-check";
import { einsum, inv, kron, logdet, lstsq, median, quantile, repeat, sort, svdvals, type Kind, type Shape, type Tensor, type Value } from "@polyad/core/extend";
import { between, broadcasting, caseOf, floatTensors, shapesOf, type Case, type Slot } from "./case.js";
import { apart, graded, operand } from "./structure.js";

const notEmpty = (minRank: number, maxRank: number): fc.Arbitrary<Shape> => shapesOf(minRank, maxRank).filter((shape) => !shape.includes(0));
const axesOf = (shape: Shape): fc.Arbitrary<number[] | undefined> => fc.option(fc.subarray([...shape.keys()]), { nil: undefined });

/** Specifications, with the shapes of their operands made of these lengths. */
const lengths: Readonly<Record<string, number>> = { i: 2, j: 3, k: 4, l: 2, a: 2, b: 3 };
const specifications = [
  "ij,jk->ik", "ij,jk", "ij,kj->ki", "ji,jk->ik", "ii", "ii->i", "ij->ji", "ij->", "iij->ji", "i,j->ij", "i,i->", "i,i->i", "bij,bjk->bik", "aij,bjk->abik",
  "ij,ij->j", "ij,jk,kl->il", "i,ij,j->", "ij,->ij", "iji,ij->j", "abij,jik->kab", "ij,i,k->jk", "ba", "il,jl,kl->ijk", "ij,ij,ij->i",
];
const ellipses = fc.tuple(fc.constantFrom<[string, Shape, Shape]>(["...ij,...jk->...ik", [2, 3], [3, 4]], ["i...,...i->...", [3], [3]], ["...,...", [], []], ["...ij,jk", [2, 3], [3, 4]]), broadcasting(2));

/** How to call composites that have more in them than what they are made of. */
export const compositeCases = {
  einsum: [
    caseOf("", fc.tuple(fc.constantFrom(...specifications), floatTensors).map(([spec, kind]) => ({
      slots: spec.split("->")[0]!.split(",").map((term): Slot => operand(kind, term.split("").map((l) => lengths[l]!))),
      call: (...xs) => einsum(spec, ...xs),
    }))),
    caseOf("ellipses", ellipses.map(([[spec, m, n], [a, b]]) => ({
      slots: spec === "i...,...i->..." ? [operand("float64", [...m, ...a!]), operand("float64", [...b!, ...n])]
        : spec === "...ij,jk" ? [operand("float64", [...a!.slice(0, 1), ...m]), operand("float64", n)]
        : [operand("float64", [...a!, ...m]), operand("float64", [...b!, ...n])],
      call: (x, y) => einsum(spec, x!, y!),
    }))),
  ],
  inv: [caseOf("", fc.tuple(shapesOf(0, 2), fc.integer({ min: 0, max: 3 }), floatTensors).map(([batch, n, kind]) => ({ slots: [graded(kind, batch, n, n)], call: (a) => inv(a!) })))],
  kron: [caseOf("", fc.tuple(shapesOf(0, 2), shapesOf(0, 2), floatTensors).map(([a, b, kind]) => ({ slots: [operand(kind, a), operand("float64", b)], call: (x, y) => kron(x!, y!) })))],
  logdet: [caseOf("", fc.tuple(shapesOf(0, 2), fc.integer({ min: 0, max: 3 }), floatTensors).map(([batch, n, kind]) => ({ slots: [graded(kind, batch, n, n)], call: (a) => logdet(a!) })))],
  lstsq: [
    caseOf("", fc.tuple(broadcasting(2), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.nat(2)).map(([[a, b], m, n, k]) => ({
      slots: [graded("float64", a!, m, n), operand("float64", [...b!, m, k])],
      call: (x, y) => lstsq(x!, y!),
    }))),
    caseOf("a vector", fc.tuple(shapesOf(0, 1), fc.boolean()).map(([batch, tall]) => ({
      slots: [graded("float64", batch, tall ? 3 : 2, 2), operand("float64", [tall ? 3 : 2])],
      call: (x, y) => lstsq(x!, y!),
    }))),
  ],
  median: [caseOf("", fc.tuple(floatTensors, notEmpty(0, 3)).chain(([kind, shape]) => axesOf(shape).map((axis) => ({ slots: [operand(kind, shape)], clearance: apart, call: (x: Value | undefined) => median(x as Tensor, { axis }) }))))],
  quantile: [
    caseOf("", fc.tuple(floatTensors, fc.constantFrom<Kind>("number", "float64"), notEmpty(0, 3), shapesOf(0, 2)).chain(([kind, ofQ, shape, fractions]) =>
      fc.tuple(axesOf(shape), fc.boolean()).map(([axis, keepDims]) => ({
        slots: [operand(kind, shape), { kind: ofQ, shape: ofQ === "number" ? [] : fractions, draw: between(0.3, 0.7), active: false }],
        clearance: apart,
        call: (x: Value | undefined, q: Value | undefined) => quantile(x!, q!, { axis, keepDims }),
      })),
    )),
    // Five elements: q is between two of their positions, from where differences do not reach them.
    caseOf("in q", floatTensors.map((kind) => ({ slots: [operand(kind, [5]), { kind: "float64", shape: [2], draw: between(0.34, 0.41) }], clearance: apart, call: (x, q) => quantile(x!, q!) }))),
  ],
  repeat: [caseOf("", fc.tuple(floatTensors, shapesOf(1, 3)).chain(([kind, shape]) => {
    const axis = fc.option(fc.integer({ min: 0, max: shape.length - 1 }), { nil: undefined });
    return fc.tuple(axis, fc.nat(2), fc.boolean()).map(([at, times, each]) => ({
      slots: [operand(kind, shape)],
      call: (x: Value | undefined) => repeat(x!, each && at !== undefined ? Array.from({ length: shape[at]! }, (_, i) => (i + times) % 3) : times, { axis: at }),
    }));
  }))],
  sort: [caseOf("", fc.tuple(floatTensors, shapesOf(1, 3), fc.boolean()).chain(([kind, shape, descending]) =>
    fc.integer({ min: -shape.length, max: shape.length - 1 }).map((axis) => ({ slots: [operand(kind, shape)], clearance: apart, call: (x: Value | undefined) => sort(x!, { axis, descending }) })),
  ))],
  svdvals: [caseOf("", fc.tuple(shapesOf(0, 2), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 4 }), floatTensors).map(([batch, m, n, kind]) => ({ slots: [graded(kind, batch, m, n)], call: (a) => svdvals(a!) })))],
} satisfies Readonly<Record<string, readonly Case[]>>;
