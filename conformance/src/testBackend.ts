import type { ADType } from "@polyad/core/extend";
import { describe, test } from "vitest";
import { defaultRuns, defaultSeed, exemption, runCheck } from "./check.js";
import { engineOf } from "./engine.js";
import type { SuiteOptions } from "./run.js";
import { checks } from "./suite.js";

/**
 * Declares a vitest suite that holds an engine to all of Polyad's promises: scenarios with closed-form answers, laws over
 * random inputs, random programs, errors, and resources. What the engine declares to be beyond it is skipped with that
 * reason; what it refuses without having declared it is a failure.
 *
 * @example
 * testBackend(AutoTape());
 * testBackend(AutoMine(), { skip: [{ reason: "no complex step through abs", ops: ["abs"] }] });
 */
export function testBackend(ad: ADType, { skip = [], runs = defaultRuns, seed = defaultSeed, live, only = () => true }: Omit<SuiteOptions, "progress"> = {}): void {
  const engine = engineOf(ad);
  const chosen = checks.filter(only);
  describe.each([...new Set(chosen.map(({ group }) => group))])(`${engine.name}: %s`, (group) => {
    for (const check of chosen.filter((each) => each.group === group)) {
      const exempt = exemption(check, engine, skip);
      test(check.name, { timeout: 120_000 }, async (context) => {
        if (exempt !== undefined) context.skip(exempt.reason);
        const { outcome } = await runCheck(check, engine, { runs, seed, live });
        if (outcome.status === "FAIL") throw outcome.error;
        if (outcome.status === "unsupported") throw new Error(`${engine.name} refuses what it does not declare to be beyond it: ${outcome.reason} Declare it in its capabilities, or with skip: [{ reason, … }].`);
      });
    }
  });
}
