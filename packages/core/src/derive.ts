import type { ADType, SecondOrder } from "./adtypes.js";
import type { FlatFunction, MaybePromise, Pullback, Pushforward, Tangents } from "./backend.js";
import { basisOf, block, dimension, fill, fromScalars, inner, split, zeroLike } from "./basis.js";
import { batched } from "./batch.js";
import { ones, zeros } from "./create.js";
import { AutodiffError } from "./errors.js";
import { engineFor, heldPullback, heldPushforward, heldWithgradient } from "./held.js";
import { isFloat } from "./dtype.js";
import { concat } from "./primitives/concat.js";
import { broadcastLike } from "./primitives/conform.js";
import { cast } from "./primitives/cast.js";
import { reshape } from "./primitives/reshape.js";
import { transpose } from "./primitives/transpose.js";
import { stack } from "./ops/stack.js";
import { backendOf } from "./registry.js";
import { sizeOf } from "./shape.js";
import { describe, kindOf, shapeOf, tensor, type Tensor, type Value } from "./tensor.js";

/**
 * Which operator follows from which, between flat lists of values. An engine gives a pullback or a pushforward (or
 * both); the rest is derived here, in ops, so that everything derived can itself be differentiated.
 */

/** Tangents or cotangents in one pass, where many are wanted. */
const chunkSize = 32;

/** y = f(x) and ct ↦ Jᵀ·ct. */
export function pullback(ad: ADType, f: FlatFunction, xs: readonly Value[]): Pullback {
  const backend = engineFor(ad, xs);
  if (backend.pullback) return heldPullback(backend, f, xs, ad);
  const { ys, columns } = pushBasis(ad, f, xs);
  return {
    ys,
    pull: (cts) => xs.map((x, i) => fromScalars(columns[i]!.map((column) => inner(cts, column)), x)),
    dispose: () => {},
  };
}

/** y = f(x) and J·dx for each tangent. */
export function pushforward(ad: ADType, f: FlatFunction, xs: readonly Value[], tangents: readonly Tangents[]): Pushforward {
  const backend = engineFor(ad, xs);
  if (backend.pushforward) return heldPushforward(backend, f, xs, tangents, ad);
  const { ys, pull, dispose } = pullback(ad, f, xs);
  try {
    const directions = tangents.map((t) => xs.map((x, i) => t[i] ?? zeroLike(x)));
    // Only float results have cotangents, and tangents other than zero.
    const floats = ys.flatMap((y, i) => (kindOf(y) === "number" || isFloat((y as Tensor).dtype) ? [i] : []));
    const outputs = floats.map((i) => ys[i]!);
    const back = (cts: Tangents): Value[] => fill(pull(scatter(cts, floats, ys.length)), xs);
    if (backend.capabilities.traceable) {
      // ct ↦ Jᵀ·ct is linear, and its own pullback is dx ↦ J·dx.
      const transposed = pullback(ad, back, outputs.map(zeroLike));
      try {
        return { ys, tangents: directions.map((dx) => scatter(transposed.pull(dx), floats, ys.length)) };
      } finally {
        transposed.dispose();
      }
    }
    const rows = basisOf(outputs).map(back);
    return { ys, tangents: directions.map((dx) => scatter(split(rows.map((row) => inner(row, dx)), outputs), floats, ys.length)) };
  } finally {
    dispose();
  }
}

/** Entries in their places, others absent. */
function scatter(entries: Tangents, places: readonly number[], count: number): Tangents {
  const all = new Array<Value | undefined>(count).fill(undefined);
  places.forEach((place, k) => (all[place] = entries[k]));
  return all;
}

/** `valueAndGradient` by the engine itself, where it has that operator; maybe as a promise. */
export function withgradient(ad: ADType, f: FlatFunction, xs: readonly Value[]): MaybePromise<{ ys: readonly Value[]; grads: Tangents }> {
  const backend = engineFor(ad, xs);
  return backend.withgradient ? heldWithgradient(backend, f, xs, ad) : valueAndGradient(ad, f, xs);
}

/** Value and gradient of the first result, in one pass; other results pass through. */
function valueAndGradient(ad: ADType, f: FlatFunction, xs: readonly Value[]): { ys: readonly Value[]; grads: Tangents } {
  const { ys, pull, dispose } = pullback(ad, f, xs);
  try {
    const [loss] = ys;
    const one = loss === undefined || kindOf(loss) === "number" ? 1 : ones([], (loss as Tensor).dtype);
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
  const { capabilities } = engineFor(ad, xs);
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
  if (engineFor(outer, xs).pushforward) {
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

/** Tangents in one pass. @throws AutodiffError for an engine that says what is no count. */
function chunkOf(ad: ADType, n: number): number {
  const chunk: unknown = backendOf(ad).capabilities.chunk?.(n, ad) ?? chunkSize;
  if (chunk !== Infinity && !(Number.isInteger(chunk) && (chunk as number) >= 1)) {
    throw new AutodiffError(`${ad.adtype}: contract: capabilities.chunk must give a whole number of at least 1, or Infinity; got ${describe(chunk)} for ${n} tangents.`);
  }
  return chunk as number;
}

/** J's columns, by input: `columns[i][k]` is the derivative along element k of xᵢ. */
function pushBasis(ad: ADType, f: FlatFunction, xs: readonly Value[]): { ys: readonly Value[]; columns: Tangents[][] } {
  const n = dimension(xs);
  if (n === 0) return { ys: pushforward(ad, f, xs, []).ys, columns: xs.map(() => []) };
  const chunk = chunkOf(ad, n);
  let ys: readonly Value[] = [];
  const all: Tangents[] = [];
  for (let from = 0; from < n; from += chunk) {
    const part = pushforward(ad, f, xs, basisOf(xs, from, from + chunk));
    if (from === 0) ys = part.ys;
    all.push(...part.tangents);
  }
  let at = 0;
  return { ys, columns: xs.map((x) => all.slice(at, (at += sizeOf(shapeOf(x))))) };
}
