import type { MaybePromise } from "./backend.js";

/**
 * Applies f now, or when the promise is kept: sync engines stay sync. (A module must not export `then`: importing it
 * dynamically would call that.)
 */
export function whenDone<T, R>(x: MaybePromise<T>, f: (x: T) => MaybePromise<R>): MaybePromise<R> {
  return x instanceof Promise ? x.then(f) : f(x);
}

/** All of them, as a promise if one of them is. */
export function all<T>(xs: readonly MaybePromise<T>[]): MaybePromise<T[]> {
  return xs.some((x) => x instanceof Promise) ? Promise.all(xs) : (xs as T[]);
}
