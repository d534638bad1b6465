import type { ADType, SecondOrder } from "./adtypes.js";
import type { Backend, FlatFunction, Pullback, Pushforward, Tangents } from "./backend.js";
import { batched } from "./batch.js";
import { zeros } from "./create.js";
import { isFloat, promote } from "./dtype.js";
import { AutodiffError, UnsupportedError } from "./errors.js";
import { concat } from "./primitives/concat.js";
import { broadcastLike } from "./primitives/conform.js";
import { add } from "./primitives/add.js";
import { cast } from "./primitives/cast.js";
import { mul } from "./primitives/mul.js";
import { reshape } from "./primitives/reshape.js";
import { sum } from "./primitives/sum.js";
import { transpose } from "./primitives/transpose.js";
import { stack } from "./ops/stack.js";
import { backendOf } from "./registry.js";
import { sameShape, showShape, sizeOf, type Shape } from "./shape.js";
import { describe, kindOf, shapeOf, Tensor, tensor, type Value } from "./tensor.js";
import { currentTrace } from "./trace.js";

/**
 * Which operator follows from which, between flat lists of values. An engine gives a pullback or a pushforward (or
 * both); the rest is derived here, in ops, so that everything derived can itself be differentiated.
 */

/** Tangents or cotangents in one pass, where many are wanted. */
const chunkSize = 32;

/** y = f(x) and ct ↦ Jᵀ·ct. */
export function pullback(ad: ADType, f: FlatFunction, xs: readonly Value[]): Pullback {
  const backend = engine(ad, xs);
  if (backend.pullback) return checkedPullback(backend, backend.pullback(f, xs, ad), xs);
  const { ys, columns } = pushBasis(ad, f, xs);
  return {
    ys,
    pull: (cts) => xs.map((x, i) => fromScalars(columns[i]!.map((column) => inner(cts, column)), x)),
    dispose: () => {},
  };
}

/** y = f(x) and J·dx for each tangent. */
export function pushforward(ad: ADType, f: FlatFunction, xs: readonly Value[], tangents: readonly Tangents[]): Pushforward {
  const backend = engine(ad, xs);
  if (backend.pushforward) return checkedPushforward(backend, backend.pushforward(f, xs, tangents, ad), tangents.length);
  const { ys, pull, dispose } = pullback(ad, f, xs);
  try {
    const directions = tangents.map((t) => xs.map((x, i) => t[i] ?? zeroLike(x)));
    if (backend.capabilities.traceable) {
      // ct ↦ Jᵀ·ct is linear, and its own pullback is dx ↦ J·dx.
      const transposed = pullback(ad, (cts) => fill(pull(cts), xs), ys.map(zeroLike));
      return { ys, tangents: directions.map((dx) => transposed.pull(dx)) };
    }
    const rows = basisOf(ys).map((cts) => pull(cts));
    return { ys, tangents: directions.map((dx) => split(rows.map((row) => inner(row, dx)), ys)) };
  } finally {
    dispose();
  }
}

/** Value and gradient of the first result, in one pass; other results pass through. */
export function valueAndGradient(ad: ADType, f: FlatFunction, xs: readonly Value[]): { ys: readonly Value[]; grads: Tangents } {
  const { ys, pull, dispose } = pullback(ad, f, xs);
  try {
    const [loss] = ys;
    const one = typeof loss === "number" || loss === undefined || kindOf(loss) === "number" ? 1 : broadcastLike(1, loss);
    return { ys, grads: pull([one]) };
  } finally {
    dispose();
  }
}

/**
 * The Jacobian by blocks: `blocks[i][j]` is ∂yᵢ/∂xⱼ, of shape [...yᵢ.shape, ...xⱼ.shape], for the first `count` of the
 * results.
 */
export function jacobian(ad: ADType, f: FlatFunction, xs: readonly Value[], count?: number): { ys: readonly Value[]; blocks: Value[][] } {
  const { capabilities } = engine(ad, xs);
  return capabilities.forward !== undefined ? jacobianForward(ad, f, xs, count) : jacobianReverse(ad, f, xs, count);
}

function jacobianForward(ad: ADType, f: FlatFunction, xs: readonly Value[], count?: number): { ys: readonly Value[]; blocks: Value[][] } {
  const { ys, columns } = pushBasis(ad, f, xs);
  const blocks = ys.slice(0, count).map((y, i) =>
    xs.map((x, j) => {
      const dys = columns[j]!.map((column) => broadcastLike(column[i] ?? 0, y));
      if (dys.length === 1) return block(dys[0]!, y, x);
      if (dys.length === 0) return block(zeros([0]), y, x);
      const stacked = stack(dys);
      const rows = reshape(stacked, [dys.length, sizeOf(shapeOf(y))]);
      return block(transpose(rows), y, x);
    }),
  );
  return { ys, blocks };
}

