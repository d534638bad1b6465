import { another } from "../another.js";
import type { Value } from "../tensor.js";
import { apart, at, hasStandIn, standIn, watching, type Trace } from "../trace.js";

/**
 * Runs a user's f as seen from `level`, outside of the traces that watch its arguments. A value of these that f
 * captured, instead of taking it as an argument, is an error and not a silent constant.
 */
export function outside(who: string, level: Trace | null, f: (xs: readonly Value[]) => readonly Value[], xs: readonly Value[]): Value[] {
  return at(level, () => {
    const passed = xs.map((x) => (hasStandIn(x) ? another(x) : x)); // f may have captured x, too
    return apart(() => {
      const ys = f(passed).map((y) => standIn(who, y));
      watching(who, ys);
      return ys;
    });
  });
}
