import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AutoForward } from "@polyad/backend-forward";
import { AutoFiniteDiff } from "@polyad/backend-finite-diff";
import { AutoTape } from "@polyad/backend-tape";
import { mul, tanh, type ADType, type Value } from "@polyad/core";
import { backendOf, corePrimitives, currentTrace, defineADType, isFloat, registerBackend, type CorePrimitiveName } from "@polyad/core/extend";
import { checkPrograms, generate, lengthOf, type ProgramFailure, type ProgramsOptions } from "../src/programs/index.js";
import type { Body } from "../src/programs/program.js";

/** One seed for all: a failure is the same tomorrow. Set SEED to roam, RUNS to roam farther. */
const seed = Number(process.env["SEED"] ?? 20240607);
const runs = Number(process.env["RUNS"] ?? 150);

const tape = AutoTape();
const forward = AutoForward();
const exact = [tape, forward, AutoForward({ chunkSize: 2 })] as const;
const pairs = [[tape, tape], [forward, tape], [tape, forward], [forward, forward]] as const;
const options: ProgramsOptions = { engines: [tape, forward], pairs };

const shown = (failure: ProgramFailure | null): string => failure?.code ?? "";

test("engines and pairs agree on random programs", { timeout: 60_000 + 100 * runs }, () => {
  let compared = 0;
  let inconclusive = 0;
  const observe: ProgramsOptions["observe"] = (what, amount) => {
    if (what === "compared") compared += amount;
    if (what === "inconclusive") inconclusive++;
  };
  expect(shown(checkPrograms({ engines: [...exact, { ad: AutoFiniteDiff(), accuracy: 1e-6 }], pairs, runs, seed, observe }))).toBe("");
  expect(compared).toBeGreaterThan(20 * runs);
  expect(inconclusive).toBeLessThan(0.02 * runs);
});

test("programs use every primitive, trees, numbers, float32, derivatives and sharing", { timeout: 30_000 }, () => {
  const seen = new Map<string, number>();
  const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  const walk = ({ nodes }: Body): void => {
    const reads = nodes.flatMap((node) => (node.kind === "call" ? node.inputs : []));
    if (reads.some((i, k) => reads.indexOf(i) !== k)) count("sharing");
    for (const node of nodes) {
      if (node.kind === "call") count(node.op);
      if (node.kind !== "nested") continue;
      count(`inner ${node.operator}`);
      if (node.captured.length > 0) count("captured");
      walk(node.body);
    }
  };
  const random = mulberry(seed);
  for (let k = 0; k < 1500; k++) {
    const { args, leaves, body } = generate(random, { engine: tape });
    walk(body);
    for (const { form, value, constant } of leaves) count(constant === true ? "Const" : form === "tensor" ? value.kind : form);
    for (const tree of args) if (typeof tree === "object") count("items" in tree ? "array" : "object");
    if (body.results.length > 1) count("several results");
    if (lengthOf(body) > 15) count("long");
  }
  const features = ["sharing", "captured", "Const", "number", "typedArray", "float32", "float64", "array", "object", "several results", "long"];
  const inner = ["gradient", "derivative", "pushforward", "pullback", "jacobian", "hvp", "checkpoint"].map((operator) => `inner ${operator}`);
  expect([...Object.keys(corePrimitives), ...features, ...inner].filter((what) => (seen.get(what) ?? 0) === 0)).toEqual([]);
});

describe("an engine of less precision", () => {
  const engine = backendOf(tape);
  const accuracy = 2 ** -17;

  /** The tape as an engine that declares the accuracy, off by what a defect adds. */
  function rounded(tag: string, defect: (x: Value, at: { inside: boolean; single: boolean; what: "value" | "derivative" }) => Value): ADType {
    registerBackend({
      ...engine,
      adtype: tag,
      capabilities: { ...engine.capabilities, accuracy: () => accuracy },
      pullback: (f, xs, ad) => {
        const at = { inside: currentTrace() !== null, single: xs.some((x) => typeof x !== "number" && x.dtype === "float32") };
        const { ys, pull, dispose } = engine.pullback!(f, xs, ad);
        return {
          ys: ys.map((y) => (typeof y === "number" || isFloat(y.dtype) ? defect(y, { ...at, what: "value" }) : y)),
          pull: (cts) => pull(cts).map((g) => (g === undefined ? g : defect(g, { ...at, what: "derivative" }))),
          dispose,
        };
      },
    });
    return defineADType(tag, "sync")();
  }
  const found = (tag: string, defect: Parameters<typeof rounded>[1]): ProgramFailure | null =>
    checkPrograms({ engines: [{ ad: tape }, { ad: rounded(tag, defect), accuracy }], pairs: [], runs: 300, seed });

  test("passes within what it declares, to every order", { timeout: 30_000 }, () => {
    expect(shown(found("rounded", (x) => mul(1 + accuracy / 64, x)))).toBe("");
  });
  test.each<[string, Parameters<typeof rounded>[1]]>([
    ["gradients", (x, { what }) => (what === "derivative" ? mul(1 + 4 * accuracy, x) : x)],
    ["values", (x, { what }) => (what === "value" ? mul(1 + 4 * accuracy, x) : x)],
    ["float32 alone", (x, { single }) => (single ? mul(1 + 2 ** -8, x) : x)],
    ["what runs inside another derivative", (x, { inside }) => (inside ? mul(1 + 4 * accuracy, x) : x)],
  ])("is found where %s are farther off", { timeout: 30_000 }, (what, defect) => {
    const failure = found(`rounded ${what}`, defect);
    expect(failure).not.toBeNull();
    expect(failure!.length, shown(failure)).toBeLessThanOrEqual(3);
  });
});

