import type { MaybePromise } from "../backend.js";
import { allocateOwn, dtypeOf, isFloat, isTypedArray, type TypedArray } from "../dtype.js";
import { TreeError, UnsupportedError } from "../errors.js";
import { isBeingDifferentiated } from "../recorded.js";
import { describe, Tensor } from "../tensor.js";
import type { GradientBuffers } from "../types.js";
import { flatten, placesIn } from "./flatten.js";
import { showPath } from "./place.js";
import { scope } from "./scope.js";
import { vendorLeaf } from "./vendor.js";

/** What a gradient's leaf holds; null for nothing. */
type Elements = TypedArray | number | null;

/** Zeroed buffers for the gradient of x. */
export function makeBuffers<T>(x: T): GradientBuffers<T> {
  const { leaves, def } = flatten(x);
  return scope(() => def.mirror(leaves.map(bufferFor)) as GradientBuffers<T>);
}

function bufferFor(leaf: unknown): unknown {
  if (typeof leaf === "number") return 0;
  const x = vendorLeaf(leaf)?.toTensor() ?? leaf;
  if (x instanceof Tensor) return x.weak ? 0 : isFloat(x.dtype) ? allocateOwn(x.dtype, x.size) : null;
  if (x instanceof Float64Array) return new Float64Array(x.length);
  return x instanceof Float32Array ? new Float32Array(x.length) : null;
}

/** Takes a gradient into buffers like it, replacing (`zero`) or adding, and returns them: a bare number has no place to keep. */
export function pour(buffers: unknown, gradient: unknown, zero: boolean): MaybePromise<unknown> {
  const into = flatten(buffers);
  const { leaves, def } = flatten(gradient);
  if (leaves.length !== into.leaves.length) {
    throw new TreeError(`Duplicated: the buffers have ${into.leaves.length} leaves and the gradient ${leaves.length}. Leave them out, and fitting ones are made.`);
  }
  const read = placesIn("Duplicated: the gradient", def, into.def).map((place) => elementsOf(leaves[place]));
  if (read.every(isReady)) return place(buffers, into, read, zero);
  return Promise.all(read.map((x) => Promise.resolve(x))).then((parts) => place(buffers, into, parts, zero));
}

/** Writes what was read: typed arrays in place, numbers in the containers that hold them. */
function place(
  buffers: unknown,
  { leaves, def }: ReturnType<typeof flatten>,
  read: readonly Elements[],
  zero: boolean,
): unknown {
  const next = leaves.map((buffer, k) => {
    const gradient = read[k]!;
    if (gradient === null) return buffer;
    if (typeof gradient === "number") return zero || typeof buffer !== "number" ? gradient : buffer + gradient;
    if (!isTypedArray(buffer) || buffer.length !== gradient.length || !isFloat(dtypeOf(buffer))) {
      throw new TreeError(`Duplicated: the buffer at ${showPath(def.paths[k]!)} must be a typed array of ${gradient.length} floats, got ${describe(buffer)}.`);
    }
    if (zero) (buffer as TypedArray).set(gradient);
    else for (let i = 0; i < buffer.length; i++) buffer[i] = buffer[i]! + gradient[i]!;
    return buffer;
  });
  return typeof buffers === "object" && buffers !== null && !isTypedArray(buffers) ? overwrite(buffers, def.rebuild(next) as object) : next[0];
}

/** Copies what `from` holds into `to`, a plain tree of the same structure, at every depth. */
function overwrite(to: object, from: object): object {
  for (const [key, value] of from instanceof Map ? from : Object.entries(from)) {
    const old: unknown = to instanceof Map ? to.get(key) : Reflect.get(to, key as string);
    const next: unknown = typeof old === "object" && old !== null && !isTypedArray(old) ? overwrite(old, value as object) : value;
    if (to instanceof Map) to.set(key, next);
    else Reflect.set(to, key as string, next);
  }
  return to;
}

function isReady(x: MaybePromise<Elements>): x is Elements {
  return !(x instanceof Promise);
}

function elementsOf(leaf: unknown): MaybePromise<Elements> {
  const x = vendorLeaf(leaf)?.toTensor() ?? leaf;
  if (typeof x === "number") return x;
  if (!(x instanceof Tensor)) return isTypedArray(x) ? x : null;
  if (isBeingDifferentiated(x)) {
    throw new UnsupportedError(`Duplicated: this gradient is being differentiated by ${x.trace?.kind ?? x.device.name}, and buffers cannot carry that. Pass the argument bare.`);
  }
  return x.device.reads === "sync" ? x.dataSync() : x.data();
}
