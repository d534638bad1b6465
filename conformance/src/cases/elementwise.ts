import fc from "fast-check";
import type { BinaryOp, CorePrimitiveName, Kind, TernaryOp, UnaryOp, Value } from "@polyad/core/extend";
import * as p from "@polyad/core/extend";
import { anything, between, broadcasting, caseOf, shapes, type Case, type Draw, type Slot } from "./case.js";

/** Where an operand of an elementwise function is drawn from. */
interface Domain {
  readonly draw: Draw;
  readonly edges?: readonly number[];
  readonly integers?: readonly number[];
  readonly active?: boolean;
}

function on(lo: number, hi: number, { kinks = [], edges = kinks, integers }: { kinks?: readonly number[]; edges?: readonly number[]; integers?: readonly number[] } = {}): Domain {
  return { draw: between(lo, hi, kinks), edges, ...(integers && { integers }) };
}

const line: Domain = on(-3, 3, { edges: [0, -0, 1, -1, 20, -20] });
const kinds = fc.constantFrom<Kind>("float64", "float64", "float64", "number", "number", "float32", "float32", "int32", "bool");

/** A plain number meets an int32 tensor only where it is whole and untraced: kept apart here, tested on its own. */
function compatible(kinds: readonly Kind[]): boolean {
  return !kinds.includes("number") || !(kinds.includes("int32") || kinds.includes("bool"));
}

function elementwise(
  note: string,
  call: (...xs: Value[]) => Value,
  domains: readonly Domain[],
  clearance?: (...xs: Value[]) => Value,
  nearby = 1,
): Case {
  const arity = domains.length;
  const kindLists = fc.array(kinds, { minLength: arity, maxLength: arity }).filter(compatible);
  return caseOf(
    note,
    fc.tuple(arity === 1 ? shapes.map((s) => [s]) : broadcasting(arity), kindLists).map(([shapeList, kindList]) => ({
      slots: domains.map((domain, i): Slot => ({ ...domain, kind: kindList[i]!, shape: kindList[i] === "number" ? [] : shapeList[i]! })),
      call,
      clearance,
      nearby,
    })),
  );
}

const unary = (f: UnaryOp, domain: Domain = line): Case[] => [elementwise("", (x) => f(x!), [domain])];
const binary = (f: BinaryOp, x: Domain = line, y: Domain = line, clearance?: (x: Value, y: Value) => Value): Case[] => [
  elementwise("", (a, b) => f(a!, b!), [x, y], clearance && ((a, b) => clearance(a!, b!))),
];
const ternary = (f: TernaryOp, domains: readonly [Domain, Domain, Domain], clearance?: (x: Value, y: Value, z: Value) => Value): Case[] => [
  elementwise("", (x, y, z) => f(x!, y!, z!), domains, clearance && ((x, y, z) => clearance(x!, y!, z!))),
];

const gap = (x: Value, y: Value): Value => p.abs(p.sub(p.cast(x, "float64"), p.cast(y, "float64")));
const positive = on(0.4, 4, { edges: [1, 20], integers: [1, 2, 3] });
const inside = on(-0.7, 0.7, { edges: [0, -0, 0.99], integers: [0] });
const halves: readonly number[] = [-2.5, -1.5, -0.5, 0, 0.5, 1.5, 2.5];
const integers: readonly number[] = [-3, -2, -1, 0, 1, 2, 3];
const nonzero = on(-3, 3, { kinks: [0, 0.2, -0.2], edges: [1, -1, 20], integers: [-3, -1, 1, 2] });
/** Far enough from the poles, and between those below 0 too. */
const gammaLine: Domain = { draw: (random) => (random() < 0.2 ? 0.5 - Math.ceil(3 * random()) : 0.8 + 3 * random()), edges: [20, 1e6], integers: [1, 2, 3] };
const logical = on(-1, 2, { edges: [0, 0, 1] });
const small = on(-2, 2, { edges: [0, 1] });

