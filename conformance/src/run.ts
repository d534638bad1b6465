import type { ADType } from "@polyad/core/extend";
import { defaultRuns, defaultSeed, runCheck, type Check, type Result, type RunOptions } from "./check.js";
import { engineOf } from "./engine.js";
import { checkSkips, type Skip } from "./skip.js";
import { checks } from "./suite.js";

export interface SuiteOptions extends Partial<RunOptions> {
  /** What the engine cannot be held to, each with its reason; the report shows them. */
  readonly skip?: readonly Skip[];
  /** A filter for development: which checks to run, all unless said. The report says how many it left out, not why. */
  readonly only?: (check: Check) => boolean;
  /** Told of every result as it comes. */
  readonly progress?: (result: Result) => void;
}

/**
 * Holds engines to all of Polyad's promises, one after the other, and gives the results as data. What an engine cannot be
 * held to is said by its capabilities, or by `skip` with a reason; `only` is a filter for development.
 *
 * @throws AutodiffError, as a rejection, for a skip without a reason.
 */
export async function runSuite(engines: readonly ADType[], { runs = defaultRuns, seed = defaultSeed, path, modules, live, skip = [], only = () => true, progress }: SuiteOptions = {}): Promise<Result[]> {
  checkSkips(skip);
  const results: Result[] = [];
  for (const engine of engines.map(engineOf)) {
    for (const check of checks.filter(only)) {
      const result = await runCheck(check, engine, { runs, seed, path, modules, live }, skip);
      progress?.(result);
      results.push(result);
    }
  }
  return results;
}
