import { Unsuitable, scalar, type Builder } from "./builder.js";
import { domains, type Domain } from "./domain.js";
import { functions } from "./evaluate.js";
import { kindOf, shapeOf, sizeOf, type Attribute } from "./program.js";
import { elements, together } from "./shapes.js";

/** One way to extend a program by an op. */
export interface Family {
  readonly weight: number;
  readonly add: (b: Builder) => unknown;
}

/** Ops among the names that core has. */
const existing = (names: readonly string[]): string[] => names.filter((name) => name in functions);
const unaries = existing(Object.keys(domains).filter((name) => name !== "stopGradient"));
const binaries = existing(["add", "sub", "mul", "mul", "div", "atan2", "hypot", "maximum", "minimum", "pow", "logaddexp", "mod"]);
const comparisons = ["less", "lessEqual", "greater", "greaterEqual", "equal", "notEqual"];
const reductions = existing(["sum", "sum", "max", "min", "prod", "mean", "logsumexp"]);

const nonzero: Domain = { from: 0.3, to: 30 };
const positive: Domain = { from: 0.3, to: 6 };
const exponent: Domain = { from: -2, to: 2 };

const tensorLike = (b: Builder, minRank = 1): number => b.pick((x) => typeof x !== "number" && x.ndim >= minRank && x.size > 0);
const axisOf = (b: Builder, rank: number): number => b.integer(-rank, rank - 1);
const shuffled = (b: Builder, n: number): number[] => {
  const order = [...Array(n).keys()];
  for (let i = n - 1; i > 0; i--) {
    const j = b.integer(0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
};

/** An operand that broadcasts against x: an earlier value, or a new one with some of x's axes. */
export function partner(b: Builder, x: number): number {
  const shape = b.shape(x);
  if (b.chance(0.7)) {
    try {
      return b.pick((y, i) => i !== x && fitsInto(shape, shapeOf(y)));
    } catch (error) {
      if (!(error instanceof Unsuitable)) throw error;
    }
  }
  const kept = shape.slice(b.integer(0, shape.length)).map((n) => (b.chance(0.2) ? 1 : n));
  return b.fresh(kept);
}

function fitsInto(a: readonly number[], c: readonly number[]): boolean {
  const shape = together(a, c);
  return shape !== null && elements(shape) <= 36 && shape.length <= 4;
}

/** Axes of a reduction: all, one or several, kept or not. */
function reduceOptions(b: Builder, rank: number): Attribute {
  const keepDims = b.chance(0.3);
  if (rank === 0 || b.chance(0.3)) return { keepDims };
  if (b.chance(0.6)) return { axis: axisOf(b, rank), keepDims };
  return { axis: shuffled(b, rank).slice(0, b.integer(0, rank)), keepDims };
}

function addUnary(b: Builder): void {
  b.unary(b.choose(unaries), b.pick());
}

function addBinary(b: Builder): void {
  const op = b.choose(binaries);
  const x = b.pick();
  if (op === "pow" && b.chance(0.3)) return void b.call("pow", [x], [b.choose([2, 3])]);
  const y = partner(b, x);
  const [first, second] = b.chance(0.3) ? [y, x] : [x, y];
  if (op === "div") b.call(op, [first, b.within(nonzero, second)]);
  else if (op === "mod") b.call(op, [first, b.within(nonzero, second)]);
  else if (op === "pow") b.call(op, [b.within(positive, first), b.within(exponent, second)]);
  else b.call(op, [first, second]);
}

function addScaled(b: Builder): void {
  b.call(b.choose(["add", "mul", "sub"]), [b.pick(), b.constant(scalar(b.number()))]);
}

/** where(x < y, p, q), the condition now and then of several comparisons, or drawn. */
function addWhere(b: Builder): void {
  const x = b.pick();
  let condition = b.chance(0.25)
    ? b.constant({ kind: "bool", shape: b.shape(x), data: Array.from({ length: sizeOf(b.value(x)) }, () => b.integer(0, 1)) })
    : b.call(b.choose(comparisons), [x, partner(b, x)]);
  if (b.chance(0.2)) condition = b.call(b.choose(["logicalAnd", "logicalOr", "logicalXor"]), [condition, b.call("greater", [x, b.constant(scalar(b.number()))])]);
  if (b.chance(0.2)) condition = b.call("logicalNot", [condition]);
  if (b.chance(0.1)) b.call("mul", [b.call("cast", [condition], ["float64"]), x]);
  else if (b.chance(0.15)) b.call("clamp", [x, b.constant(scalar(b.number(-2, 0))), b.constant(scalar(b.number(0.1, 2)))]);
  else if (b.chance(0.1)) b.call("mul", [b.call("cast", [b.call(b.choose(["any", "all"]), [condition], [{}])], ["float64"]), x]);
  else b.call("where", [condition, x, partner(b, condition)]);
}

function addReduction(b: Builder): void {
  const x = b.pick();
  const op = b.choose(sizeOf(b.value(x)) === 0 ? ["sum", "prod"] : reductions);
  const options = reduceOptions(b, b.shape(x).length);
  b.call(op, [op === "prod" && sizeOf(b.value(x)) > 8 ? b.unary("sigmoid", x) : x], [options]);
}

/** Compositions that users write: softmax, norms, standardised rows, logsumexp. */
function addComposite(b: Builder): void {
  const x = tensorLike(b, 1);
  const options: Attribute = { axis: axisOf(b, b.shape(x).length), keepDims: true };
  const kind = b.integer(0, 4);
  if (kind === 0) {
    const e = b.unary("exp", b.call("sub", [x, b.call("max", [x], [options])]));
    b.call("div", [e, b.call("sum", [e], [options])]);
  } else if (kind === 1) {
    const n = b.call("sqrt", [b.within(domains["sqrt"]!, b.call("sum", [b.call("square", [x])], [options]))]);
    b.call("div", [x, b.within(nonzero, n)]);
  } else if (kind === 2) {
    const centred = b.call("sub", [x, b.call("mul", [b.call("sum", [x], [options]), b.constant(scalar(1 / 4))])]);
    b.call("mul", [centred, b.unary("rsqrt", b.call("sum", [b.call("square", [centred])], [options]))]);
  } else if (kind === 3) {
    b.call("log", [b.within(domains["log"]!, b.call("sum", [b.unary("exp", x)], [options]))]);
  } else b.call("softplus", [b.call("sub", [x, b.call("mul", [x, b.unary("sigmoid", x)])])]);
}

function addReshape(b: Builder): void {
  const x = tensorLike(b, 0);
  const shape = b.shape(x);
  const kind = b.integer(0, 3);
  if (kind === 0) b.call("transpose", [x], b.chance(0.5) && shape.length > 1 ? [shuffled(b, shape.length)] : []);
  else if (kind === 1) b.call("reshape", [x], [b.choose([[-1], [1, ...shape], [...shape, 1], shuffled(b, shape.length).map((i) => shape[i]!)])]);
  else if (kind === 2) b.call("broadcastTo", [x], [[...(b.chance(0.5) ? [b.integer(1, 3)] : []), ...shape.map((n) => (n === 1 ? b.integer(1, 3) : n))]]);
  else b.call("cumsum", [x], [{ ...(shape.length > 0 && b.chance(0.7) && { axis: axisOf(b, shape.length) }), reverse: b.chance(0.5) }]);
}

/** A part that is not empty, as a user may ask for it. */
function range(b: Builder, n: number): Attribute {
  if (b.chance(0.25)) return null;
  if (b.chance(0.25)) return b.integer(-n, n - 1);
  const from = b.integer(0, n - 1);
  const to = b.integer(from + 1, n);
  const kind = b.integer(0, 3);
  if (kind === 0) return [from, b.chance(0.5) ? to : null];
  if (kind === 1) return [from - n, null, 2];
  if (kind === 2) return [null, null, -1];
  return [to - 1, from === 0 ? null : from - 1, b.choose([-1, -2])];
}

function addSlice(b: Builder): void {
  const x = tensorLike(b);
  const shape = b.shape(x);
  if (b.chance(0.15)) {
    b.call("unslice", [x], [shape.map((n) => 2 * n + 1), shape.map((n) => (b.chance(0.3) ? { start: 2 * n, step: -2 } : { start: b.integer(0, 1), step: b.integer(1, 2) }))]);
  } else b.call("slice", [x], shape.slice(0, b.integer(1, shape.length)).map((n) => range(b, n)));
}

function addJoin(b: Builder): void {
  const x = tensorLike(b, 0);
  const shape = b.shape(x);
  const like = (): number => (b.chance(0.4) ? b.fresh(shape, "float64") : b.pick((y) => typeof y !== "number" && shapeOf(y).join() === shape.join()));
  const parts = [x, ...Array.from({ length: b.integer(1, 2) }, like)];
  if (shape.length === 0 || b.chance(0.4)) {
    if (shape.length === 0 && b.chance(0.5)) parts.push(b.pick((y) => typeof y === "number"));
    b.call("stack", parts, [{ axis: b.integer(-shape.length - 1, shape.length) }], { listed: true });
  } else b.call("concat", parts, [{ axis: axisOf(b, shape.length) }], { listed: true });
}

/** int32 positions along an axis: drawn, or where another value is largest. */
function indices(b: Builder, n: number, shape: readonly number[], from = -n): number {
  return b.fresh(shape, "int32", () => b.integer(from, n - 1));
}

function addIndexed(b: Builder): void {
  const x = tensorLike(b);
  const shape = b.shape(x);
  const axis = axisOf(b, shape.length);
  const at = axis < 0 ? axis + shape.length : axis;
  const n = shape[at]!;
  const kind = b.integer(0, 4);
  const many = b.choose<readonly number[]>([[], [1], [2], [3], [2, 2]]);
  if (kind === 0) b.call("gather", [x, indices(b, n, many)], [{ axis }]);
  else if (kind === 1) {
    const updates = [...shape.slice(0, at), ...many, ...shape.slice(at + 1)];
    if (elements(updates) > 36) throw new Unsuitable();
    b.call("scatterAdd", [x, indices(b, n, many), b.fresh(updates, "float64")], [{ axis }]);
  } else if (kind === 2) {
    b.call("takeAlongAxis", [x, indices(b, n, shape.map((m, i) => (i === at ? b.integer(1, 3) : m)), 0)], [axis]);
  } else if (kind === 3) b.call("topK", [x], [b.integer(1, n), { axis }], { pick: 0 });
  else b.call("gather", [x, b.call(b.choose(["argmax", "argmin"]), [x], [{ axis }])], [{ axis }]);
}

function addProduct(b: Builder): void {
  const x = tensorLike(b);
  const shape = b.shape(x);
  const options = { transposeA: b.chance(0.3), transposeB: b.chance(0.3) };
  const inner = shape.length > 1 && options.transposeA ? shape.at(-2)! : shape.at(-1)!;
  const fitting = (y: readonly number[]): boolean =>
    (y.length > 1 && options.transposeB ? y.at(-1) : y.length > 1 ? y.at(-2) : y[0]) === inner && fitsInto(shape.slice(0, -2), y.slice(0, -2));
  let y: number;
  try {
    y = b.pick((v) => typeof v !== "number" && v.ndim > 0 && fitting(v.shape));
  } catch (error) {
    if (!(error instanceof Unsuitable)) throw error;
    const n = b.integer(1, 4);
    y = b.fresh(b.chance(0.3) ? [inner] : options.transposeB ? [n, inner] : [inner, n]);
  }
  b.call("matmul", [x, y], [options]);
}

/** A matrix far from singular, made of an earlier value or new. */
function matrix(b: Builder, symmetric: boolean): number {
  let a: number;
  try {
    a = b.pick((x) => typeof x !== "number" && x.ndim >= 2 && x.shape.at(-1) === x.shape.at(-2) && x.shape.at(-1)! <= 3);
  } catch (error) {
    if (!(error instanceof Unsuitable)) throw error;
    const n = b.integer(1, 3);
    a = b.fresh(b.chance(0.3) ? [2, n, n] : [n, n]);
  }
  const n = b.shape(a).at(-1)!;
  const small = b.call("mul", [b.unary("tanh", a), b.constant(scalar(0.4))]);
  const whole = symmetric && b.chance(0.5) ? b.call("matmul", [small, small], [{ transposeA: false, transposeB: true }]) : small;
  const diagonal = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1.5 + 0.5 * n : 0));
  return b.call("add", [whole, b.constant({ kind: b.mixed ? "float32" : "float64", shape: [n, n], data: diagonal })]);
}

