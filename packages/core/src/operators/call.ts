import type { FlatFunction } from "../backend.js";
import { AutodiffError } from "../errors.js";
import { requireToken } from "../held.js";
import { Runs } from "../runs.js";
import { describe, type Value } from "../tensor.js";
import { isConst, isDuplicated } from "../tree/activity.js";
import { Arguments, type Granularity } from "./arguments.js";
import { resultOf, type Result } from "./result.js";

/** A user's function, of whatever signature: operators pass it trees that are rebuilt from values. */
export type AnyFunction = (...args: never[]) => unknown;

/** A call of f at one differentiated argument and constants, seen as a function between flat lists. */
export class Call {
  readonly inputs: Arguments;
  /** f on values in the active places of x. */
  readonly flat: FlatFunction;
  private first: Result | undefined;

  constructor(
    readonly who: string,
    f: AnyFunction,
    ad: unknown,
    x: unknown,
    consts: readonly unknown[],
    granularity: Granularity = "leaves",
    read: (who: string, y: unknown, granularity: Granularity) => Result = resultOf,
  ) {
    if (typeof f !== "function") {
      throw new AutodiffError(`${who}: expected a function first, got ${describe(f)}. Call ${who}(f, AutoTape(), x, ...).`);
    }
    requireToken(who, ad);
    const marked = consts.findIndex((c) => isConst(c) || isDuplicated(c));
    if (marked >= 0) throw new AutodiffError(`${who}: argument ${marked + 1} is marked ${isConst(consts[marked]) ? "Const" : "Duplicated"}. All but the first are constants here: pass it as it is.`);
    const inputs = new Arguments(who, [x], granularity);
    const runs = new Runs();
    this.inputs = inputs;
    this.flat = (xs: readonly Value[]) => {
      const y = read(who, runs.run(() => apply(f, [...inputs.rebuild(xs), ...consts])), granularity);
      this.first ??= y;
      return y.values;
    };
  }

  /** The form of what f returned first: engines that sample f around x call it at x before. */
  get result(): Result {
    return this.first!;
  }
}

/** Calls f with arguments that were rebuilt in the form that its type promises. */
export function apply(f: AnyFunction, args: readonly unknown[]): unknown {
  return Reflect.apply(f, undefined, args);
}
