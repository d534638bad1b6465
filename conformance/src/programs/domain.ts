import * as core from "@polyad/core";
import type { Shape, Value } from "@polyad/core";
import { numbersOf, type CallNode } from "./program.js";

/** Distance that arguments keep from kinks and jumps: more than any step that differences take. */
const margin = 0.02;

/** Where an elementwise function of one operand is smooth, and not too steep. */
export interface Domain {
  readonly from: number;
  readonly to: number;
  /** Distance from the nearest kink, where there are any inside. */
  readonly clear?: (x: number) => number;
}

const on = (from: number, to: number, clear?: (x: number) => number): Domain => ({ from, to, ...(clear && { clear }) });
const line = on(-30, 30);
const jump = (at: number): Domain => on(-30, 30, (x) => Math.abs(x - at - Math.round(x - at)));

/**
 * Functions of one operand, and where programs use them. Names that core does not have (yet) are passed over, so that an
 * op joins the programs when it joins core.
 */
export const domains: Readonly<Record<string, Domain>> = {
  sin: line, cos: line, tanh: line, sigmoid: line, softplus: line, asinh: line, atan: line, square: on(-8, 8), neg: line, logSigmoid: line,
  sechSquared: line, gaussian: on(-4, 4), erf: line, erfc: on(-3, 3), silu: line, gelu: line, elu: on(-30, 30, Math.abs), selu: on(-30, 30, Math.abs), mish: line,
  exp: on(-5, 3), expm1: on(-5, 3), sinh: on(-3, 3), cosh: on(-3, 3),
  relu: on(-30, 30, Math.abs), abs: on(-30, 30, Math.abs), sign: on(-30, 30, Math.abs),
  floor: jump(0), ceil: jump(0), round: jump(0.5),
  sqrt: on(0.2, 100), rsqrt: on(0.2, 100), log: on(0.2, 100), log2: on(0.2, 100), log10: on(0.2, 100), log1p: on(-0.7, 100),
  lgamma: on(0.4, 6), digamma: on(0.4, 6),
  reciprocal: on(0.25, 100), acos: on(-0.8, 0.8), asin: on(-0.8, 0.8), atanh: on(-0.8, 0.8), acosh: on(1.3, 100), tan: on(-1.1, 1.1),
  stopGradient: line,
};

type Inputs = readonly Value[];
const every = (x: Value, test: (x: number) => boolean): boolean => numbersOf(x).every(test);
const least = (x: Value, bound: number): boolean => every(x, (v) => v >= bound);
const gap = ([x, y]: Inputs): boolean => least(core.abs(core.sub(x!, y!)), margin);
const shape = (x: Value): Shape => (typeof x === "number" ? [] : x.shape);

/** Conditions on the operands of other ops: each keeps a distance from where the op has a kink or grows without bound. */
const conditions: Readonly<Record<string, (inputs: Inputs, node: CallNode) => boolean>> = {
  div: ([, y]) => every(y!, (v) => Math.abs(v) >= 0.25),
  atan2: ([y, x]) => least(core.hypot(x!, y!), 0.25) && every(core.atan2(y!, x!), (a) => Math.abs(Math.abs(a) - Math.PI) > 0.1),
  hypot: ([x, y]) => least(core.hypot(x!, y!), 0.25),
  pow: ([x, y]) => (y === undefined ? every(x!, (v) => Math.abs(v) < 6) : every(x!, (v) => v >= 0.2 && v <= 6) && every(y!, (v) => Math.abs(v) <= 3)),
  mod: ([x, y]) => every(y!, (v) => Math.abs(v) >= 0.25) && isBetweenMultiples(x!, y!),
  logaddexp: (xs) => xs.every((x) => every(x, (v) => Math.abs(v) < 30)),
  maximum: gap, minimum: gap, equal: gap, notEqual: gap, less: gap, lessEqual: gap, greater: gap, greaterEqual: gap,
  clamp: ([x, lo, hi]) => gap([x!, lo!]) && gap([x!, hi!]) && gap([lo!, hi!]),
  max: ([x], { rest }) => alone(x!, rest, core.max),
  min: ([x], { rest }) => alone(x!, rest, core.min),
  argmax: ([x], { rest }) => alone(x!, rest, core.max),
  argmin: ([x], { rest }) => alone(x!, rest, core.min),
  topK: ([x]) => apart(x!),
  maxPool: ([x]) => apart(x!), poolAtMax: ([x]) => apart(x!), unpoolAtMax: ([x]) => apart(x!),
  sort: ([x]) => apart(x!), argsort: ([x]) => apart(x!), median: ([x]) => apart(x!), quantile: ([x]) => apart(x!),
  solve: ([a]) => dominant(a!),
  inv: ([a]) => dominant(a!), logdet: ([a]) => dominant(a!), slogdet: ([a]) => dominant(a!), det: ([a]) => dominant(a!), cofactor: ([a]) => dominant(a!),
  lstsq: ([a]) => fullRank(a!), qr: ([a]) => fullRank(a!),
  eigh: ([a], { pick }) => dominant(a!) && distinct(core.eigh(a!), pick),
  svd: ([a], { pick }) => fullRank(a!) && distinctSvd(a!, pick !== 1),
  svdvals: ([a]) => fullRank(a!) && distinctSvd(a!, false),
  norm: ([x], { rest }) => rooted(rest, (options) => core.norm(x!, { ...options, ord: 2 })) && (ordOf(rest) !== 1 || least(core.abs(x!), margin)),
  std: ([x], { rest }) => rooted(rest, (options) => core.variance(x!, options)),
  softmax: ([x]) => every(x!, (v) => Math.abs(v) < 30), logSoftmax: ([x]) => every(x!, (v) => Math.abs(v) < 30),
  searchsorted: ([edges, x]) => gap([core.expandDims(x as core.Tensor, -1), edges!]),
  polygamma: ([x]) => every(x!, (v) => v >= 0.4 && v <= 6),
  triangularSolve: ([a], { rest }) => (rest[0] as { unitDiagonal?: boolean }).unitDiagonal === true || dominant(a!),
  cholesky: ([a]) => dominant(a!),
};

