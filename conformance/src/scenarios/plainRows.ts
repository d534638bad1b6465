import * as p from "@polyad/core/extend";
import type { Call, Row } from "./kinks.js";

const at = (f: unknown): Call => f as Call;
const truth = (f: unknown, ...rows: readonly (readonly [x: number, y: number, value: number])[]): [Call, Row[]] => [at(f), rows.map(([x, y, value]) => [[x, y], value, 0, 0])];

/** Elementwise functions where they neither bend nor end: ordinary points, zero, large arguments. */
export const plainRows: Readonly<Record<string, readonly [Call, readonly Row[]]>> = {
  add: [at(p.add), [[[2, 3], 5, 1, 1], [[0, -0], 0, 1, 1], [[1e16, 1], 1e16, 1, 1], [[Infinity, 1], Infinity, 1, 1]]],
  sub: [at(p.sub), [[[2, 3], -1, 1, -1], [[0, 0], 0, 1, -1], [[1e16, 1], 1e16, 1, -1]]],
  mul: [at(p.mul), [[[2, 3], 6, 3, 2], [[0, 3], 0, 3, 0], [[0, 0], 0, 0, 0], [[1e200, 1e100], 1e300, 1e100, 1e200]]],
  neg: [at(p.neg), [[[2], -2, -1], [[0], -0, -1], [[1e300], -1e300, -1]]],
  div: [at(p.div), [[[3, 2], 1.5, 0.5, -0.75], [[0, 2], 0, 0.5, 0], [[1e200, 1e100], 1e100, 1e-100, -1]]],
  ceil: [at(p.ceil), [[[1.5], 2, 0], [[0], 0, 0], [[1e300], 1e300, 0]]],
  floor: [at(p.floor), [[[1.5], 1, 0], [[0], 0, 0], [[1e300], 1e300, 0]]],
  round: [at(p.round), [[[1.25], 1, 0], [[0], 0, 0], [[1e300], 1e300, 0]]],
  minimum: [at(p.minimum), [[[0, 2], 0, 1, 0], [[0, -2], -2, 0, 1], [[1e300, 1], 1, 0, 1]]],
  clamp: [at(p.clamp), [[[2, 1, 3], 2, 1, 0, 0], [[1e300, 1, 3], 3, 0, 0, 1]]],
  logaddexp: [at(p.logaddexp), [[[1, 1], 1 + Math.LN2, 0.5, 0.5], [[Math.log(3), Math.log(5)], Math.log(8), 0.375, 0.625]]],
  stopGradient: [at(p.stopGradient), [[[2], 2, 0], [[0], 0, 0], [[1e300], 1e300, 0]]],
  equal: truth(p.equal, [1, 1, 1], [1, 2, 0], [0, -0, 1], [NaN, NaN, 0], [1e300, 1e300, 1]),
  notEqual: truth(p.notEqual, [1, 1, 0], [1, 2, 1], [0, -0, 0], [NaN, NaN, 1], [1e300, 1e300, 0]),
  less: truth(p.less, [1, 2, 1], [2, 2, 0], [-0, 0, 0], [NaN, 1, 0], [1, 1e300, 1]),
  lessEqual: truth(p.lessEqual, [1, 2, 1], [2, 2, 1], [0, -0, 1], [NaN, 1, 0], [1, 1e300, 1]),
  greater: truth(p.greater, [2, 1, 1], [2, 2, 0], [0, -0, 0], [1, NaN, 0], [1e300, 1, 1]),
  greaterEqual: truth(p.greaterEqual, [2, 1, 1], [2, 2, 1], [-0, 0, 1], [1, NaN, 0], [1e300, 1, 1]),
  logicalAnd: truth(p.logicalAnd, [1, 2, 1], [0, 2, 0], [0, 0, 0], [1e300, -1, 1]),
  logicalOr: truth(p.logicalOr, [1, 2, 1], [0, 2, 1], [0, -0, 0], [1e300, 0, 1]),
  logicalXor: truth(p.logicalXor, [1, 2, 0], [0, 2, 1], [0, 0, 0], [1e300, 0, 1]),
  logicalNot: [at(p.logicalNot), [[[2], 0, 0], [[0], 1, 0], [[-0], 1, 0], [[1e300], 0, 0]]],
};
