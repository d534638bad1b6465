import { coreOps, corePrimitives } from "@polyad/core/extend";
import { checks } from "@polyad/conformance";
import { describe, expect, test } from "vitest";
import { allCases } from "../src/cases/index.js";
import { rows } from "../src/scenarios/pointwise.js";
import { reference } from "../src/scenarios/reference.js";
import { broadcasting, largeArguments } from "./notElementwise.js";

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

describe("a new op without a check of second order fails", () => {
  const second = new Set(checks.filter(({ needs }) => needs.order === 2).flatMap(({ ops }) => ops));
  test.each([...Object.keys(corePrimitives), ...Object.keys(coreOps)])("%s", (op) => {
    expect([...second]).toContain(op);
  });
});

describe("a new op without laws fails", () => {
  test.each([...Object.keys(corePrimitives), ...Object.keys(coreOps)])("%s", (op) => {
    expect([...covered("laws")]).toContain(op);
    expect(allCases[op]!.length).toBeGreaterThan(0);
  });
});

describe("elementwise primitives have closed forms at", () => {
  const elementwise = Object.values(corePrimitives).filter((primitive) => primitive.elementwise).map(({ name }) => name);
  /** Where there is no such point: outside of the domain. */
  const domain: Readonly<Record<string, readonly string[]>> = {
    acosh: ["zero"], // from 1
    acos: ["large"], asin: ["large"], atanh: ["large"], // within [−1, 1]
  };
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

test("elementwise primitives of several operands have closed forms under broadcasting", () => {
  const several = Object.entries(rows).filter(([name, [, points]]) => name in corePrimitives && points[0]![0].length > 1);
  const whole = several.filter(([, [, points]]) => points.some(([args, , ...partials]) => partials.length === args.length && partials.every(Number.isFinite)));
  expect(whole.map(([name]) => name)).toEqual(several.map(([name]) => name));
  expect(several.length).toBeGreaterThan(20);
  for (const [name] of several) expect(checks.some((check) => check.name === `points: ${name}, broadcast`)).toBe(true);
});

describe("ops that are not elementwise have a scenario, or a reason to have none", () => {
  const ops = [...Object.values(corePrimitives).filter((primitive) => !primitive.elementwise).map(({ name }) => name), ...Object.keys(coreOps)];
  test.each(Object.entries({ "large arguments": largeArguments, broadcasting }))("%s", (_what, { scenarios, none }) => {
    const named = [...Object.keys(scenarios), ...Object.values(none).flat()];
    expect(named.sort()).toEqual(ops.sort());
    for (const [op, subject] of Object.entries(scenarios)) expect(checks.some((check) => check.subject === subject && check.ops.includes(op)), `${op}: ${subject}`).toBe(true);
  });
});

describe("the convention at each kink has a closed form", () => {
  /** Conventions of ARCHITECTURE.md: where they decide, and the partial derivatives that they give. */
  const conventions: readonly (readonly [name: string, at: readonly number[], partials: readonly number[]])[] = [
    ["relu", [0], [0]], ["abs", [0], [0]], ["sign", [0], [0]], ["floor", [1], [0]], ["ceil", [1], [0]], ["round", [0.5], [0]],
    ["maximum", [1, 1], [0.5, 0.5]], ["minimum", [1, 1], [0.5, 0.5]], ["clamp", [0, 0, 1], [1, 0, 0]], ["clamp", [1, 0, 1], [1, 0, 0]],
    ["where", [0, Infinity, 3], [0, 0, 1]], ["pow", [0, 2], [0, 0]], ["pow", [0, 1], [1, 0]], ["pow", [0, 0], [0, 0]], ["hypot", [0, 0], [0, 0]],
  ];
  test.each(conventions)("%s at %j", (name, at, partials) => {
    const found = rows[name]![1].filter(([args]) => args.every((x, i) => Object.is(x, at[i])));
    expect(found.map(([, , ...given]) => given)).toEqual([partials]);
  });
  test.each(["max at a tie of three", "min at a tie of three", "prod with a zero", "prod with two zeros", "norm at the origin", "sum of nothing"])("%s", (name) => {
    expect(checks.some((check) => check.name === `${name}: jacobian`)).toBe(true);
  });
});

test("names are unique, so that a skip and a report mean one thing", () => {
  const names = checks.map(({ group, name }) => `${group}: ${name}`);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});
