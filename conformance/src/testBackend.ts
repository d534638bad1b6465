import type { ADType } from "@polyad/core/extend";
import { describe, test } from "vitest";
import { beyond, defaultRuns, defaultSeed, runCheck, skipped, type RunOptions, type Skip } from "./check.js";
import { engineOf } from "./engine.js";
import { checks } from "./suite.js";

export interface TestOptions extends Partial<RunOptions> {
  /** What the engine cannot be held to, each with its reason; the report shows them. */
  readonly skip?: readonly Skip[];
}

/**
 * Declares a vitest suite that holds an engine to all of Polyad's promises: scenarios with closed-form answers, laws over
 * random inputs, random programs, errors, and resources. What the engine declares to be beyond it is skipped with that
 * reason; what it refuses without having declared it is a failure.
 *
 * @example
 * testBackend(AutoTape());
 * testBackend(AutoMine(), { skip: [{ reason: "no complex step through abs", ops: ["abs"] }] });
 */
export function testBackend(ad: ADType, { skip = [], runs = defaultRuns, seed = defaultSeed }: TestOptions = {}): void {
  const engine = engineOf(ad);
  describe.each([...new Set(checks.map(({ group }) => group))])(`${engine.name}: %s`, (group) => {
    for (const check of checks.filter((each) => each.group === group)) {
      test(check.name, async ({ skip: leaveOut }) => {
        const reason = beyond(engine, check.needs) ?? skipped(check, skip);
        if (reason !== undefined) leaveOut(reason);
        const { outcome } = await runCheck(check, engine, { runs, seed });
        if (outcome.status === "FAIL") throw outcome.error;
        if (outcome.status === "unsupported") throw new Error(`${engine.name} refuses what it does not declare to be beyond it: ${outcome.reason} Declare it in its capabilities, or with skip: [{ reason, … }].`);
      });
    }
  });
}