function jacobianReverse(ad: ADType, f: FlatFunction, xs: readonly Value[], count?: number): { ys: readonly Value[]; blocks: Value[][] } {
  const { ys, pull, dispose } = pullback(ad, f, xs);
  const { traceable } = backendOf(ad).capabilities;
  try {
    const blocks = ys.slice(0, count).map((y, i) => {
      const rows = traceable ? pullAll(pull, ys, i, xs) : basisOf([y]).map((ct) => fill(pull(ys.map((_, k) => (k === i ? ct[0] : undefined))), xs));
      return xs.map((x, j) => {
        if (!traceable) return block(rows.length === 0 ? zeros([0]) : stack(rows.map((row) => row[j] as Value)), y, x);
        return block(rows.length === 0 ? zeros([0]) : concat(rows.map((part) => part[j] as Tensor)), y, x);
      });
    });
    return { ys, blocks };
  } finally {
    dispose();
  }
}

/** The pullbacks of all of yᵢ's basis, as batches. */
function pullAll(pull: Pullback["pull"], ys: readonly Value[], i: number, xs: readonly Value[]): Tensor[][] {
  const y = ys[i]!;
  const n = sizeOf(shapeOf(y));
  const parts: Tensor[][] = [];
  for (let from = 0; from < n; from += chunkSize) {
    const count = Math.min(chunkSize, n - from);
    const rows = tensor(new Float64Array(count * n).map((_, k) => Number(k % n === from + Math.floor(k / n))), [count, ...shapeOf(y)]);
    const isNumber = kindOf(y) === "number";
    const seeds = isNumber ? rows : cast(rows, (y as Tensor).dtype);
    parts.push(batched(([ct]) => fill(pull(ys.map((_, k) => (k === i ? ct : undefined))), xs), [seeds], [isNumber]));
  }
  return parts;
}

/** The gradient, and H·v for each v: H is the Jacobian of the gradient, and its own transpose. */
export function hvp(ad: ADType, f: FlatFunction, xs: readonly Value[], vs: readonly Tangents[]): { grads: Tangents; products: readonly Tangents[] } {
  const { outer, inner } = parts(ad);
  const g = gradientFunction(inner, f, xs);
  if (engine(outer, xs).pushforward) {
    const { ys, tangents } = pushforward(outer, g, xs, vs);
    return { grads: ys, products: tangents };
  }
  const { ys, pull, dispose } = pullback(outer, g, xs);
  try {
    return { grads: ys, products: vs.map((v) => pull(v)) };
  } finally {
    dispose();
  }
}

/** Value, gradient, and the Hessian by blocks: `blocks[i][j]` has shape [...xᵢ.shape, ...xⱼ.shape]. */
export function hessian(ad: ADType, f: FlatFunction, xs: readonly Value[]): { val: Value; grads: readonly Value[]; blocks: Value[][] } {
  const { outer, inner } = parts(ad);
  const valueToo: FlatFunction = (at) => {
    const { ys, grads } = valueAndGradient(inner, f, at);
    return [...fill(grads, xs), ys[0]!];
  };
  const { ys, blocks } = jacobian(outer, valueToo, xs, xs.length);
  return { val: ys[xs.length]!, grads: ys.slice(0, xs.length), blocks };
}

/** The gradient of f as a function to be differentiated again. */
function gradientFunction(inner: ADType, f: FlatFunction, like: readonly Value[]): FlatFunction {
  return (xs) => fill(valueAndGradient(inner, f, xs).grads, like);
}

/** Outer and inner engine of a token: one engine is both. */
export function parts(ad: ADType): { outer: ADType; inner: ADType } {
  return ad.adtype === "second-order" ? (ad as SecondOrder) : { outer: ad, inner: ad };
}

// Basis vectors and inner products

/** J's columns, by input: `columns[i][k]` is the derivative along element k of xᵢ. */
function pushBasis(ad: ADType, f: FlatFunction, xs: readonly Value[]): { ys: readonly Value[]; columns: Tangents[][] } {
  const basis = basisOf(xs);
  const chunk = backendOf(ad).capabilities.chunk?.(basis.length, ad) ?? chunkSize;
  if (basis.length === 0) return { ys: pushforward(ad, f, xs, []).ys, columns: xs.map(() => []) };
  let ys: readonly Value[] = [];
  const all: Tangents[] = [];
  for (let from = 0; from < basis.length; from += chunk) {
    const part = pushforward(ad, f, xs, basis.slice(from, from + chunk));
    if (from === 0) ys = part.ys;
    all.push(...part.tangents);
  }
  let at = 0;
  return { ys, columns: xs.map((x) => all.slice(at, (at += sizeOf(shapeOf(x))))) };
}

/** One list for each element of each value: 1 there, absent elsewhere. */
function basisOf(xs: readonly Value[]): Tangents[] {
  return xs.flatMap((x, i) =>
    Array.from({ length: sizeOf(shapeOf(x)) }, (_, k) => {
      const one = kindOf(x) === "number" ? 1 : oneHot(k, x as Tensor);
      return xs.map((_x, j) => (j === i ? one : undefined));
    }),
  );
}

