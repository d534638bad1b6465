import type { ADType } from "../adtypes.js";
import type { MaybePromise } from "../backend.js";
import { UnsupportedError } from "../errors.js";
import { isRunning } from "../runs.js";
import { flatten } from "./flatten.js";

/**
 * How a device frees what was made in a scope. Called when a scope opens; what it gives is called when that closes, and
 * gives a function that frees everything made in between, save the survivors: leaves of the result, other libraries' too.
 */
export type ScopeKeeper = () => () => (survivors: readonly unknown[]) => void;

const keepers: ScopeKeeper[] = [];
let open = false;

/** Called by the package of a device whose tensors take more than garbage collection. */
export function registerScope(keeper: ScopeKeeper): void {
  keepers.push(keeper);
}

/**
 * Runs f, then frees the device tensors that were made meanwhile, save those in its result; if it throws, all of them.
 * Every operator is such a scope. Scopes inside of scopes do nothing: what they make may be needed by a derivative. Of an
 * async f, the scope is what runs before its first await.
 *
 * @example
 * scope(() => add(1, 2)) // 3
 */
export function scope<R>(f: () => R): R {
  if (open) return f();
  const closers = keepers.map((keeper) => keeper());
  open = true;
  const close = (): ((survivors: readonly unknown[]) => void) => {
    open = false;
    const frees = closers.map((closer) => closer()).reverse();
    return (survivors) => frees.forEach((free) => free(survivors));
  };
  let result: R;
  try {
    result = f();
  } catch (error) {
    close()([]);
    throw error;
  }
  const free = close();
  if (!(result instanceof Promise)) {
    if (keepers.length > 0) free(flatten(result).leaves);
    return result;
  }
  return result.then(
    (value: unknown) => {
      free(flatten(value).leaves);
      return value;
    },
    (error: unknown) => {
      free([]);
      throw error;
    },
  ) as R;
}

/**
 * What an operator gives: from an async engine a promise, which is rejected where a sync one throws.
 *
 * @throws UnsupportedError for an async engine inside of a function that an operator runs; or where a sync engine worked on a device that reads asynchronously, and a number or typed array
 *   is among the results.
 */
export function delivered<R>(ad: ADType, run: () => MaybePromise<R>): MaybePromise<R> {
  if (ad?.execution === "async") {
    if (isRunning()) {
      throw new UnsupportedError(
        `${ad.adtype}: this engine gives promises, for which a function that is being differentiated cannot wait. Name a synchronous engine inside of it, such as AutoTape(), or SecondOrder(outer, inner).`,
      );
    }
    try {
      return Promise.resolve(awaiting(true, () => scope(run)));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }
  const result = awaiting(false, () => scope(() => undelivered(run())));
  if (!(result instanceof Promise)) return result;
  result.catch(() => {}); // the error that counts is this one
  throw new UnsupportedError(
    `${ad.adtype}: a number or typed array is to be read from a device that reads asynchronously, and this engine gives its results at once. ` +
      "Pass tensors in their place, or use the device's own engine.",
  );
}

/** A promise that nobody will get fails in its scope, which then frees all. */
function undelivered<R>(result: MaybePromise<R>): MaybePromise<R> {
  if (!(result instanceof Promise)) return result;
  return result.then(() => {
    throw new UnsupportedError("nobody waits for this");
  });
}

let awaits = false;

/** Whether the operator that is running gives a promise, and may wait for reads. */
export function mayAwait(): boolean {
  return awaits;
}

function awaiting<R>(may: boolean, run: () => R): R {
  const outer = awaits;
  awaits = may;
  try {
    return run();
  } finally {
    awaits = outer;
  }
}
