import type { DType } from "./dtype.js";
import type { ADType } from "./adtypes.js";
import type { Value } from "./tensor.js";

/**
 * The contract. An engine differentiates functions between flat lists of values; core does all the work on trees,
 * checks arguments and results, and derives every operator from a pullback or a pushforward.
 *
 * Rules: `f` is called once, save by engines that can only sample it. What is `undefined` is a zero. A cotangent or tangent has the shape and dtype of its
 * value; a number's is a number. An exception thrown by `f` passes through, and leaves nothing behind.
 *
 * Ownership: neither side changes a list or a tensor that it has from the other. What an engine returns may be what it was
 * given, inputs and seeds included, and the same tensor may be there twice: core hands out each as a tensor of its own.
 */
export interface Backend<A extends ADType = ADType> {
  /** The tag of the tokens that name this engine. */
  readonly adtype: A["adtype"];
  readonly capabilities: Capabilities<A>;

  /** Reverse mode: y = f(x), and the map ct ↦ Jᵀ·ct. */
  pullback?(f: FlatFunction, xs: readonly Value[], ad: A): Pullback;

  /** Forward mode: y = f(x), and J·dx for each of several tangents. */
  pushforward?(f: FlatFunction, xs: readonly Value[], tangents: readonly Tangents[], ad: A): Pushforward;

  /**
   * Any operator may be given natively. f returns the loss first, then results that are passed through; `grads` are
   * the gradients of the loss.
   */
  withgradient?(f: FlatFunction, xs: readonly Value[], ad: A): MaybePromise<{ ys: readonly Value[]; grads: Tangents }>;

  /** Throws where the engine could not work now, a device being missing or lost. Asked when an operator is prepared. */
  check?(ad: A): void;
}

/** A function between flat lists of numbers and tensors. */
export type FlatFunction = (xs: readonly Value[]) => readonly Value[];

/** One tangent or cotangent per value; `undefined` is a zero. */
export type Tangents = readonly (Value | undefined)[];

export interface Pullback {
  readonly ys: readonly Value[];
  /** ct ↦ Jᵀ·ct; may be called any number of times until disposed. */
  pull(cts: Tangents): Tangents;
  /** Frees what the engine kept; what `pull` gave stays. Called once, after the last `pull`. */
  dispose(): void;
}

export interface Pushforward {
  readonly ys: readonly Value[];
  /** One J·dx per tangent given. */
  readonly tangents: readonly Tangents[];
}

export type MaybePromise<T> = T | Promise<T>;

/** What an engine can do. Core chooses algorithms by these, refuses what is missing, and prints them in the matrix. */
export interface Capabilities<A extends ADType = ADType> {
  /** What a pass in each direction costs: "fast" is a small constant times f. Absent: derived from the other. */
  readonly forward?: "fast" | "slow";
  readonly reverse?: "fast" | "slow";
  /** dtypes of active values. */
  readonly dtypes: readonly DType[];
  /** Highest order of derivative, by nesting the engine in itself. */
  readonly order: number;
  readonly execution: "sync" | "async";
  /** Devices on which active values may live; every device unless said. */
  readonly devices?: readonly string[];
  /** Whether `f` may branch on values. */
  readonly controlFlow: boolean;
  /**
   * Traceable: works on tracers of other engines as on numbers, so it nests. Opaque: needs concrete values; a
   * derivative from outside is refused.
   */
  readonly traceable: boolean;
  /**
   * Works from samples: calls f many times near x, so that conventions at kinks, and what f does at a finer scale than
   * x's own, are out of its reach.
   */
  readonly samples?: boolean;
  /**
   * Relative error of derivatives of this order (0: of values) of a well-conditioned function of size one. Unless said,
   * values are those of f outside of the engine, and each order of derivative loses four bits to rounding after four.
   */
  accuracy?(dtype: DType, order: number, ad: A): number;
  /** Tangents to push in one pass of `pushforward`, of n in all: a whole number of at least 1, or Infinity; 32 unless said. */
  chunk?(n: number, ad: A): number;
}
