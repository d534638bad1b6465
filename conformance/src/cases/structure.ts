import fc from "fast-check";
import { eye, type CorePrimitiveName, type DType, type Kind, type Range, type ReduceOptions, type Shape, type Tensor, type Value } from "@polyad/core/extend";
import * as p from "@polyad/core/extend";
import { anything, between, broadcasting, caseOf, floats, floatTensors, shapes, shapesOf, type Case, type Slot } from "./case.js";
import type { elementwiseCases } from "./elementwise.js";
import type { windowCases } from "./windows.js";

/** A float operand drawn where nothing is singular. */
export const operand = (kind: Kind, shape: Shape): Slot => ({ kind, shape: kind === "number" ? [] : shape, draw: anything });

/** Indices below n, from either end. */
export const indices = (n: number, shape: Shape): Slot => ({ kind: "int32", shape, draw: (random) => Math.floor(2 * n * random()) - n });

/** Mostly floats; whole tensors too, which carry no derivative. */
export const tensors = fc.constantFrom<Kind>("float64", "float64", "float64", "float32", "float32", "int32");

const tensorOf = (x: Value | undefined): Tensor => x as Tensor;
export const axisOf = (shape: Shape): fc.Arbitrary<number> => fc.integer({ min: -shape.length, max: shape.length - 1 });
const permutation = (n: number): fc.Arbitrary<number[]> => fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n });
export const replaced = (shape: Shape, axis: number, n: number): Shape => shape.map((m, i) => (i === (axis + shape.length) % shape.length ? n : m));
const spliced = (shape: Shape, axis: number, middle: Shape): Shape => {
  const at = axis < 0 ? axis + shape.length : axis;
  return [...shape.slice(0, at), ...middle, ...shape.slice(at + 1)];
};
export const nonEmpty = (minRank: number, maxRank: number): fc.Arbitrary<Shape> => shapesOf(minRank, maxRank).filter((shape) => !shape.includes(0));

/** A range of an axis of length n, as a user may write it. */
const rangeOf = (n: number): fc.Arbitrary<Range> => {
  const bound = fc.option(fc.integer({ min: -n - 1, max: n + 1 }));
  const range = fc.oneof(fc.constant(null), fc.tuple(bound, bound, fc.constantFrom(1, 1, 2, -1, -2)));
  return n === 0 ? range : fc.oneof(range, fc.integer({ min: -n, max: n - 1 }));
};

/** A reduction over all axes, one, or several, keeping them or not. */
export const reduction = (f: (x: Tensor, options: ReduceOptions) => Value, draw = anything, shapeList = shapes, clearance?: (x: Value | undefined) => Value): Case[] => [
  caseOf(
    "",
    fc.tuple(tensors, shapeList).chain(([kind, shape]) =>
      fc.tuple(fc.option(fc.subarray([...shape.keys()]), { nil: undefined }), fc.boolean()).map(([axis, keepDims]) => ({
        slots: [{ ...operand(kind, shape), draw }],
        call: (x) => f(tensorOf(x), { axis, keepDims }),
        clearance,
      })),
    ),
  ),
];

/** Elements on a grid, some equal to others: where ties matter. The step is large beside the differences that a law takes. */
const grid = (step: number, count: number): Slot["draw"] => (random) => step * (Math.floor(count * random()) - count / 2);

/** A row-wise choice is smooth where no other element is near the chosen one. */
export const apart = (x: Value | undefined): Value => {
  const t = tensorOf(x);
  const flat = p.reshape(t, [t.size]);
  return p.add(p.abs(p.sub(p.reshape(flat, [t.size, 1]), p.reshape(flat, [1, t.size]))), eye(t.size));
};

/** Reductions to an extreme element: never of nothing, smooth only where the elements are apart. */
const extreme = (f: (x: Tensor, options: ReduceOptions) => Value): Case[] => [
  ...reduction(f, anything, nonEmpty(0, 3), apart),
  ...reduction(f, grid(0.5, 4), nonEmpty(0, 3), apart),
  caseOf("of an empty result", fc.constantFrom(0, -1).map((axis) => ({ slots: [operand("float64", [2, 0, 3])], call: (x: Value | undefined) => f(tensorOf(x), { axis }) }))),
  caseOf("whole", fc.tuple(fc.constantFrom<Kind>("int32", "bool", "float64"), nonEmpty(1, 3)).map(([kind, shape]) => ({ slots: [operand(kind, shape)], clearance: apart, call: (x: Value | undefined) => f(tensorOf(x), { axis: 0 }) }))),
  caseOf("a number", fc.constant({ slots: [operand("number", [])], call: (x: Value | undefined) => f(tensorOf(x), {}) })),
];

