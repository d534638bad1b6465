import { AutoTape, backendOf, defineADType, mul, registerBackend, UnsupportedError, type Backend } from "@polyad/core/extend";
import "@polyad/backend-tape";
import { htmlReport, printReport, runSuite, testBackend, type Check, type SuiteOptions } from "@polyad/conformance";
import { describe, expect, expectTypeOf, test } from "vitest";

const tape = backendOf(AutoTape());

/** The tape with something about it changed. */
function variant(tag: string, changes: Partial<Omit<Backend, "capabilities">> & { capabilities?: Partial<Backend["capabilities"]> }): ReturnType<ReturnType<typeof defineADType>> {
  registerBackend({ ...tape, ...changes, adtype: tag, capabilities: { ...tape.capabilities, ...changes.capabilities } });
  return defineADType(tag, "sync")();
}

const quick = ({ group, name }: Check): boolean => group === "scenarios" && /^(vector → number|activity|points: mul)/.test(name);

describe("an engine that is wrong fails", () => {
  test("twice the gradient", async () => {
    const ad = variant("doubling", {
      pullback: (f, xs, token) => {
        const right = tape.pullback!(f, xs, token);
        return { ...right, pull: (cts) => right.pull(cts).map((g) => (g === undefined ? g : mul(2, g))) };
      },
    });
    const results = await runSuite([ad], { only: quick });
    const failed = results.filter(({ outcome }) => outcome.status === "FAIL");
    expect(failed.length).toBeGreaterThan(results.length / 2);
    expect(printReport(results)).toMatch(/FAIL doubling: scenarios: vector → number[^]*off by/);
    const page = htmlReport(results, { runs: 1, seed: 1 });
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/<(script|link|img)[^>]+(src|href)=/);
  });
});

describe("what an engine is not held to has a reason", () => {
  test("declared dtypes and orders", async () => {
    const ad = variant("single", { capabilities: { dtypes: ["float64"], order: 1 } });
    const results = await runSuite([ad], { only: quick });
    expect(results.filter(({ outcome }) => outcome.status === "FAIL")).toEqual([]);
    const reasons = new Set(results.flatMap(({ outcome }) => ("reason" in outcome ? [outcome.reason] : [])));
    expect([...reasons].sort()).toEqual(["derivatives of order 2: it declares 1", "float32: it takes float64"]);
  });
  test("an UnsupportedError tells its own", async () => {
    const ad = variant("refusing", {
      pullback: () => {
        throw new UnsupportedError("refusing: not today.");
      },
    });
    const [result] = await runSuite([ad], { only: ({ name }) => name === "activity: an empty tensor" });
    expect(result!.outcome).toEqual({ status: "unsupported", reason: "refusing: not today." });
  });
  test("skips by op, scenario and law", async () => {
    const skip = [{ reason: "by choice", ops: ["mul"], scenarios: ["points"] }];
    const results = await runSuite([AutoTape()], { only: quick, skip });
    const skipped = results.filter(({ outcome }) => outcome.status === "skipped");
    expect(skipped.map(({ check }) => check.name)).toEqual(results.map(({ check }) => check.name).filter((name) => name.startsWith("points")));
  });
  test("there is no skip without a reason", () => {
    expectTypeOf(testBackend).parameter(1).toEqualTypeOf<Omit<SuiteOptions, "progress"> | undefined>();
    // @ts-expect-error a reason is missing
    const options: SuiteOptions = { skip: [{ ops: ["mul"] }] };
    expect(options.skip).toHaveLength(1);
  });
});
