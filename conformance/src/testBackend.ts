import type { ADType } from "@polyad/core/extend";
import { describe, test } from "vitest";
import { defaultRuns, defaultSeed, exemption, runCheck, type Result, type RunOptions } from "./check.js";
import { engineOf } from "./engine.js";
import { optionsAlone } from "./replay.js";
import { leftOutOf } from "./report.js";
import type { SuiteOptions } from "./run.js";
import { checkSkips } from "./skip.js";
import { checks } from "./suite.js";

/**
 * Declares a vitest suite that holds an engine to all of Polyad's promises: scenarios with closed-form answers, laws over
 * random inputs, random programs, errors, and resources. What the engine declares to be beyond it is skipped with that
 * reason; what it refuses without having declared it is a failure. Other checks are left out by `skip`, each with its reason;
 * `only` is a filter for development, which gives none: how many checks it left out is the name of a skipped test.
 *
 * @throws AutodiffError for a skip without a reason.
 * @example
 * testBackend(AutoTape());
 * testBackend(AutoMine(), { skip: [{ reason: "no complex step through abs", ops: ["abs"] }] });
 */
export function testBackend(ad: ADType, { skip = [], runs = defaultRuns, seed = defaultSeed, path, modules, live, only = () => true }: Omit<SuiteOptions, "progress"> = {}): void {
  checkSkips(skip);
  const engine = engineOf(ad);
  const chosen = checks.filter(only);
  for (const note of leftOutOf(new Set(chosen))) test(`${engine.name}: ${note}`, (context) => context.skip(note));
  for (const group of new Set(chosen.map((check) => check.group))) {
    describe(`${engine.name}: ${group}`, () => {
      const own = chosen.filter((check) => check.group === group);
      for (const subject of new Set(own.map((check) => check.subject))) {
        const about = own.filter((check) => check.subject === subject);
        test(`${subject}`, { timeout: 120_000 }, async (context) => {
          const exempt = about.map((check) => exemption(check, engine, skip));
          const reasons = [...new Set(exempt.flatMap((e) => (e === undefined ? [] : [e.reason])))].join("; ");
          if (exempt.every((e) => e !== undefined)) context.skip(reasons);
          if (reasons !== "") await context.annotate(reasons, "not held");
          const results = [];
          for (const check of about.filter((_, i) => exempt[i] === undefined)) results.push(await runCheck(check, engine, { runs, seed, path, modules, live }));
          report(results, { runs, seed });
        });
      }
    });
  }
}

/** @throws Error telling all failures, with the first one's trace. */
function report(results: readonly Result[], options: RunOptions): void {
  const failures = results.flatMap((result) => {
    const { check, outcome } = result;
    return outcome.status === "FAIL" ? [{ message: `${check.name}: ${outcome.error.message}\nAlone: ${optionsAlone(result, options)}`, cause: outcome.error }] : [];
  });
  if (failures.length > 0) throw new Error(failures.map(({ message }) => message).join("\n"), { cause: failures[0]!.cause });
}