/** Whether a call stays where its op is smooth and its condition moderate. */
export function inDomain(node: CallNode, inputs: Inputs): boolean {
  const domain = domains[node.op];
  if (domain !== undefined) return inputs.every((x) => every(x, (v) => fits(domain, v)));
  return conditions[node.op]?.(inputs, node) ?? true;
}

export function fits({ from, to, clear }: Domain, x: number): boolean {
  return x >= from && x <= to && (clear === undefined || clear(x) > margin);
}

/** x / y keeps away from whole numbers, in units of x and y. */
function isBetweenMultiples(x: Value, y: Value): boolean {
  const q = core.div(x, y);
  const distance = core.mul(core.abs(core.sub(q, core.round(q))), core.abs(y));
  return least(core.div(distance, core.add(1, core.abs(q))), margin);
}

/** No element but one comes near the extreme one. */
function alone(x: Value, rest: CallNode["rest"], extreme: typeof core.max): boolean {
  if (typeof x === "number") return true;
  const { axis } = (rest[0] ?? {}) as { axis?: number | number[] };
  const near = core.lessEqual(core.abs(core.sub(x, extreme(x, { axis, keepDims: true }))), margin);
  return every(core.sum(core.cast(near, "float64"), { axis }), (count) => count === 1);
}

interface Axes {
  readonly axis?: number | number[];
  readonly keepDims?: boolean;
}

/** What is under a root keeps away from 0. */
function rooted(rest: CallNode["rest"], f: (options: Axes) => Value): boolean {
  return least(f((rest[0] ?? {}) as Axes), 0.25);
}

function ordOf(rest: CallNode["rest"]): number | undefined {
  return ((rest[0] ?? {}) as { ord?: number }).ord;
}

function fullRank(a: Value): boolean {
  const tensor = a as core.Tensor;
  return tensor.shape.at(-2)! >= tensor.shape.at(-1)! && every(core.sum(core.square(a), { axis: -2 }), (v) => v > 0.3) && every(core.det(core.matmul(a, a, { transposeA: true })), (v) => v > 0.2);
}

/** Eigenvalues keep apart; so do the two largest elements of a vector, which decide its sign. */
function distinct([values, vectors]: readonly [core.Tensor, core.Tensor], pick: number | undefined): boolean {
  return rowsApart(values) && (pick === 0 || rowsApart(core.abs(core.transpose(core.reshape(vectors, [-1, ...vectors.shape.slice(-2)]), [0, 2, 1]))));
}

function distinctSvd(a: Value, vectors: boolean): boolean {
  const [, s, vt] = core.svd(a);
  return rowsApart(s) && (!vectors || rowsApart(core.abs(vt)));
}

/** The elements of each row differ. */
function rowsApart(x: core.Tensor): boolean {
  const n = x.shape.at(-1)!;
  const data = numbersOf(x);
  for (let row = 0; row < data.length; row += n) {
    const sorted = data.slice(row, row + n).sort((a, b) => a - b);
    if (sorted.some((v, i) => i > 0 && v - sorted[i - 1]! < 0.1)) return false;
  }
  return true;
}

/** All elements differ. */
function apart(x: Value): boolean {
  const sorted = [...numbersOf(x)].sort((a, b) => a - b);
  return sorted.every((v, i) => i === 0 || v - sorted[i - 1]! > margin);
}

/** Rows are led by their diagonals: far from singular, each triangle too. */
function dominant(a: Value): boolean {
  const n = shape(a).at(-1)!;
  const data = numbersOf(a);
  for (let row = 0; row * n < data.length; row++) {
    const entries = data.slice(row * n, (row + 1) * n);
    const diagonal = entries[row % n]!;
    const others = entries.reduce((total, v) => total + Math.abs(v), 0) - Math.abs(diagonal);
    const column = row - (row % n);
    let below = 0;
    for (let i = 0; i < n; i++) if (i !== row % n) below += Math.abs(data[(column + i) * n + (row % n)]!);
    if (diagonal < 0.4 + Math.max(others, below) * 0.99) return false;
  }
  return true;
}
