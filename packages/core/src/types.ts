import type { ADType } from "./adtypes.js";
import type { MaybePromise } from "./backend.js";
import type { TypedArray } from "./dtype.js";
import type { LeafTypes } from "./index.js";
import type { Tensor, Value } from "./tensor.js";
import type { Const, Duplicated } from "./tree/activity.js";
import type { Functor } from "./tree/functor.js";

type Leaf = LeafTypes[keyof LeafTypes][0];
type TracedLeaf<T> = { [K in keyof LeafTypes]: T extends LeafTypes[K][0] ? LeafTypes[K][1] : never }[keyof LeafTypes];
type GradientLeaf<T> = { [K in keyof LeafTypes]: T extends LeafTypes[K][0] ? Third<LeafTypes[K]> : never }[keyof LeafTypes];
type Third<E extends readonly unknown[]> = E extends readonly [infer Stored, unknown] ? Stored : E[2];

/** What passes through trees as it is. Asked after Maps, which would pass for sets. */
type Inert =
  | string | boolean | bigint | symbol | null | undefined
  | Date | RegExp | Promise<unknown> | ReadonlySet<unknown> | WeakMap<WeakKey, unknown> | WeakSet<WeakKey> | ArrayBufferLike | ADType;
type Callable = Function; // also of a signature that is not known

/**
 * What f sees of an argument of type T: numbers as `Value`, typed arrays as `Tensor`, marks taken off, containers of
 * the same kind. A model or object whose fields look the same inside is simply a T.
 */
export type Traced<T> = unknown extends T
  ? T
  : T extends Const<infer U>
    ? U
    : T extends Duplicated<infer U>
      ? Traced<U>
      : T extends number
        ? Value
        : T extends Leaf
          ? TracedLeaf<T>
          : T extends Map<infer K, infer V>
            ? Map<K, Traced<V>>
            : T extends ReadonlyMap<infer K, infer V>
              ? ReadonlyMap<K, Traced<V>>
              : T extends Inert | Functor | Callable
                ? T
                : T extends readonly unknown[]
                  ? { -readonly [K in keyof T]: Traced<T[K]> }
                  : TracedFields<T> extends Pick<T, keyof T>
                    ? T
                    : TracedFields<T>;

/** An object's fields as f sees them. */
export type TracedFields<F> = { [K in keyof F]: Traced<F[K]> };

/**
 * The gradient with respect to a T: numbers for numbers, tensors for tensors, typed arrays for typed arrays, arrays and
 * Maps of these, plain objects for layers and class instances; null for what has no derivative.
 */
export type Gradient<T> = unknown extends T
  ? T
  : T extends Const<unknown>
    ? null
    : T extends Duplicated<infer U>
      ? Gradient<U>
      : T extends number
        ? number
        : T extends Leaf
          ? GradientLeaf<T>
          : T extends ReadonlyMap<infer K, infer V>
            ? Map<K, Gradient<V>>
            : T extends Inert
              ? null
              : T extends Functor<infer C>
                ? Gradient<C>
                : T extends Callable
                  ? null
                  : T extends object
                    ? { -readonly [K in keyof T]: Gradient<T[K]> }
                    : null;

/** The derivative of a result of type R. */
export type Derivative<R> = Gradient<R>;

/** Where a prepared operator writes a result of type R: a typed array for each number, tensor and typed array. */
export type Buffers<R> = R extends number
  ? Float64Array<ArrayBuffer>
  : R extends Tensor
    ? TypedArray
    : R extends Leaf | null
      ? R
      : R extends Map<infer K, infer V>
        ? Map<K, Buffers<V>>
        : { -readonly [K in keyof R]: Buffers<R[K]> };

/** Where `Duplicated` keeps the gradient of a T: a typed array for each tensor and typed array, numbers in their places. */
export type GradientBuffers<T> = Kept<Gradient<T>>;
type Kept<G> = G extends number | null
  ? G
  : G extends Tensor
    ? Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer>
    : G extends Leaf
      ? G
      : G extends Map<infer K, infer V>
        ? Map<K, Kept<V>>
        : { [K in keyof G]: Kept<G[K]> };

/** A Jacobian: Y's tree on the outside, X's inside. Arrays of numbers are one block on either side. */
export type Jacobian<Y, X> = unknown extends Y
  ? unknown
  : Y extends number
    ? JacobianRow<number, X>
    : Y extends Leaf
      ? JacobianRow<Tensor, X>
      : Y extends Tensors
        ? { -readonly [K in keyof Y]: Jacobian<Y[K], X> }
        : Y extends Numbers
          ? JacobianRow<Tensor, X>
      : Y extends ReadonlyMap<infer K, infer V>
        ? Map<K, Jacobian<V, X>>
        : Y extends Inert
          ? null
          : Y extends Functor<infer C>
            ? Jacobian<C, X>
            : Y extends Callable
              ? null
              : { -readonly [K in keyof Y]: Jacobian<Y[K], X> };

/** One row of blocks, for a result of kind Y. */
type JacobianRow<Y extends Value, X> = unknown extends X
  ? unknown
  : X extends Const<unknown>
    ? null
    : X extends Duplicated<infer U>
      ? JacobianRow<Y, U>
      : X extends number
        ? Y
        : X extends Leaf
          ? GradientLeaf<X> extends null
            ? null
            : Tensor
          : X extends Tensors
            ? { -readonly [K in keyof X]: JacobianRow<Y, X[K]> }
            : X extends Numbers
            ? Tensor
            : X extends ReadonlyMap<infer K, infer V>
              ? Map<K, JacobianRow<Y, V>>
              : X extends Inert
                ? null
                : X extends Functor<infer C>
                  ? JacobianRow<Y, C>
                  : X extends Callable
                    ? null
                    : { -readonly [K in keyof X]: JacobianRow<Y, X[K]> };

/** An array of numbers, or of what stands for them inside f. */
type Numbers = readonly Value[];

/** A list of tensors is a container: a block for each. */
type Tensors = readonly Tensor[];

/** An operator's result: a value from a sync engine, a promise from an async one; either where the token's type is wide. */
export type Run<A extends ADType, R> = A["execution"] extends "sync" ? R : A["execution"] extends "async" ? Promise<R> : MaybePromise<R>;

/** The arguments of f where the operator gets T. */
export type Args<T extends readonly unknown[]> = { -readonly [K in keyof T]: Traced<T[K]> };

/** One gradient per argument. */
export type Gradients<T extends readonly unknown[]> = { -readonly [K in keyof T]: Gradient<T[K]> };

/** What a prepared operator takes where its example was T: arguments without their marks, and any numbers for numbers. */
export type Bare<T extends readonly unknown[]> = { [K in keyof T]: Like<T[K] extends Const<infer U> | Duplicated<infer U> ? U : T[K]> };

/** A T whose literal numbers may be others: `3` is any number, `readonly [1, 2]` any two of them. */
type Like<T> = T extends number
  ? number
  : T extends Leaf | Inert | Functor | Callable | ReadonlyMap<unknown, unknown>
    ? T
    : { readonly [K in keyof T]: Like<T[K]> } extends Pick<T, keyof T>
      ? T
      : { readonly [K in keyof T]: Like<T[K]> };

/** A function with fields, as `defineLayer` and `callable` make them. */
export type Layer<F extends object, A extends unknown[], R> = { (...args: A): R } & Readonly<F> & Functor<F>;
