import type { MaybePromise } from "../backend.js";
import type { GradientBuffers } from "../types.js";
import { makeBuffers, pour } from "./buffers.js";
import { functor, leaf } from "./functor.js";
import { TreeError } from "../errors.js";
import { checkOptions } from "../options.js";

class ConstMark<T> {
  static readonly name: string = "Const";
  readonly activity = "const";

  static {
    leaf(this);
  }

  constructor(readonly value: T) {}
}

class DuplicatedMark<T> {
  static readonly name: string = "Duplicated";
  readonly activity = "duplicated";
  /** The gradient, in a tree like it: numbers in their places, a typed array for each tensor and typed array. */
  buffers: GradientBuffers<T>;
  /** Whether each gradient replaces the last, instead of being added to it. */
  readonly zero: boolean;

  static {
    const value = (): never => {
      throw new TreeError("Duplicated(x) stands for a whole argument of an operator, not for a part of one. Wrap the argument itself.");
    };
    Object.defineProperty(this.prototype, functor, { value });
  }

  constructor(
    readonly value: T,
    options: DuplicatedOptions<T>,
  ) {
    checkOptions("Duplicated", options, ["buffers", "zero"]);
    this.zero = options.zero ?? true;
    this.buffers = options.buffers ?? makeBuffers(value);
  }

  /** Takes a gradient into the buffers; where it lives on a device that reads asynchronously, when the promise is kept. */
  fill(gradient: unknown): MaybePromise<void> {
    const poured = pour(this.buffers, gradient, this.zero);
    if (poured instanceof Promise) return poured.then((buffers) => this.keep(buffers));
    this.keep(poured);
  }

  private keep(buffers: unknown): void {
    this.buffers = buffers as GradientBuffers<T>;
  }
}

/** An argument, or part of one, that passes through undifferentiated; its gradient is null. */
export type Const<T> = ConstMark<T>;

/** An argument that carries buffers for its gradient. */
export type Duplicated<T> = DuplicatedMark<T>;

export interface DuplicatedOptions<T> {
  /** Buffers to fill, as another `Duplicated` of a like value has them; new zeroed ones if absent. */
  readonly buffers?: GradientBuffers<T> | undefined;
  /** False adds each gradient to what the buffers hold. True unless said. */
  readonly zero?: boolean | undefined;
}

/**
 * Marks an argument, or part of one, as constant: f sees x itself, and the gradient is null.
 *
 * @example
 * gradient((x, y) => mul(x, y), AutoTape(), 2, Const(3)) // [3, null]
 */
export function Const<T>(x: T): Const<T> {
  return new ConstMark(x);
}

/**
 * An argument with buffers for its gradient, which every call fills, or adds to with `zero: false`.
 *
 * @example
 * const model = Duplicated({ a: 3, b: tensor([1, 2]) });
 * gradient((x, m) => sum(mul(m.a, mul(m.b, x))), AutoTape(), Const(5), model);
 * model.buffers // { a: 15, b: [15, 15] }
 */
export function Duplicated<T>(x: T, options: DuplicatedOptions<T> = {}): Duplicated<T> {
  return new DuplicatedMark(x, options);
}

export function isConst(x: unknown): x is Const<unknown> {
  return x instanceof ConstMark;
}

export function isDuplicated(x: unknown): x is Duplicated<unknown> {
  return x instanceof DuplicatedMark;
}
