import type { FlatFunction } from "../backend.js";
import { AutodiffError } from "../errors.js";
import { requireToken } from "../held.js";
import { Runs } from "../runs.js";
import { describe, type Value } from "../tensor.js";
import { isConst, isDuplicated } from "../tree/activity.js";
import { Arguments, type AnyFunction, type Granularity } from "./arguments.js";
import { resultOf, type Result } from "./result.js";

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
    refuseMarks(who, consts);
    const inputs = new Arguments(who, [x], granularity);
    const runs = new Runs();
    this.inputs = inputs;
    this.flat = (xs: readonly Value[]) => {
      const y = read(who, runs.run(() => inputs.apply(f, xs, ...consts)), granularity);
      this.first ??= y;
      return y.values;
    };
  }

  /** The form of what f returned first: engines that sample f around x call it at x before. */
  get result(): Result {
    return this.first!;
  }
}

/** @throws AutodiffError where what is constant anyway is marked as such, or as differentiated. */
export function refuseMarks(who: string, consts: readonly unknown[]): void {
  const marked = consts.find((c) => isConst(c) || isDuplicated(c));
  if (marked !== undefined) throw new AutodiffError(`${who}: a later argument is marked ${isConst(marked) ? "Const" : "Duplicated"}. All but the first are constants here: pass it as it is.`);
}
