import { coreOps, corePrimitives, type CorePrimitiveName } from "@polyad/core/extend";
import { checks } from "@polyad/conformance";
import { describe, expect, test } from "vitest";
import { cases } from "../src/cases/index.js";
import { rows } from "../src/scenarios/pointwise.js";
import { reference } from "../src/scenarios/reference.js";

const covered = (group: string): Set<string> => new Set(checks.filter((check) => check.group === group).flatMap(({ ops }) => ops));

/** Points at which an elementwise op is known in closed form. */
function pointsOf(name: string): readonly (readonly number[])[] {
  return [...(rows[name]?.[1] ?? []).map(([args]) => args), ...(reference[name] ?? []).map(([x]) => [x])];
}

describe("a new op without a scenario fails", () => {
  test.each([...Object.keys(corePrimitives), ...Object.keys(coreOps)])("%s", (op) => {
    expect([...covered("scenarios")]).toContain(op);
  });
});

describe("a new primitive without laws fails", () => {
  test.each(Object.keys(corePrimitives))("%s", (op) => {
    expect([...covered("laws")]).toContain(op);
    expect(cases[op as CorePrimitiveName].length).toBeGreaterThan(0);
  });
});

describe("elementwise primitives have closed forms at", () => {
  const elementwise = Object.values(corePrimitives).filter((primitive) => primitive.elementwise).map(({ name }) => name);
  /** Where there is no such point: outside of the domain. */
  const domain: Readonly<Record<string, readonly string[]>> = {
    acosh: ["zero"], // from 1
    acos: ["large"], asin: ["large"], atanh: ["large"], // within [−1, 1]
  }; // prettier-ignore
  const kinds: Readonly<Record<string, (args: readonly number[]) => boolean>> = {
    ordinary: (args) => args.every((x) => x !== 0 && Math.abs(x) <= 20),
    zero: (args) => args.includes(0),
    large: (args) => args.some((x) => Math.abs(x) >= 40),
  };
  test.each(elementwise)("%s", (name) => {
    for (const [kind, holds] of Object.entries(kinds)) {
      if (domain[name]?.includes(kind) === true) continue;
      expect(pointsOf(name).some(holds), `${name}: a point that is ${kind}`).toBe(true);
    }
  });
});

test("names are unique, so that a skip and a report mean one thing", () => {
  const names = checks.map(({ group, name }) => `${group}: ${name}`);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});
