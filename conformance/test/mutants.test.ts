import { afterAll, describe, expect, test } from "vitest";
import { defaultRuns, defaultSeed } from "../src/check.js";
import { controls, mutants } from "./mutants/index.js";
import { caughtBy, failures, sweptBy, titleOf, type Failure } from "./mutants/score.js";
import { sweep } from "./mutants/sweep.js";

const options = { runs: defaultRuns, seed: defaultSeed };

const caught = new Map<string, Failure>();

describe("the suite catches every mutant", () => {
  test.each(mutants)("$name: $defect", { timeout: 60_000 }, async (mutant) => {
    const failure = await caughtBy(mutant, options);
    expect(failure, `no check fails of those that are about it, ${String(mutant.by)}`).toBeDefined();
    caught.set(mutant.name, failure!);
  });
  afterAll(() => {
    const lines = mutants.map(({ name }) => {
      const failure = caught.get(name);
      return `${name.padEnd(48)}  ${failure === undefined ? "NOT CAUGHT" : `${titleOf(failure.check)}: ${failure.message.split("\n")[0]!.slice(0, 160)}`}`;
    });
    console.log([...lines, `${caught.size} of ${mutants.length} mutants are caught`].join("\n"));
  });
});

describe("the suite catches a wrong rule of any primitive", () => {
  test.each(sweep)("$name", { timeout: 60_000 }, async (mutant) => {
    expect(await sweptBy(mutant, options), `no check about ${mutant.primitive} fails`).toBeDefined();
  });
});

describe("what is not wrong passes what caught them", () => {
  test.each(controls)("$name", { timeout: 120_000 }, async (control) => {
    const found: string[] = [];
    const catching = new Set([...caught.values()].map(({ check }) => check));
    for await (const { check, message } of failures(control, options, [...catching])) found.push(`${titleOf(check)}: ${message}`);
    expect(found).toEqual([]);
  });
});