export const elementwiseCases = {
  abs: unary(p.abs, on(-3, 3, { kinks: [0] })),
  acos: unary(p.acos, inside),
  acosh: unary(p.acosh, on(1.4, 4, { edges: [1.01, 30], integers: [1, 2, 3] })),
  add: binary(p.add),
  asin: unary(p.asin, inside),
  asinh: unary(p.asinh),
  atan: unary(p.atan),
  atan2: binary(p.atan2, nonzero, nonzero, (y, x) => p.hypot(y, x)),
  atanh: unary(p.atanh, inside),
  ceil: unary(p.ceil, on(-3, 3, { kinks: integers })),
  clamp: ternary(p.clamp, [on(-3, 3, { edges: [-1, 1] }), on(-2, 2, { edges: [-1] }), on(-2, 2, { edges: [1] })], (x, lo, hi) =>
    p.minimum(p.minimum(gap(x, lo), gap(x, hi)), gap(lo, hi)),
  ),
  cos: unary(p.cos),
  cosh: unary(p.cosh),
  digamma: unary(p.digamma, gammaLine),
  div: binary(p.div, line, nonzero),
  equal: binary(p.equal, small, small, gap),
  erf: unary(p.erf),
  erfc: unary(p.erfc),
  exp: unary(p.exp),
  expm1: unary(p.expm1),
  floor: unary(p.floor, on(-3, 3, { kinks: integers })),
  gaussian: unary(p.gaussian),
  greater: binary(p.greater, small, small, gap),
  greaterEqual: binary(p.greaterEqual, small, small, gap),
  hypot: binary(p.hypot, line, line, (x, y) => p.hypot(x, y)),
  less: binary(p.less, small, small, gap),
  lessEqual: binary(p.lessEqual, small, small, gap),
  lgamma: unary(p.lgamma, gammaLine),
  log: unary(p.log, positive),
  log1p: unary(p.log1p, on(-0.6, 4, { edges: [0, 1e-9], integers: [0, 1, 2] })),
  log2: unary(p.log2, positive),
  logaddexp: binary(p.logaddexp),
  logicalAnd: binary(p.logicalAnd, logical, logical, (x, y) => p.minimum(gap(x, 0), gap(y, 0))),
  logicalNot: unary(p.logicalNot, logical),
  logicalOr: binary(p.logicalOr, logical, logical, (x, y) => p.minimum(gap(x, 0), gap(y, 0))),
  logicalXor: binary(p.logicalXor, logical, logical, (x, y) => p.minimum(gap(x, 0), gap(y, 0))),
  maximum: binary(p.maximum, small, small, gap),
  minimum: binary(p.minimum, small, small, gap),
  mod: binary(p.mod, line, nonzero, (x, y) => {
    const q = p.div(x, y);
    return p.div(p.mul(p.abs(p.sub(q, p.round(q))), p.abs(y)), p.add(1, p.abs(q))); // in units of x and y
  }),
  mul: binary(p.mul),
  neg: unary(p.neg),
  notEqual: binary(p.notEqual, small, small, gap),
  // x ψ⁽ⁿ⁺²⁾/ψ⁽ⁿ⁺¹⁾ at x = −2.5 and n = 3: steps grow with x, and poles stay half a unit away.
  polygamma: [elementwise("", (n, x) => p.polygamma(n!, x!), [{ draw: (random) => Math.floor(4 * random()), integers: [0, 1, 2, 3], active: false }, gammaLine], undefined, 25)],
  pow: [
    ...binary(p.pow, on(0.4, 3, { edges: [1], integers: [1, 2, 3] }), on(-2, 3, { edges: [0, 1, 2] })),
    ...binary(p.pow, on(0.4, 3, { edges: [0], integers: [0, 1, 2] }), on(1.2, 3, { edges: [2, 3], integers: [1, 2, 3] })),
    elementwise("a whole power", (x) => p.pow(x!, 3), [line]),
    elementwise("a square", (x) => p.pow(x!, 2), [line]),
    elementwise("a negative power", (x) => p.pow(x!, -2), [nonzero]),
    elementwise("no power", (x) => p.pow(x!, 0), [line]),
    elementwise("a whole power, a tensor", (x) => p.pow(x!, new Int32Array([3])), [line]),
    elementwise("of a number", (y) => p.pow(2.5, y!), [line]),
  ],
  reciprocal: unary(p.reciprocal, nonzero),
  relu: unary(p.relu, on(-3, 3, { kinks: [0] })),
  round: unary(p.round, on(-3, 3, { kinks: halves.filter((x) => x !== 0), edges: halves })),
  rsqrt: unary(p.rsqrt, positive),
  sechSquared: unary(p.sechSquared),
  sigmoid: unary(p.sigmoid),
  sign: unary(p.sign, on(-3, 3, { kinks: [0] })),
  sin: unary(p.sin),
  sinh: unary(p.sinh),
  softplus: unary(p.softplus),
  sqrt: unary(p.sqrt, positive),
  square: unary(p.square),
  sub: binary(p.sub),
  tan: unary(p.tan, on(-1.1, 1.1, { edges: [0, -0, 3] })),
  tanh: unary(p.tanh),
  where: ternary(p.where, [{ draw: (random) => Number(random() < 0.5), active: false }, { ...line, draw: anything }, line]),
} satisfies Partial<Record<CorePrimitiveName, readonly Case[]>>;
