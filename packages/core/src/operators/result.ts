import type { MaybePromise, Tangents } from "../backend.js";
import { isFloat, isTypedArray } from "../dtype.js";
import { AutodiffError, ShapeError } from "../errors.js";
import { stack } from "../ops/stack.js";
import { unstack } from "../ops/unstack.js";
import { showShape } from "../shape.js";
import { describe, Tensor, tensor, type Value } from "../tensor.js";
import { requireLive } from "../trace.js";
import type { TreeDef } from "../tree/flatten.js";
import { vendorLeaf } from "../tree/vendor.js";
import { atHome, flattenAs, likeLeaf, readNumber, type Granularity } from "./arguments.js";
import { all, whenDone } from "../promise.js";
import { apart, seedLike } from "./seeds.js";

/** What f returned: its values in order, and how to put others in their places. */
export class Result {
  readonly values: readonly Value[];
  /** For each leaf its value's place, -1 for what is not a value. */
  readonly slots: readonly number[];

  constructor(
    readonly leaves: readonly unknown[],
    readonly def: TreeDef,
  ) {
    const values: Value[] = [];
    this.slots = leaves.map((leaf) => {
      const value = valueOf(leaf);
      return value === undefined ? -1 : values.push(value) - 1;
    });
    this.values = values;
  }

  /** The result with concrete values in place of traced ones: the same types again. */
  rebuild(values: readonly Value[], home: boolean): MaybePromise<unknown> {
    const entries = this.leaves.map((leaf, k): MaybePromise<unknown> => {
      const value = values[this.slots[k]!];
      if (value === undefined || isTypedArray(leaf)) return leaf;
      const vendor = vendorLeaf(leaf);
      if (vendor !== null) return vendor.fromTensor(value as Tensor);
      return Array.isArray(leaf) ? all(unstack(value as Tensor, 0).map((y) => settled(y, home))) : settled(value, home);
    });
    return whenDone(all(entries), (all) => this.def.rebuild(all));
  }

  /** Anything in the places of values, in the form of the result; `null` elsewhere. */
  mirror(entries: readonly unknown[]): unknown {
    return this.def.mirror(this.slots.map((slot) => (slot < 0 ? null : entries[slot])));
  }

  /** Tangents in the form of the result, zeros where it does not depend on x. */
  derivative(who: string, ys: readonly Value[], tangents: Tangents, home: boolean): MaybePromise<unknown> {
    const like = ys.map((y): unknown => y);
    this.slots.forEach((slot, k) => vendorLeaf(this.leaves[k]) && (like[slot] = this.leaves[k]));
    const entries = like.map((y, i) => whenDone(likeLeaf(who, y, tangents[i]), (dy) => (home && dy instanceof Tensor ? atHome(dy) : dy)));
    return whenDone(all(entries), (all) => this.mirror(all));
  }

  /** A tree like the result, as cotangents of its values. */
  seeds(who: string, seed: unknown): Tangents {
    return seedLike(who, seed, this);
  }
}

/** A result as it is given: a number that lives on a device is read, and a tensor where arguments are at home. */
export function settled(y: Value, home: boolean): MaybePromise<Value> {
  if (typeof y === "number") return y;
  return y.weak ? readNumber(y) : home ? atHome(y) : apart(y);
}

/** @throws AutodiffError if f was asynchronous. */
export function resultOf(who: string, y: unknown, granularity: Granularity = "leaves"): Result {
  if (y instanceof Promise) {
    y.catch(() => {}); // it will fail by using traced values too late; the error that counts is this one
    throw new AutodiffError(`${who}: f returned a promise. It must be synchronous: read data before, and await the operator, not the function.`);
  }
  const { leaves, def } = flattenAs(granularity, y);
  for (const leaf of leaves) if (leaf instanceof Tensor) requireLive(who, leaf);
  return new Result(leaves, def);
}

/** A result that must be a float scalar. */
export function scalarResult(who: string, y: unknown): Result {
  return resultOf(who, requireScalar(who, y));
}

function valueOf(leaf: unknown): Value | undefined {
  if (typeof leaf === "number" || leaf instanceof Tensor) return leaf;
  if (Array.isArray(leaf)) return stack(leaf as Value[]);
  return isTypedArray(leaf) ? tensor(leaf) : vendorLeaf(leaf)?.toTensor();
}

/** @throws AutodiffError unless f gave a float scalar. */
export function requireScalar(who: string, given: unknown): Value {
  if (given instanceof Promise) resultOf(who, given);
  if (typeof given === "number") return given;
  const y = vendorLeaf(given)?.toTensor() ?? given;
  if (!(y instanceof Tensor)) {
    throw new AutodiffError(`${who}: f must return a scalar, a number or a Tensor of shape [], got ${describe(y)}.`);
  }
  requireLive(who, y);
  if (y.ndim !== 0) {
    throw new ShapeError(`${who}: f must return a scalar, got shape ${showShape(y.shape)}. Use jacobian(), or reduce with sum() or mean().`);
  }
  if (!isFloat(y.dtype)) {
    throw new AutodiffError(`${who}: f must return a float scalar, got ${y.dtype}, which has no derivative. Use cast(y, "float64").`);
  }
  return y;
}
