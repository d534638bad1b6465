import { AutodiffError, AutoTape, backendOf, defineADType, mul, registerBackend, UnsupportedError, type Backend } from "@polyad/core/extend";
import "@polyad/backend-tape";
import { checks, htmlReport, printReport, runSuite, testBackend, type Check, type SuiteOptions } from "@polyad/conformance";
import { describe, expect, expectTypeOf, test } from "vitest";

const tape = backendOf(AutoTape());

/** The tape with something about it changed. */
function variant(tag: string, changes: Partial<Omit<Backend, "capabilities">> & { capabilities?: Partial<Backend["capabilities"]> }): ReturnType<ReturnType<typeof defineADType>> {
  registerBackend({ ...tape, ...changes, adtype: tag, capabilities: { ...tape.capabilities, ...changes.capabilities } });
  return defineADType(tag, "sync")();
}

const quick = ({ group, name }: Check): boolean => group === "scenarios" && /^(vector → number|activity|points: mul)/.test(name);

// Before wrong engines are loaded, for random programs compare all.
test("an engine of first order meets random programs, too", async () => {
  const only = ({ group }: Check): boolean => group === "programs";
  const right = variant("first order", { capabilities: { order: 1 } });
  expect((await runSuite([right], { only, runs: 2 })).map(({ outcome }) => outcome.status)).toEqual(["pass"]);
  const wrong = variant("wrong first order", {
    capabilities: { order: 1 },
    pullback: (f, xs, token) => {
      const right = tape.pullback!(f, xs, token);
      return { ...right, pull: (cts) => right.pull(cts).map((g) => (g === undefined ? g : mul(1 + 1e-9, g))) };
    },
  });
  expect((await runSuite([wrong], { only, runs: 2 })).map(({ outcome }) => outcome.status)).toEqual(["FAIL"]);
});

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
  test("f that runs twice, with what to do about it", async () => {
    const ad = variant("twice", { pullback: (f, xs, token) => (f(xs), tape.pullback!(f, xs, token)) });
    const report = printReport(await runSuite([ad], { only: ({ name }) => name === "f is called once" }));
    expect(report).toMatch(/^contract: f runs once, and gradient ran it 2 times\. Carry several tangents through one run, .* \(batched\);/m);
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
  test("an UnsupportedError that nothing foretells is a failure", async () => {
    const ad = variant("refusing", {
      pullback: () => {
        throw new UnsupportedError("refusing: not today.");
      },
    });
    const results = await runSuite([ad], { only: quick });
    expect(results.map(({ outcome }) => outcome.status)).toContain("FAIL");
    expect(results.map(({ outcome }) => outcome.status)).not.toContain("unsupported");
    expect(printReport(results)).toMatch(/^refusing: not today\.\nrefusing refuses what it does not declare to be beyond it\. Declare it in its capabilities/m);
  });
  test("an accuracy of its own, which the report states", async () => {
    const of = (accuracy: number): ReturnType<typeof variant> => variant(`rough ${accuracy}`, { capabilities: { accuracy: () => accuracy } });
    const results = await runSuite([of(1e-3)], { only: quick });
    for (const report of [printReport(results), htmlReport(results, { runs: 1, seed: 1 })]) {
      expect(report).toContain("rough 0.001: held to the accuracy that it declares: values 1.0e-3 in float64, 1.0e-3 in float32; first derivatives 1.0e-3 in float64, 1.0e-3 in float32; second");
    }
    expect(printReport(await runSuite([AutoTape()], { only: quick }))).not.toContain("declares");
    for (const none of [Infinity, NaN, -1, 0.5]) await expect(runSuite([of(none)], { only: quick })).rejects.toThrow("Nothing could be held to that.");
  });
  test("an accuracy at one order alone is stated, too; and none at orders to which the engine is not held", async () => {
    const none = variant("no seconds", { capabilities: { accuracy: (_dtype, order) => (order < 2 ? 0 : 1e9) } });
    const firstOnly = variant("firsts", { capabilities: { order: 1, accuracy: (_dtype, order) => (order < 2 ? 0 : 1e9) } });
    const report = printReport(await runSuite([none, firstOnly], { only: quick }));
    expect(report).toContain("no seconds: held to the accuracy that it declares: second derivatives 1.0e+9 in float64, 1.0e+9 in float32; third derivatives 1.0e+9");
    expect(report).not.toContain("firsts: held");
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
  test.each<[string, unknown, RegExp]>([
    ["no reason", [{ ops: ["mul"] }], /^skip: entry 0 has no reason\. Say why/],
    ["an empty reason", [{ reason: "" }], /^skip: entry 0 has no reason/],
    ["a blank reason", [{ reason: "later", ops: ["mul"] }, { reason: " " }], /^skip: entry 1 has no reason/],
    ["a key that there is not", [{ reason: "later", op: ["mul"] }], /^skip: entry 0 has op, which is none of reason, groups, scenarios, laws, ops\.$/],
    ["no list", [{ reason: "later", ops: "mul" }], /^skip: the ops of entry 0 must be a list of names/],
    ["a name that nothing has", [{ reason: "later", ops: ["mull"] }], /^skip: the ops of entry 0 have "mull", which no check is about\.$/],
    ["a group that there is not", [{ reason: "later", groups: ["program"] }], /^skip: the groups of entry 0 have "program"/],
    ["nothing that it is about", [{ reason: "later" }], /^skip: entry 0 names nothing, so that everything would be left out/],
    ["a list that is undefined", [{ reason: "later", ops: undefined }], /^skip: the ops of entry 0 must be a list of names, .* got undefined/],
    ["one alone", { reason: "later" }, /^skip: expected a list/],
  ])("nor at run time: %s", async (_, given, message) => {
    const suite = (): unknown => Reflect.apply(runSuite, undefined, [[AutoTape()], { skip: given }]);
    await expect(suite()).rejects.toThrow(message);
    await expect(suite()).rejects.toThrow(AutodiffError);
    expect(() => Reflect.apply(testBackend, undefined, [AutoTape(), { skip: given }])).toThrow(message);
  });
  test("what `only` leaves out is counted", async () => {
    const results = await runSuite([AutoTape()], { only: quick });
    const line = `Only a part: ${checks.length - results.length} of ${checks.length} checks were left out`;
    expect(printReport(results)).toContain(line);
    expect(htmlReport(results, { runs: 1, seed: 1 })).toContain(line);
    expect(printReport(checks.map((check) => ({ engine: "all", check, outcome: { status: "pass" }, milliseconds: 0 })))).not.toContain("left out");
  });
});

describe("what lives on a device", () => {
  let count = 0;
  const live = (): number => count;
  const outcomes = async (tag: string, pullback: NonNullable<Backend["pullback"]>): Promise<string[]> => {
    const results = await runSuite([variant(tag, { pullback })], { only: ({ name }) => name === "activity: an empty tensor", live });
    return results.map(({ outcome }) => (outcome.status === "FAIL" ? outcome.error.message : outcome.status));
  };

  test("must be as much after a check as before", async () => {
    const disposed = (change: number): NonNullable<Backend["pullback"]> => (f, xs, ad) => {
      count++;
      const { dispose, ...rest } = tape.pullback!(f, xs, ad);
      return { ...rest, dispose: () => void (dispose(), (count += change)) };
    };
    expect(await outcomes("frees", disposed(-1))).toEqual(["pass"]);
    expect(await outcomes("leaks", disposed(0))).toEqual([expect.stringMatching(/^\d device tensors were left$/)]);
    expect(await outcomes("frees twice", disposed(-2))).toEqual([expect.stringMatching(/^\d device tensors were freed that the check had not made$/)]);
  });
  test("also where the check ends with an error, or is refused", async () => {
    const throwing = (error: Error): NonNullable<Backend["pullback"]> => () => {
      count++;
      throw error;
    };
    expect(await outcomes("throws", throwing(new Error("broken")))).toEqual(["broken\n1 device tensors were left"]);
    expect(await outcomes("refuses", throwing(new UnsupportedError("not today")))).toEqual([expect.stringMatching(/^not today\nrefuses refuses [^]*\n1 device tensors were left$/)]);
  });
});
