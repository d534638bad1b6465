import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AutoFiniteDiff } from "@polyad/backend-finite-diff";
import { AutoForward } from "@polyad/backend-forward";
import { AutoTape } from "@polyad/backend-tape";
import { AutoTfjs } from "@polyad/backend-tfjs";
import { checks, engineOf, matrixOf, summaryOf, type Result } from "@polyad/conformance";
import { describe, expect, test } from "vitest";
import { exemption } from "../src/check.js";

const root = join(import.meta.dirname, "../..");
const engines = [AutoTape(), AutoForward(), AutoFiniteDiff(), AutoTfjs(), AutoTfjs({ device: "wasm" })].map(engineOf);

/**
 * What packages/*\/test/conformance.test.ts hold: every check passes from which the engine is not exempt, with no skips.
 * They run every one of them; here is only looked at what the page says of that.
 */
const held: readonly Result[] = engines.flatMap((engine) =>
  checks.map((check): Result => ({ engine: engine.name, check, outcome: exemption(check, engine, []) ?? { status: "pass" }, milliseconds: 0 })),
);

test("docs/matrix.json, from which README has its table, is what the engines' suites hold. If not: npm run matrix", () => {
  expect(JSON.parse(readFileSync(join(root, "docs/matrix.json"), "utf8"))).toEqual(summaryOf(held));
});

describe.each(["tape", "forward", "finite-diff", "tfjs"])("the suite of %s", (engine) => {
  const suite = readFileSync(join(root, `packages/backend-${engine}/test/conformance.test.ts`), "utf8");

  test("leaves nothing out", () => {
    expect(suite).toMatch(/^ *testBackend\((Auto\w+\(\)|ad)(?!.*\b(skip|only)\b).*\);$/m);
    if (engine === "tfjs") expect(suite).toContain(`for (const device of ["cpu", "wasm"] as const) {`); // as the page does
  });
  test("loads an exact engine, without which random programs are left out", () => {
    const loaded = [...suite.matchAll(/^import .*"@polyad\/backend-([\w-]+)";/gm)].map(([, name]) => name);
    expect(loaded).toContain(engine === "forward" ? "forward" : "tape");
  });
});

test("random programs leave no engine of the page out, if an exact one is loaded", () => {
  const programs = held.filter(({ check }) => check.group === "programs");
  expect(programs.map(({ engine, outcome }) => `${engine}: ${outcome.status}`)).toEqual(engines.map(({ name }) => `${name}: pass`));
});

describe("a summary", () => {
  const [check] = checks.filter(({ name }) => name === "chain rule: sin");
  const result = (outcome: Result["outcome"]): Result => ({ engine: "mine", check: check!, outcome, milliseconds: 1 });
  const failed = result({ status: "FAIL", error: new Error("off") });
  const passed = result({ status: "pass" });
  const refused = result({ status: "unsupported", reason: "no sines" });

  test("marks what one failure fails, and what passes at least in part", () => {
    const mark = (...results: readonly Result[]): string | undefined => summaryOf(results).ops["sin"]?.["mine"];
    expect([mark(failed, passed), mark(passed, refused), mark(refused), mark(result({ status: "skipped", reason: "later" }))]).toEqual(["✗", "✓", "–", "s"]);
    expect(summaryOf([passed]).ops["cos"]?.["mine"]).toBe("·");
  });
  test("tells dtypes of which nothing fails, and reasons once", () => {
    const double: Result = { ...passed, check: { ...check!, needs: { order: 1, dtypes: ["float64"] } } };
    const both: Result = { ...failed, check: { ...check!, needs: { order: 1, dtypes: ["float64", "float32"] } } };
    expect(summaryOf([double, refused, refused]).engines).toEqual([{ name: "mine", dtypes: ["float64"], reasons: ["no sines"] }]);
    expect(summaryOf([double, both]).engines).toEqual([{ name: "mine", dtypes: [], reasons: [] }]);
  });
  test("is the same for every run in which the same passed", () => {
    expect(summaryOf([passed])).toEqual(summaryOf([{ ...passed, milliseconds: 1e6 }]));
    expect(matrixOf([passed]).cell("mine", "sin", 1)).toEqual({ status: "pass", passed: 1, notes: [] });
  });
});
