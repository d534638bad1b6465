import { expect, test } from "vitest";
import { AutoForward } from "@polyad/backend-forward";
import { AutoTape } from "@polyad/backend-tape";
import { checkProgram, type Program } from "../src/programs/index.js";
import type { Literal, Node } from "../src/programs/program.js";
import { sensitivity } from "../src/programs/tolerance.js";

// Minimal programs of what random programs found wrong with their own rule of tolerance: derivatives that are 0 because
// large terms cancel, in which rounding was taken for a disagreement.

const [tape, forward] = [AutoTape(), AutoForward()];

function of(value: Literal, ...nodes: readonly Node[]): Program {
  return { args: [0], leaves: [{ form: value.kind === "number" ? "number" : "tensor", value }], body: { nodes: [{ kind: "arg", index: 0 }, ...nodes], results: [nodes.length] } };
}

test.each<[string, Program, number]>([
  ["x / |x|", of({ kind: "number", shape: [], data: [0.05] }, { kind: "call", op: "abs", inputs: [0], rest: [] }, { kind: "call", op: "div", inputs: [0, 1], rest: [] }), 100],
  ["solve(a, a)", of({ kind: "float64", shape: [2, 2], data: [0.5, 0.1, 0.2, 0.3] }, { kind: "call", op: "solve", inputs: [0, 0], rest: [] }), 1],
])("the derivatives of %s are 0, but not insensitive", (_, program, least) => {
  const pairs = [[tape, tape], [forward, tape], [tape, forward], [forward, forward]] as const;
  expect(checkProgram(program, { engines: [{ ad: tape }, { ad: forward }], pairs })).toBeNull();
  const [kappa] = sensitivity(program, { operator: "hvp", ad: tape, nested: [tape, tape] }, ({ derivatives }) => derivatives);
  expect(kappa).toBeGreaterThan(least);
  expect(kappa).toBeLessThan(1e6);
});