function oneHot(k: number, like: Tensor): Tensor {
  const elements = like.dtype === "float32" ? new Float32Array(like.size) : new Float64Array(like.size);
  elements[k] = 1;
  return tensor(elements, like.shape);
}

/** Σ ⟨aᵢ, bᵢ⟩ */
function inner(as: Tangents, bs: Tangents): Value {
  return as.reduce<Value>((total, a, i) => {
    const b = bs[i];
    return a === undefined || b === undefined ? total : add(total, sum(mul(a, b)));
  }, 0);
}

/** Scalars, one per element, as a value like x. */
function fromScalars(scalars: readonly Value[], x: Value): Value {
  if (kindOf(x) === "number") return broadcastLike(scalars[0]!, x);
  const t = x as Tensor;
  return scalars.length === 0 ? zeros(t.shape, t.dtype) : cast(reshape(stack(scalars), t.shape), t.dtype);
}

/** Scalars for all elements of ys in order, each ys[i] with its own. */
function split(scalars: readonly Value[], ys: readonly Value[]): Value[] {
  let at = 0;
  return ys.map((y) => fromScalars(scalars.slice(at, (at += sizeOf(shapeOf(y)))), y));
}

/** A block of the Jacobian in its layout; a number for numbers. */
function block(value: Value, y: Value, x: Value): Value {
  if (kindOf(y) === "number" && kindOf(x) === "number") return kindOf(value) === "number" ? value : cast(reshape(value, []), "number");
  const shape: Shape = [...shapeOf(y), ...shapeOf(x)];
  const kinds = [y, x].map(kindOf).filter((k) => k !== "number");
  const dtype = kinds.reduce(promote);
  return cast(reshape(value, shape), dtype);
}

export function zeroLike(x: Value): Value {
  return kindOf(x) === "number" ? 0 : zeros((x as Tensor).shape, (x as Tensor).dtype);
}

/** Absent entries made explicit zeros. */
function fill(values: Tangents, like: readonly Value[]): Value[] {
  return like.map((x, i) => values[i] ?? zeroLike(x));
}

// What an engine is held to

/** The engine, checked against what it says that it can do with these values. */
function engine(ad: ADType, xs: readonly Value[]): Backend {
  if (ad.adtype === "second-order") {
    throw new AutodiffError("SecondOrder(outer, inner) is for hessian, hvp and secondDerivative. Name one engine here.");
  }
  const backend = backendOf(ad);
  const { dtypes, traceable } = backend.capabilities;
  for (const x of xs) {
    if (!dtypes.includes(kindOf(x) === "number" ? "float64" : (x as Tensor).dtype)) {
      throw new UnsupportedError(`${ad.adtype}: cannot differentiate ${describe(x)}; it takes ${dtypes.join(", ")}. Use cast(), or another engine.`);
    }
    if (!traceable && x instanceof Tensor && x.trace !== null) {
      throw new UnsupportedError(
        `${ad.adtype}: needs concrete values, but is being differentiated by ${currentTrace()?.kind ?? "another engine"}. Use a traceable engine inside, such as AutoTape().`,
      );
    }
  }
  return backend;
}

function checkedPullback(backend: Backend, result: Pullback, xs: readonly Value[]): Pullback {
  const who = backend.adtype;
  return {
    ...result,
    pull: (cts) => {
      const grads = result.pull(cts);
      if (grads.length !== xs.length) {
        throw new AutodiffError(`${who}: contract: pull must return one cotangent per input: expected ${xs.length}, got ${grads.length}.`);
      }
      grads.forEach((g, i) => g !== undefined && checkLike(who, "cotangent", i, g, xs[i]!));
      return grads;
    },
  };
}

function checkedPushforward(backend: Backend, result: Pushforward, count: number): Pushforward {
  const who = backend.adtype;
  if (result.tangents.length !== count) {
    throw new AutodiffError(`${who}: contract: pushforward must return one list per tangent: expected ${count}, got ${result.tangents.length}.`);
  }
  for (const t of result.tangents) {
    if (t.length !== result.ys.length) {
      throw new AutodiffError(`${who}: contract: a tangent has one entry per result: expected ${result.ys.length}, got ${t.length}.`);
    }
    t.forEach((dy, i) => dy !== undefined && checkLike(who, "tangent", i, dy, result.ys[i]!));
  }
  return result;
}

function checkLike(who: string, what: string, i: number, got: unknown, like: Value): void {
  if (typeof got !== "number" && !(got instanceof Tensor)) {
    throw new AutodiffError(`${who}: contract: ${what} ${i} must be a number, a Tensor or undefined, got ${describe(got)}.`);
  }
  if (!sameShape(shapeOf(got), shapeOf(like)) || (kindOf(like) !== "number" && kindOf(got) !== kindOf(like) && !isFloat((like as Tensor).dtype))) {
    throw new AutodiffError(
      `${who}: contract: ${what} ${i} must have the shape of its value, ${showShape(shapeOf(like))}; got ${showShape(shapeOf(got))}.`,
    );
  }
}