function addSystem(b: Builder): void {
  const kind = b.integer(0, 2);
  const a = matrix(b, kind === 2);
  if (kind === 2) return void b.call("cholesky", [a]);
  const n = b.shape(a).at(-1)!;
  let y: number;
  try {
    y = b.pick((x) => typeof x !== "number" && (x.ndim === 1 ? x.shape[0] === n : x.ndim > 1 && x.shape.at(-2) === n && fitsInto(x.shape.slice(0, -2), b.shape(a).slice(0, -2))));
  } catch (error) {
    if (!(error instanceof Unsuitable)) throw error;
    y = b.fresh(b.chance(0.5) ? [n] : [n, b.integer(1, 2)]);
  }
  if (kind === 0) b.call("solve", [a, y], [{ transposeA: b.chance(0.4) }]);
  else b.call("triangularSolve", [a, y], [{ lower: b.chance(0.5), transposeA: b.chance(0.5), unitDiagonal: b.chance(0.3) }]);
}

function addCast(b: Builder): void {
  const x = b.pick((y) => b.mixed || kindOf(y) === "number");
  b.call("cast", [x], [b.mixed ? b.choose(["float32", "float64"]) : "float64"]); // a number becomes a tensor
}

function addStop(b: Builder): void {
  const x = b.pick();
  b.call("mul", [b.call("stopGradient", [x]), partner(b, x)]);
}

/** Ops, by how often programs use them. */
export const families: readonly Family[] = [
  { weight: 7, add: addUnary },
  { weight: 7, add: addBinary },
  { weight: 2, add: addScaled },
  { weight: 2, add: addWhere },
  { weight: 3, add: addReduction },
  { weight: 2, add: addComposite },
  { weight: 2.5, add: addReshape },
  { weight: 1.5, add: addSlice },
  { weight: 1.5, add: addJoin },
  { weight: 2, add: addIndexed },
  { weight: 3, add: addProduct },
  { weight: 1, add: addSystem },
  { weight: 0.7, add: addCast },
  { weight: 0.2, add: addStop },
];