/** Positions of extreme elements, along an axis or among all. */
const position = (f: (x: Tensor, options: { axis?: number | undefined; keepDims: boolean }) => Value): Case[] => [
  caseOf("", fc.tuple(fc.constantFrom<Kind>("float64", "float32", "int32", "bool"), nonEmpty(1, 3)).chain(([kind, shape]) =>
    fc.tuple(fc.option(axisOf(shape), { nil: undefined }), fc.boolean()).map(([axis, keepDims]) => ({
      slots: [{ ...operand(kind, shape), draw: grid(0.5, 4) }],
      call: (x) => f(tensorOf(x), { axis, keepDims }),
    })),
  )),
];

/** Truth of all or any. */
const truth = (f: (x: Tensor, options: ReduceOptions) => Value): Case[] => [
  caseOf("", fc.tuple(fc.constantFrom<Kind>("float64", "float32", "int32", "bool"), shapes).chain(([kind, shape]) =>
    fc.tuple(fc.option(fc.subarray([...shape.keys()]), { nil: undefined }), fc.boolean()).map(([axis, keepDims]) => ({
      slots: [{ ...operand(kind, shape), draw: grid(0.5, 2) }],
      call: (x) => f(tensorOf(x), { axis, keepDims }),
    })),
  )),
  caseOf("a number", fc.constant({ slots: [operand("number", [])], call: (x: Value | undefined) => f(tensorOf(x), {}) })),
];

/** A matrix that is far from singular, triangles and symmetric part too: its diagonal dominates. */
const matrix = (kind: Kind, batch: Shape, n: number): Slot => {
  let at = 0;
  return { kind, shape: [...batch, n, n], draw: (random) => (at++ % (n * n)) % (n + 1) === 0 ? 3 + random() : 2 * random() - 1 };
};

/** A matrix whose singular values, and those of its symmetric part, are apart. */
export const graded = (kind: Kind, batch: Shape, m: number, n: number, singular = false): Slot => {
  let at = 0;
  return { kind, shape: [...batch, m, n], draw: (random) => {
    const [i, j] = [Math.floor((at % (m * n)) / n), at++ % n];
    if (singular && i === m - 1) return 0;
    return i === j ? 2 + 2 * i + 0.5 * random() : 0.6 * random() - 0.3;
  } };
};

/** Square matrices, in batches. */
const squares = (f: (a: Value) => Value | readonly Value[], largest = 4): Case[] => [
  caseOf("", fc.tuple(shapesOf(0, 2), fc.integer({ min: 0, max: largest }), floatTensors).map(([batch, n, kind]) => ({ slots: [graded(kind, batch, n, n)], call: (a) => f(a!) }))),
];

/** A matrix with one or several right-hand sides, or a vector; batches that broadcast. */
const system = (f: (a: Value, b: Value, pick: number) => Value): Case[] => [
  caseOf("matrices", fc.tuple(broadcasting(2), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2 }), floatTensors, floatTensors, fc.nat(7)).map(([[a, b], n, k, kindA, kindB, pick]) => ({
    slots: [matrix(kindA, a!, n), operand(kindB, [...b!, n, k])],
    call: (x, y) => f(x!, y!, pick),
  }))),
  caseOf("a vector", fc.tuple(shapesOf(0, 2), fc.integer({ min: 1, max: 5 }), fc.nat(7)).map(([batch, n, pick]) => ({
    slots: [matrix("float64", batch, n), operand("float64", [n])],
    call: (x, y) => f(x!, y!, pick),
  }))),
];

/** The shapes of two matrices, or vectors, with batches that broadcast. */
const product = fc.tuple(broadcasting(2), fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 3 })), fc.boolean(), fc.boolean());

