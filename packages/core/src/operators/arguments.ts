import { zeros } from "../create.js";
import type { MaybePromise, Tangents } from "../backend.js";
import { dtypeOf, isFloat, isTypedArray, type TypedArray } from "../dtype.js";
import { AutodiffError, UnsupportedError } from "../errors.js";
import { stack } from "../ops/stack.js";
import { unstack } from "../ops/unstack.js";
import { cast } from "../primitives/cast.js";
import { hostDevice, HostTensor, isWatched, kindOf, Tensor, tensor, type Value } from "../tensor.js";
import { isBeingDifferentiated } from "../recorded.js";
import { isConst, isDuplicated, type Const, type Duplicated } from "../tree/activity.js";
import { flatten, type TreeDef } from "../tree/flatten.js";
import { Params } from "../tree/params.js";
import { seenLeaf } from "../tree/seen.js";
import { placeOf, tiesOf, withTies } from "../tree/ties.js";
import { mayAwait } from "../tree/scope.js";
import { vendorLeaf } from "../tree/vendor.js";
import { all, whenDone } from "../promise.js";
import { apart, seedLike } from "./seeds.js";

/** A user's function, of whatever signature: operators pass it trees that are rebuilt from values. */
export type AnyFunction = (...args: never[]) => unknown;

/** Whether an array of numbers is several scalars, or one block, as in the layout of a Jacobian. */
export type Granularity = "leaves" | "blocks";

export function flattenAs(granularity: Granularity, tree: unknown): ReturnType<typeof flatten> {
  return granularity === "blocks" ? flatten(tree, isBlock) : flatten(tree);
}

function isBlock(x: unknown): boolean {
  return Array.isArray(x) && x.length > 0 && x.every((part) => typeof part === "number" || (part instanceof Tensor && part.weak));
}

/** One argument of a call: its leaves, of which the float ones are differentiated. */
interface Part {
  readonly leaves: readonly unknown[];
  readonly def: TreeDef;
  /** For each leaf, its place among the active values; -1 for what only passes through. */
  readonly slots: readonly number[];
  /** For each leaf, what stands for an array that lies at several places. */
  readonly ties: ReturnType<typeof tiesOf>;
  readonly duplicated: Duplicated<unknown> | null;
}

/** The arguments of a call, split into values that are differentiated and the rest, and put together again. */
export class Arguments {
  /** What is differentiated, in order. */
  readonly values: readonly Value[];
  private readonly parts: readonly (Part | Const<unknown>)[];

  /** @throws AutodiffError for an int or bool argument, which has no derivative. */
  constructor(
    readonly who: string,
    args: readonly unknown[],
    granularity: Granularity = "leaves",
  ) {
    const values: Value[] = [];
    this.parts = args.map((arg, i) => {
      if (isConst(arg)) return arg;
      if (arg instanceof Params) {
        throw new AutodiffError(`${who}: params(...) stands alone, as in gradient(f, AutoTape(), params(W, b)); got it as argument ${i} of ${args.length}.`);
      }
      const duplicated = isDuplicated(arg) ? arg : null;
      const tree: unknown = duplicated ? duplicated.value : arg;
      refuseInt(who, tree, i);
      const { leaves, def } = flattenAs(granularity, tree);
      const slots = leaves.map((leaf) => {
        const value = activeValue(leaf);
        return value === undefined ? -1 : values.push(value) - 1;
      });
      return { leaves, def, slots, ties: tiesOf(leaves, (leaf, k) => slots[k]! >= 0 && !Array.isArray(leaf)), duplicated };
    });
    this.values = values;
  }

  /** Whether everything that is differentiated is on the host: then results are, too. */
  get atHome(): boolean {
    return this.values.every((x) => typeof x === "number" || x.device === hostDevice);
  }

  /** f of the arguments with other values in the active places, in the form that its type promises. */
  apply(f: AnyFunction, values: readonly Value[], ...consts: readonly unknown[]): unknown {
    const run = (): unknown => Reflect.apply(f, undefined, [...this.parts.map((part) => seen(part, values)), ...consts]);
    return this.parts.some((part) => !isConst(part) && part.ties !== null) ? withTies(run) : run();
  }

  /** One gradient per argument, each shaped like its argument; taken into the buffers of `Duplicated`. */
  gradients(cts: Tangents): MaybePromise<unknown[]> {
    return all(this.parts.map((part) => (isConst(part) ? null : this.gradient(part, cts, part.duplicated))));
  }

  /** A tree like the only argument of something else than its gradient. */
  tree(entries: Tangents): MaybePromise<unknown> {
    const part = this.parts[0]!;
    return isConst(part) ? null : this.gradient(part, entries, null);
  }

  /** The only argument's tree with anything in the active places, `null` elsewhere. */
  mirror(entries: readonly unknown[]): unknown {
    const part = this.parts[0]!;
    if (isConst(part)) return null;
    const { def, slots } = part;
    return def.mirror(slots.map((slot) => (slot < 0 ? null : entries[slot])));
  }

  /** A tree like the only argument, as tangents of its values. */
  seeds(seed: unknown): Tangents {
    const part = this.parts[0]!;
    if (isConst(part)) return [];
    const { def, leaves, slots } = part;
    return seedLike(this.who, seed, { def, leaves, slots, values: this.values });
  }

  private gradient({ leaves, def, slots }: Part, cts: Tangents, duplicated: Part["duplicated"]): MaybePromise<unknown> {
    const entries = all(leaves.map((leaf, k) => (slots[k]! < 0 ? null : likeLeaf(this.who, leaf, cts[slots[k]!]))));
    return whenDone(entries, (grads) => {
      const mirrored = def.mirror(grads);
      return whenDone(duplicated?.fill(mirrored), () => mirrored);
    });
  }
}

