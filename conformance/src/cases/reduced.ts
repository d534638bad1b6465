import fc from "fast-check";
import * as p from "@polyad/core/extend";
import type { ReduceOptions, Shape, Tensor, Value } from "@polyad/core/extend";
import { anything, between, caseOf, floatTensors, shapes, shapesOf, type Case, type Slot } from "./case.js";
import { apart, axisOf, nonEmpty, operand, reduction, tensors } from "./structure.js";

/** A function of a tensor along one axis. */
const along = (f: (x: Value, options: { axis: number }) => Value, shapeList = nonEmpty(1, 3)): Case[] => [
  caseOf("", fc.tuple(tensors, shapeList).chain(([kind, shape]) => axisOf(shape).map((axis) => ({ slots: [operand(kind, shape)], call: (x) => f(x!, { axis }) })))),
];

/** Far from 0, where a norm bends. */
const awayFromZero = between(-2, 2, [-0.3, -0.15, 0, 0.15, 0.3]);

const count = (shape: Shape, axis: readonly number[] | undefined): number => shape.filter((_, i) => axis === undefined || axis.includes(i)).reduce((a, b) => a * b, 1);

/** The spread along some axes, with a correction where there are elements enough; where it is nearly 0, its root bends. */
const spread = (f: (x: Value, options: ReduceOptions & { correction: number }) => Value): Case[] => [
  caseOf("", fc.tuple(floatTensors, nonEmpty(0, 3)).chain(([kind, shape]) =>
    fc.tuple(fc.option(fc.subarray([...shape.keys()]), { nil: undefined }), fc.boolean(), fc.boolean()).map(([axis, keepDims, corrected]) => {
      const single = count(shape, axis) < 2;
      const call = (x: Value): Value => f(x, { axis, keepDims, correction: corrected && !single ? 1 : 0 });
      return { slots: [operand(kind, shape)], call, clearance: (x: Value | undefined): Value => (single ? 1 : p.square(call(x!))) };
    }),
  )),
];

const lengths = fc.integer({ min: 1, max: 3 });
const vectorOrMatrix = fc.tuple(lengths, lengths, lengths, fc.nat(4)).map(([m, k, n, form]): [Shape, Shape] => (form === 4 ? [[], [m, n]] : [form % 2 === 0 ? [k] : [m, k], form < 2 ? [k] : [k, n]]));

/** Composites that gather many elements into one, and what follows from these. */
export const reducedCases = {
  cumprod: [
    ...along((x, options) => p.cumprod(x, options), shapesOf(1, 4)),
    caseOf("from the end, with zeros", fc.tuple(floatTensors, shapesOf(1, 3)).map(([kind, shape]): { slots: Slot[]; call: (x: Value) => Value } => ({
      slots: [{ ...operand(kind, shape), edges: [0, 0] }],
      call: (x) => p.cumprod(x, { reverse: true }),
    }))),
  ],
  dot: [caseOf("", fc.tuple(vectorOrMatrix, tensors, tensors).map(([[a, b], kindA, kindB]) => ({ slots: [operand(kindA, a), operand(kindB, b)], call: (x, y) => p.dot(x!, y!) })))],
  logSigmoid: [
    caseOf("", fc.tuple(fc.constantFrom<Slot["kind"]>("float64", "float32", "number"), shapes).map(([kind, shape]): { slots: Slot[]; call: (x: Value) => Value } => ({
      slots: [{ ...operand(kind, shape), edges: [0, -0, 20, -20] }],
      call: (x) => p.logSigmoid(x),
    }))),
  ],
  logSoftmax: along((x, options) => p.logSoftmax(x, options)),
  logsumexp: reduction((x, options) => p.logsumexp(x, options), anything, nonEmpty(0, 3)),
  mean: reduction((x, options) => p.mean(x, options), anything, nonEmpty(0, 3)),
  norm: [
    ...([1, 2] as const).flatMap((ord) => reduction((x, options) => p.norm(x, { ...options, ord }), awayFromZero)),
    ...reduction((x, options) => p.norm(x, { ...options, ord: Infinity }), awayFromZero, nonEmpty(0, 2), (x) => apart(p.abs(x as Tensor))),
  ],
  softmax: along((x, options) => p.softmax(x, options)),
  std: spread((x, options) => p.std(x, options)),
  variance: spread((x, options) => p.variance(x, options)),
} satisfies Readonly<Record<string, readonly Case[]>>;