test("an engine is not asked for orders beyond what it declares", { timeout: 30_000 }, () => {
  const engine = backendOf(tape);
  let deepest = 0;
  registerBackend({
    ...engine,
    adtype: "second",
    capabilities: { ...engine.capabilities, order: 2 },
    pullback: (f, xs, ad) => {
      deepest = Math.max(deepest, 1 + (currentTrace()?.depth ?? 0));
      return engine.pullback!(f, xs, ad);
    },
  });
  const second = defineADType("second", "sync")();
  expect(shown(checkPrograms({ engines: [tape, second], pairs: [[second, second], [second, tape], [tape, second]], runs: 300, seed }))).toBe("");
  expect(deepest).toBe(2);
});

describe("a wrong rule", () => {
  let heal: () => void = () => {};
  afterEach(() => heal());

  /** Puts a wrong reverse rule in the place of a primitive's. */
  const plant = (name: CorePrimitiveName, wrong: (ct: Value, rule: (ct: Value) => Value | undefined, input: number) => Value | undefined): void => {
    const primitive = corePrimitives[name];
    const { vjp } = primitive;
    const planted: NonNullable<typeof vjp> = (out, inputs, attrs) => vjp!(out, inputs, attrs).map((rule, i) => rule && ((ct) => wrong(ct as Value, rule, i)));
    Object.assign(primitive, { vjp: planted });
    heal = () => Object.assign(primitive, { vjp });
  };
  const minus = (x: Value | undefined): Value | undefined => (x === undefined ? undefined : mul(x, -1));

  test.each<[CorePrimitiveName, string, Parameters<typeof plant>[1]]>([
    ["tanh", "the sign", (ct, rule) => minus(rule(ct))],
    ["sub", "the sign of the second operand", (ct, rule, i) => (i === 1 ? minus(rule(ct)) : rule(ct))],
    ["matmul", "one operand's part", (ct, rule, i) => (i === 1 ? undefined : rule(ct))],
    ["sum", "a factor", (ct, rule) => mul(2, rule(ct)!)],
    ["where", "the branch not chosen", (ct, rule, i) => (i === 2 ? rule(mul(0, ct)) : rule(ct))],
    ["cumsum", "a hundred-millionth", (ct, rule) => mul(1 + 1e-8, rule(ct)!)],
    ["gather", "repeated indices", (ct, rule) => tanh(rule(ct)!)],
    ["solve", "the matrix's part", (ct, rule, i) => (i === 0 ? minus(rule(ct)) : rule(ct))],
  ])("of %s (%s) is found, and shrinks to three ops at most", (name, _what, wrong) => {
    plant(name, wrong);
    const failure = checkPrograms({ ...options, runs: 2000, seed });
    expect(failure).not.toBeNull();
    expect(failure!.length, shown(failure)).toBeLessThanOrEqual(3);
  });

  test("is printed as a program that shows it when run, and found again by seed and path", { timeout: 20_000 }, async () => {
    plant("tanh", (ct, rule) => minus(rule(ct)));
    const failure = checkPrograms({ ...options, runs: 2000, seed })!;
    const again = checkPrograms({ ...options, runs: 2000, seed: failure.seed, path: failure.path })!;
    expect(again.program).toEqual(failure.program);
    const said = await printed(failure.code);
    const answers = said.map(([, answer]) => JSON.stringify(answer));
    expect(answers).toHaveLength(2);
    expect(answers[0]).not.toBe(answers[1]);
    heal();
    const healed = (await printed(failure.code)).map(([, answer]) => JSON.stringify(answer));
    expect(healed[0]).toBe(healed[1]);
  });

  /** What a printed program says when it is run as a file. */
  async function printed(code: string): Promise<unknown[][]> {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const folder = mkdtempSync(join(import.meta.dirname, "printed-"));
    try {
      const file = join(folder, `program${Math.floor(1e9 * performance.now())}.ts`);
      writeFileSync(file, code);
      await import(file);
      return log.mock.calls.map((call) => [...(call as unknown[])]);
    } finally {
      rmSync(folder, { recursive: true });
      log.mockRestore();
    }
  }
});

/** mulberry32 */
function mulberry(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
