import fc from "fast-check";
import * as p from "@polyad/core/extend";
import type { Kind, Shape, Value } from "@polyad/core/extend";
import { broadcasting, caseOf, floatTensors, shapes, shapesOf, type Case, type Slot } from "./case.js";
import { axisOf, indices, nonEmpty, operand, replaced, tensors } from "./structure.js";
import { kinds, moving, placed, samplesAndChannels } from "./windows.js";

type Call = (x: Value) => Value | readonly Value[];

/** Calls of one tensor, which its shape decides. */
const arranged = (shapeList: fc.Arbitrary<Shape>, calls: (shape: Shape) => fc.Arbitrary<Call>): Case[] => [
  caseOf("", fc.tuple(tensors, shapeList).chain(([kind, shape]) => calls(shape).map((call) => ({ slots: [operand(kind, shape)], call: (x) => call(x!) })))),
];

const offset = fc.integer({ min: -2, max: 2 });
const someAxes = (shape: Shape): fc.Arbitrary<number[] | undefined> => fc.option(fc.subarray([...shape.keys()]), { nil: undefined });
const ofDiagonal = (shapeList: fc.Arbitrary<Shape>, f: (x: Value, options: { offset: number }) => Value): Case[] => arranged(shapeList, () => offset.map((k) => (x) => f(x, { offset: k })));

/** Whether an element is something, which carries no derivative. */
const predicate = (f: (x: Value) => Value): Case[] => [
  caseOf("", fc.tuple(fc.constantFrom<Kind>("float64", "float32", "number", "int32", "bool"), shapes).map(([kind, shape]): { slots: Slot[]; call: Call } => ({
    slots: [{ ...operand(kind, shape), edges: [NaN, Infinity, -Infinity] }],
    call: f,
  }))),
];

/** Composites that put elements in other places, or choose among them. */
export const arrangedCases = {
  diag: ofDiagonal(shapesOf(1, 2), (x, options) => p.diag(x, options)),
  expandDims: arranged(shapesOf(0, 3), (shape) => fc.subarray([...Array(shape.length + 2).keys()], { minLength: 2, maxLength: 2 }).map((axes) => (x) => p.expandDims(x, axes))),
  flip: arranged(shapes, (shape) => someAxes(shape).map((axis) => (x) => p.flip(x, { axis }))),
  isFinite: predicate((x) => p.isFinite(x)),
  isNaN: predicate((x) => p.isNaN(x)),
  matrixTrace: ofDiagonal(shapesOf(2, 4), (x, options) => p.matrixTrace(x, options)),
  meanPool: [
    caseOf("", fc.tuple(placed(false), samplesAndChannels, kinds).map(([window, lead, kind]) => ({
      slots: [operand(kind, [...lead, ...window.image])],
      call: (x) => p.meanPool(x!, window.kernel, moving(window)),
    }))),
  ],
  oneHot: [
    caseOf("as weights", fc.tuple(floatTensors, fc.integer({ min: 1, max: 4 }), shapesOf(0, 2)).map(([kind, n, shape]) => ({
      slots: [indices(n, shape), operand(kind, [...shape, n])],
      call: (i, w) => p.mul(p.oneHot(i!, n), w!),
    }))),
  ],
  outer: [caseOf("", fc.tuple(shapesOf(1, 1), shapesOf(1, 1), tensors, tensors).map(([a, b, kindA, kindB]) => ({ slots: [operand(kindA, a), operand(kindB, b)], call: (x, y) => p.outer(x!, y!) })))],
  pad: [
    caseOf("", shapesOf(0, 3).chain((shape) =>
      fc.tuple(floatTensors, fc.tuple(...shape.map(() => fc.tuple(fc.nat(2), fc.nat(2))))).map(([kind, widths]) => ({
        slots: [operand(kind, shape), operand("number", [])],
        call: (x, value) => p.pad(x!, widths, { value }),
      })),
    )),
  ],
  roll: arranged(shapesOf(1, 4), (shape) => fc.tuple(fc.option(axisOf(shape), { nil: undefined }), fc.integer({ min: -5, max: 5 })).map(([axis, shift]) => (x) => p.roll(x, shift, { axis }))),
  split: arranged(shapesOf(1, 3), (shape) => fc.tuple(axisOf(shape), fc.nat(4)).map(([axis, at]) => {
    const n = shape.at(axis)!;
    return (x) => p.split(x, [Math.min(at, n), n - Math.min(at, n)], { axis });
  })),
  squeeze: arranged(broadcasting(2).map(([shape]) => shape!), (shape) => fc.option(fc.subarray([...shape.keys()].filter((i) => shape[i] === 1)), { nil: undefined }).map((axis) => (x) => p.squeeze(x, { axis }))),
  stack: [
    caseOf("", fc.tuple(shapesOf(0, 3), fc.array(tensors, { minLength: 1, maxLength: 3 })).chain(([shape, kindList]) =>
      fc.integer({ min: -shape.length - 1, max: shape.length }).map((axis) => ({ slots: kindList.map((kind) => operand(kind, shape)), call: (...xs: Value[]) => p.stack(xs, { axis }) })),
    )),
  ],
  takeAlongAxis: [
    caseOf("", nonEmpty(1, 3).chain((shape) =>
      fc.tuple(tensors, axisOf(shape), fc.nat(3)).map(([kind, axis, n]) => ({
        slots: [operand(kind, shape), indices(shape.at(axis)!, replaced(shape, axis, n))],
        call: (x: Value | undefined, i: Value | undefined) => p.takeAlongAxis(x!, i!, axis),
      })),
    )),
  ],
  tile: arranged(shapesOf(0, 3), () => fc.array(fc.nat(3), { maxLength: 3 }).map((reps) => (x) => p.tile(x, reps))),
  tril: ofDiagonal(shapesOf(2, 4), (x, options) => p.tril(x, options)),
  triu: ofDiagonal(shapesOf(2, 4), (x, options) => p.triu(x, options)),
  whereSafe: [
    caseOf("", fc.tuple(broadcasting(3), floatTensors, fc.constantFrom<Kind>("float64", "number")).map(([[a, b, c], kind, kindC]) => ({
      slots: [{ ...operand("bool", a!) }, operand(kind, b!), operand(kindC, c!)],
      call: (cond, x, fallback) => p.whereSafe(cond!, (t) => p.mul(t, p.exp(t)), x!, fallback!),
    }))),
  ],
} satisfies Readonly<Record<string, readonly Case[]>>;