/** An argument with other values in its active places, as f takes it. */
function seen(part: Part | Const<unknown>, values: readonly Value[]): unknown {
  if (isConst(part)) return part.value;
  const { leaves, def, slots, ties } = part;
  return def.rebuild(leaves.map((leaf, k) => placeOf(slots[k]! < 0 ? seenLeaf(leaf) : active(leaf, values[slots[k]!]!), leaf, ties?.[k])));
}

/** A leaf's value if it is differentiated: a number, a float tensor, a typed array of floats, or a block of numbers. */
export function activeValue(leaf: unknown): Value | undefined {
  if (typeof leaf === "number") return leaf;
  if (leaf instanceof Tensor) return isFloat(leaf.dtype) ? leaf : undefined;
  if (leaf instanceof Float64Array || leaf instanceof Float32Array) return tensor(leaf);
  if (Array.isArray(leaf)) return leaf.length === 0 ? undefined : stack(leaf as Value[]);
  const found = vendorLeaf(leaf)?.toTensor();
  return found !== undefined && isFloat(found.dtype) ? found : undefined;
}

/** What f sees of an active leaf: a block of numbers is an array again. */
function active(leaf: unknown, value: Value): unknown {
  return Array.isArray(leaf) ? unstack(value as Tensor, 0) : value;
}

function refuseInt(who: string, arg: unknown, i: number): void {
  const vendor = vendorLeaf(arg);
  const dtype = vendor !== null ? vendor.toTensor().dtype : arg instanceof Tensor ? arg.dtype : isTypedArray(arg) ? dtypeOf(arg) : "float64";
  if (isFloat(dtype)) return;
  throw new AutodiffError(`${who}: argument ${i} is ${dtype}, which has no derivative. Pass Const(x), or cast(x, "float64").`);
}

/**
 * A derivative in the form of the leaf that it belongs to; zeros where the result does not depend on it. A tensor of its own:
 * what the engine gave may be an input, a seed, what f captured, or a part of another derivative.
 */
export function likeLeaf(who: string, leaf: unknown, ct: Value | undefined): MaybePromise<unknown> {
  if (typeof leaf === "number") return ct === undefined ? 0 : readNumber(ct);
  if (leaf instanceof Tensor) {
    if (ct === undefined) return leaf.weak ? 0 : zeroOf(leaf);
    const like = kindOf(ct) === kindOf(leaf) ? ct : cast(ct, kindOf(leaf));
    if (leaf.weak) return readNumber(like);
    return leaf.device === hostDevice ? atHome(like) : like instanceof HostTensor ? leaf.device.put(like) : apart(like);
  }
  const vendor = vendorLeaf(leaf);
  if (vendor !== null) return whenDone(likeLeaf(who, vendor.toTensor(), ct), (like) => vendor.fromTensor(like as Tensor));
  if (Array.isArray(leaf)) return whenDone(all(unstack((ct ?? zeros([leaf.length])) as Tensor, 0).map(readNumber)), (numbers) => numbers);
  const array = leaf as Float64Array | Float32Array;
  if (ct === undefined) return array instanceof Float64Array ? new Float64Array(array.length) : new Float32Array(array.length);
  return readArray(who, ct, array);
}

/** A derivative on the device of the argument that it belongs to: one that is constant was made on the host. */
export function beside(y: Value, x: Value): Value {
  return y instanceof HostTensor && x instanceof Tensor && !x.weak && x.device !== hostDevice ? x.device.put(y) : y;
}

function zeroOf(x: Tensor): Tensor {
  const zero = zeros(x.shape, x.dtype);
  return x.device === hostDevice ? zero : x.device.put(zero as HostTensor);
}

/**
 * A tensor on the host, as its argument was; from a device that reads asynchronously only where the operator gives a
 * promise: else it stays there.
 */
export function atHome(x: Value): MaybePromise<Value> {
  if (typeof x === "number" || x.device === hostDevice || isWatched(x)) return x;
  if (x.device.reads === "sync") return new HostTensor(x.shape, x.dtype, x.dataSync());
  return mayAwait() ? x.data().then((data) => new HostTensor(x.shape, x.dtype, data)) : apart(x);
}

/** A number that an engine computed as a tensor, as a plain number; as it is where a derivative is being taken. */
export function readNumber(ct: Value): MaybePromise<Value> {
  if (typeof ct === "number" || ct.trace !== null) return ct;
  if (isWatched(ct)) return ct.weak ? ct : cast(ct, "number");
  return ct.device.reads === "sync" ? ct.item() : ct.data().then((data) => data[0]!);
}

function readArray(who: string, ct: Value, like: Float64Array | Float32Array): MaybePromise<TypedArray> {
  if (typeof ct !== "number" && isBeingDifferentiated(ct)) {
    throw new UnsupportedError(
      `${who}: the gradient of a typed array is being differentiated by ${ct.trace?.kind ?? ct.device.name}, and a typed array cannot carry that. Pass a tensor.`,
    );
  }
  const convert = (data: TypedArray): TypedArray => {
    if (data instanceof Float64Array === like instanceof Float64Array) return data;
    return like instanceof Float64Array ? new Float64Array(data) : new Float32Array(data);
  };
  if (typeof ct === "number") return convert(Float64Array.of(ct));
  return ct.device.reads === "sync" ? convert(ct.dataSync()) : ct.data().then(convert);
}