export const structureCases: Readonly<Record<Exclude<CorePrimitiveName, keyof typeof elementwiseCases | keyof typeof windowCases>, readonly Case[]>> = {
  all: truth((x, options) => p.all(x, options)),
  any: truth((x, options) => p.any(x, options)),
  argmax: position((x, options) => p.argmax(x, options)),
  argmin: position((x, options) => p.argmin(x, options)),
  argsort: [
    caseOf("", fc.tuple(fc.constantFrom<Kind>("float64", "float32", "int32", "bool"), shapesOf(1, 3), fc.boolean()).chain(([kind, shape, descending]) =>
      axisOf(shape).map((axis) => ({
        slots: [{ ...operand(kind, shape), draw: grid(0.5, 4), edges: [NaN, -0, Infinity] }],
        call: (x) => p.argsort(x!, { axis, descending }),
      })),
    )),
  ],
  broadcastTo: [
    caseOf("", fc.tuple(floats, broadcasting(1), shapes).chain(([kind, [small]]) =>
      broadcastFrom(kind === "number" ? [] : small!).map((shape) => ({ slots: [operand(kind, small!)], call: (x) => p.broadcastTo(x!, shape) })),
    )),
  ],
  cast: [
    caseOf("", fc.tuple(fc.constantFrom<Kind>("float64", "float32", "number", "int32", "bool"), fc.constantFrom<DType>("float64", "float32", "int32", "bool"), shapes).map(([kind, to, shape]) => ({
      slots: [{ ...operand(kind, shape), draw: between(-3, 3, [-3, -2, -1, 0, 1, 2, 3]) }],
      call: (x) => p.cast(x!, to),
    }))),
    caseOf("to a number", fc.constantFrom<Kind>("float64", "float32", "number").map((kind) => ({ slots: [operand(kind, [])], call: (x) => p.cast(x!, "number") }))),
  ],
  cholesky: [
    caseOf("", fc.tuple(shapesOf(0, 2), fc.integer({ min: 0, max: 5 }), floatTensors).map(([batch, n, kind]) => ({ slots: [matrix(kind, batch, n)], call: (a) => p.cholesky(a!) }))),
  ],
  cofactor: [
    ...squares((a) => p.cofactor(a)),
    caseOf("of singular matrices", fc.tuple(shapesOf(0, 1), fc.integer({ min: 2, max: 3 })).map(([batch, n]) => ({
      slots: [graded("float64", batch, n, n, true)],
      call: (a) => p.cofactor(a!),
      // Of the inverse, by which it is computed as soon as a step h of differences leads away from singular: it grows as 1/h.
      condition: 1024,
      nearby: 2 ** 14,
    }))),
  ],
  concat: [
    caseOf("", shapesOf(1, 4).chain((shape) =>
      fc.tuple(axisOf(shape), fc.array(fc.tuple(tensors, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 3 })).map(([axis, parts]) => ({
        slots: parts.map(([kind, n]) => operand(kind, replaced(shape, axis, n))),
        call: (...xs) => p.concat(xs, { axis }),
      })),
    )),
  ],
  cumsum: [
    caseOf("", fc.tuple(tensors, shapesOf(1, 4), fc.boolean()).chain(([kind, shape, reverse]) =>
      fc.option(axisOf(shape), { nil: undefined }).map((axis) => ({ slots: [operand(kind, shape)], call: (x) => p.cumsum(x!, { axis, reverse }) })),
    )),
    caseOf("whole", fc.constantFrom<Kind>("int32", "bool", "number").map((kind) => ({ slots: [operand(kind, [3])], call: (x) => p.cumsum(x!) }))),
  ],
  det: [
    ...squares((a) => p.det(a)),
    caseOf("of singular matrices", fc.tuple(shapesOf(0, 1), fc.integer({ min: 2, max: 4 })).map(([batch, n]) => ({
      slots: [graded("float64", batch, n, n, true)],
      call: (a) => p.det(a!),
    }))),
  ],
  eigh: squares((a) => p.eigh(a)),
  gather: [
    caseOf("", nonEmpty(1, 3).chain((shape) =>
      fc.tuple(tensors, axisOf(shape), shapesOf(0, 2)).map(([kind, axis, at]) => ({
        slots: [operand(kind, shape), indices(shape.at(axis)!, at)],
        call: (x, i) => p.gather(x!, i!, { axis }),
      })),
    )),
  ],
  matmul: [
    caseOf("matrices", fc.tuple(product, tensors, tensors).map(([[[a, b], [m, k, n], transposeA, transposeB], kindA, kindB]) => ({
      slots: [operand(kindA, [...a!, ...(transposeA ? [k, m] : [m, k])]), operand(kindB, [...b!, ...(transposeB ? [n, k] : [k, n])])],
      call: (x, y) => p.matmul(x!, y!, { transposeA, transposeB }),
    }))),
    caseOf("vectors", fc.tuple(shapesOf(1, 2), fc.integer({ min: 1, max: 3 }), fc.boolean()).map(([shape, n, left]) => ({
      slots: left ? [operand("float64", [shape[0]!]), operand("float64", [...shape, n].slice(0, shape.length))] : [operand("float64", shape), operand("float64", [shape.at(-1)!])],
      call: (x, y) => p.matmul(x!, y!),
    }))),
  ],
  max: extreme((x, options) => p.max(x, options)),
  min: extreme((x, options) => p.min(x, options)),
  prod: [
    ...reduction((x, options) => p.prod(x, options)),
    ...reduction((x, options) => p.prod(x, options), grid(1, 3)),
    caseOf("whole", fc.constantFrom<Kind>("int32", "bool", "number").map((kind) => ({ slots: [operand(kind, [3])], call: (x) => p.prod(tensorOf(x)) }))),
  ],
  qr: [
    caseOf("", fc.tuple(shapesOf(0, 2), fc.integer({ min: 0, max: 3 }), fc.nat(2), floatTensors).map(([batch, n, more, kind]) => ({
      slots: [graded(kind, batch, n + more, n)],
      call: (a) => p.qr(a!),
    }))),
  ],
  reshape: [
    caseOf("", fc.tuple(floats, shapes).chain(([kind, shape]) =>
      permutation(kind === "number" ? 0 : shape.length).map((order) => ({ slots: [operand(kind, shape)], call: (x) => p.reshape(x!, [1, ...order.map((i) => shape[i]!)]) })),
    )),
  ],
  scatterAdd: [
    caseOf("", nonEmpty(1, 3).chain((shape) =>
      fc.tuple(tensors, tensors, axisOf(shape), shapesOf(0, 2)).map(([kind, added, axis, at]) => ({
        slots: [operand(kind, shape), indices(shape.at(axis)!, at), operand(added, spliced(shape, axis, at))],
        call: (x, i, u) => p.scatterAdd(x!, i!, u!, { axis }),
      })),
    )),
  ],
  searchsorted: [
    caseOf("", fc.tuple(floatTensors, floatTensors, shapes, fc.nat(6), fc.constantFrom<"left" | "right">("left", "right")).map(([kindA, kindB, shape, n, side]) => ({
      slots: [{ ...operand(kindA, [n]), draw: grid(0.5, 4) }, { ...operand(kindB, shape), draw: grid(0.5, 6), edges: [NaN, -Infinity] }],
      call: (edges, x) => p.searchsorted(p.cumsum(p.abs(edges!)), x!, { side }),
    }))),
  ],
  slice: [
    caseOf("", shapesOf(1, 4).chain((shape) =>
      fc.tuple(tensors, fc.tuple(...shape.map(rangeOf)), fc.nat(shape.length)).map(([kind, ranges, keep]) => ({
        slots: [operand(kind, shape)],
        call: (x) => p.slice(x!, ...ranges.slice(0, keep)),
      })),
    )),
  ],
  slogdet: squares((a) => p.slogdet(a)),
  solve: system((a, b, pick) => p.solve(a, b, { transposeA: pick % 2 === 1 })),
  stopGradient: [caseOf("", fc.tuple(floats, shapes).map(([kind, shape]) => ({ slots: [operand(kind, shape)], call: (x) => p.stopGradient(x!) })))],
  sum: reduction((x, options) => p.sum(x, options)),
  svd: [
    caseOf("", fc.tuple(shapesOf(0, 2), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 4 }), floatTensors).map(([batch, m, n, kind]) => ({
      slots: [graded(kind, batch, m, n)],
      call: (a) => p.svd(a!),
    }))),
  ],
  topK: [
    caseOf("", shapesOf(1, 3).chain((shape) =>
      axisOf(shape).chain((axis) =>
        fc.tuple(tensors, fc.nat(shape.at(axis)!)).map(([kind, k]) => ({ slots: [operand(kind, shape)], clearance: apart, call: (x: Value | undefined) => p.topK(x!, k, { axis }) })),
      ),
    )),
  ],
  transpose: [
    caseOf("", fc.tuple(tensors, shapesOf(2, 4)).chain(([kind, shape]) =>
      fc.option(permutation(shape.length), { nil: undefined }).map((perm) => ({ slots: [operand(kind, shape)], call: (x) => p.transpose(x!, perm) })),
    )),
  ],
  triangularSolve: system((a, b, pick) => p.triangularSolve(a, b, { lower: pick % 2 === 0, transposeA: pick % 4 > 1, unitDiagonal: pick > 3 })),
  unslice: [
    caseOf("", shapesOf(1, 3).chain((shape) =>
      fc.tuple(tensors, fc.tuple(...shape.map(() => fc.tuple(fc.nat(2), fc.constantFrom(1, 2, -1), fc.nat(2))))).map(([kind, at]) => ({
        slots: [operand(kind, shape)],
        call: (x) => {
          const reach = shape.map((n, i) => Math.max(n - 1, 0) * Math.abs(at[i]![1]));
          return p.unslice(
            tensorOf(x),
            shape.map((_, i) => at[i]![0] + reach[i]! + 1 + at[i]![2]),
            at.map(([start, step], i) => ({ start: step < 0 ? start + reach[i]! : start, step })),
          );
        },
      })),
    )),
  ],
};

/** Shapes that `from` broadcasts to. */
function broadcastFrom(from: Shape): fc.Arbitrary<Shape> {
  return fc
    .tuple(shapesOf(0, Math.max(0, 3 - from.length)), fc.tuple(...from.map((n) => (n === 1 ? fc.integer({ min: 1, max: 3 }) : fc.constant(n)))))
    .map(([lead, rest]) => [...lead, ...rest]);
}
