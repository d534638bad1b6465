import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "../src/command.js";

// Engines are files of this repository, so that they are seen with its sources; scripts/check-package.mjs uses names.
const folder = mkdtempSync(join(import.meta.dirname, "cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

function engine(name: string, code: string): string {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, code);
  return file;
}

/** How often engines of this file were called. */
const counter: { calls: number } = { calls: 0 };
Object.assign(globalThis, { counter });

/** The tape, with its gradients multiplied. */
const scaled = (tag: string, factor: string): string =>
  engine(tag, `
import { AutoTape, backendOf, defineADType, mul, registerBackend } from "@polyad/core/extend";
import "@polyad/backend-tape";
const tape = backendOf(AutoTape());
registerBackend({ ...tape, adtype: "${tag}", withgradient: undefined, pullback: (f, xs, ad) => {
  globalThis.counter.calls++;
  const right = tape.pullback(f, xs, ad);
  return { ...right, pull: (cts) => right.pull(cts).map((g) => (g === undefined ? g : mul(${factor}, g))) };
} });
export const AutoScaled = defineADType("${tag}", "sync");
`);

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

/** The line that runs a failure alone, as its arguments. */
function alone(out: string): string[] {
  const [, line] = /^Alone: npx polyad-conformance (.+)$/m.exec(out)!;
  return [...line!.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, inQuotes, bare]) => inQuotes?.replace(/\\(.)/g, "$1") ?? bare!);
}

const right = scaled("right", "1");
const wrong = scaled("wrong", "2");
const passed = (out: string): string => out.trim().split("\n").at(-1)!;

describe("a run", () => {
  test("that passes exits with 0, and writes its matrix as a page and as data", async () => {
    const [html, json] = [join(folder, "report.html"), join(folder, "matrix.json")];
    const { code, out, err } = await run("--engine", right, "--only", ": tanh", "--runs", "2", "--html", html, "--json", json);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(passed(out)).toMatch(/^\d+ passed, 0 unsupported or skipped, 0 FAILED$/);
    expect(out).not.toContain("Alone");
    expect(readFileSync(html, "utf8")).toContain("All checks pass");
    const summary = JSON.parse(readFileSync(json, "utf8"));
    expect(summary.engines.map(({ name }: { name: string }) => name)).toEqual(["right"]);
    expect(summary.ops.tanh.right).toBe("✓".repeat(summary.orders.length));
    expect(summary.ops.sinh.right).toBe("·".repeat(summary.orders.length));
  });
  test("waits for an engine that must load something", async () => {
    const file = engine("loading", `
import { AutoTape, backendOf, defineADType, registerBackend } from "@polyad/core/extend";
import "@polyad/backend-tape";
const tape = backendOf(AutoTape());
let loaded = "";
registerBackend({ ...tape, adtype: "loading", pullback: (f, xs, ad) => {
  if (loaded !== "loading") throw new Error("not loaded");
  return tape.pullback(f, xs, ad);
} });
export const ready = async (token) => void (await 0, (loaded = token.adtype));
export default defineADType("loading", "sync")();
`);
    expect(await run("--engine", file, "--check", "laws: chain rule: tanh")).toMatchObject({ code: 0 });
  });
  test("gives a factory the options that follow its name", async () => {
    const file = engine("numbered", `
import { AutoTape, backendOf, registerBackend } from "@polyad/core/extend";
import "@polyad/backend-tape";
const tape = backendOf(AutoTape());
registerBackend({ ...tape, adtype: "numbered", pullback: (f, xs, ad) => tape.pullback(f, xs, ad) });
export const AutoNumbered = (options = {}) => ({ adtype: "numbered", execution: "sync", ...options });
`);
    const { code, out } = await run("--engine", `${file},${file}:size=2:how=fast`, "--only", "chain rule: tanh");
    expect(code).toBe(0);
    expect(out).toContain("numbered: laws: 1 passed");
    expect(out).toContain('numbered (size: 2, how: "fast"): laws: 1 passed');
  });
  test("says how many checks were not asked for", async () => {
    expect((await run("--engine", right, "--only", "chain rule: tanh")).out).toMatch(/^Only a part: \d+ of \d+ checks were left out$/m);
  });
  test("--runs scales random inputs: one that is rare is found by more of them", async () => {
    const rare = ["--check", "laws: gradients have their arguments' form, in any tree: pow", "--engine", right] as const;
    const counted = async (runs: string): Promise<number> => {
      counter.calls = 0;
      await run(...rare, "--runs", runs);
      return counter.calls;
    };
    const [one, eight] = [await counted("1"), await counted("8")];
    expect(eight).toBeGreaterThan(4 * one);
  });
});

describe("a failure prints the line that runs it alone", () => {
  test("a scenario", async () => {
    const { code, out } = await run("--engine", wrong, "--only", "scenarios: number → number: sin x²: pushforward");
    expect(code).toBe(1);
    expect(passed(out)).toContain("2 FAILED"); // of one seed, and of two
    const again = await run(...alone(out));
    expect(again.code).toBe(1);
    expect(passed(again.out)).toBe("0 passed, 0 unsupported or skipped, 1 FAILED");
  });
  test("a law: its smallest input first, whatever the runs", async () => {
    const { code, out } = await run("--engine", wrong, "--check", "laws: pushforward = limit of differences: pow", "--runs", "20", "--seed", "7");
    expect(code).toBe(1);
    const line = alone(out);
    expect(line).toContain("--path");
    const again = await run(...line);
    expect(again.code).toBe(1);
    expect(failure(again.out)).toBe(failure(out));
    const one = await run(...line.map((word, i) => (line[i - 1] === "--runs" ? "1" : word)));
    expect(failure(one.out)).toBe(failure(out));
  });
  test("a random program", async () => {
    const { code, out } = await run("--engine", wrong, "--check", "programs: random programs", "--runs", "1");
    expect(code).toBe(1);
    expect(out).toContain(`import "${wrong}";`); // the printed program runs as it is
    const again = await run(...alone(out));
    expect(again.code).toBe(1);
    expect(failure(again.out)).toBe(failure(out));
  });
  test("the same line passes once the engine is right", async () => {
    const { out } = await run("--engine", wrong, "--check", "laws: pushforward = limit of differences: pow");
    expect((await run(...alone(out).map((word) => (word === wrong ? right : word)))).code).toBe(0);
  });

  const failure = (out: string): string => /^FAIL [^]*?(?=^Alone)/m.exec(out)![0];
});

describe("a module says what is beyond its engine", () => {
  /** The tape, refusing to differentiate tanh. */
  const refusing = (tag: string, more: string): string =>
    engine(tag, `
import { AutoTape, backendOf, defineADType, registerBackend, UnsupportedError } from "@polyad/core/extend";
import "@polyad/backend-tape";
const tape = backendOf(AutoTape());
registerBackend({ ...tape, adtype: "${tag}", pullback: () => { throw new UnsupportedError("${tag}: not tanh."); } });
export const AutoRefusing = defineADType("${tag}", "sync");
${more}
`);
  const some = ["--only", "laws: chain rule: tanh"] as const;

  test("or its refusals are failures", async () => {
    const { code, out } = await run("--engine", refusing("mute", ""), ...some);
    expect(code).toBe(1);
    expect(out).toContain("mute refuses what it does not declare to be beyond it.");
    expect(passed(out)).toBe("0 passed, 0 unsupported or skipped, 1 FAILED");
    const many = await run("--engine", refusing("silent", ""), "--only", ": tanh", "--runs", "1");
    expect(many.out).toMatch(/^\d\d+ × silent: not tanh\.$/m); // what failures have in common, once
  });
  test("by reasons that it exports", async () => {
    const file = refusing("frank", `export const skip = [{ reason: "no table of tanh", ops: ["tanh"] }];`);
    const { code, out } = await run("--engine", file, ...some);
    expect(code).toBe(1); // it was held to nothing
    expect(out).toContain("frank: 1 skipped: no table of tanh (such as laws: chain rule: tanh)");
    const both = await run("--engine", `${file},${right}`, ...some);
    expect(both.out).toContain("right: laws: 1 passed"); // each its own
    expect(both.code).toBe(0);
  });
  test("with reasons", async () => {
    const { code, err } = await run("--engine", refusing("vague", `export const skip = [{ reason: "", ops: ["tanh"] }];`), ...some);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/^skip: entry 0 has no reason/) });
  });
});

describe("tensors on a device are counted", () => {
  const some = ["--only", "scenarios: activity: an empty tensor"] as const;

  test("where a module exports live", async () => {
    const file = engine("leaking", `
import { AutoTape, backendOf, defineADType, registerBackend } from "@polyad/core/extend";
import "@polyad/backend-tape";
const tape = backendOf(AutoTape());
let tensors = 0;
registerBackend({ ...tape, adtype: "leaking", pullback: (f, xs, ad) => (tensors++, tape.pullback(f, xs, ad)) });
export const live = () => tensors;
export default defineADType("leaking", "sync")();
`);
    const { code, out } = await run("--engine", file, ...some);
    expect(code).toBe(1);
    expect(out).toMatch(/^\d device tensors were left$/m);
    expect((await run("--engine", engine("no count", `${readFileSync(right, "utf8").replaceAll('"right"', '"uncounted"')}\nexport const live = 3;`))).err).toMatch(/exports live, which must be a function/);
  });
  test("for tfjs", async () => {
    const tfjs = engine("tfjs", `export { AutoTfjs, ready } from "@polyad/backend-tfjs";`);
    expect(await run("--engine", tfjs, ...some)).toMatchObject({ code: 0 });
    const leaking = engine("leaking tfjs", `
import { keep, scalar } from "@tensorflow/tfjs-core";
import { AutoTfjs, backendOf, registerBackend } from "@polyad/core/extend";
import "@polyad/backend-tfjs";
const tfjs = backendOf(AutoTfjs());
registerBackend({ ...tfjs, pullback: (f, xs, ad) => (keep(scalar(0)), tfjs.pullback(f, xs, ad)) }, { replace: true });
export { AutoTfjs, ready } from "@polyad/backend-tfjs";
`);
    const { code, out } = await run("--engine", leaking, ...some);
    expect(code).toBe(1);
    expect(out).toMatch(/^\d device tensors were left$/m);
  });
});

test("either half of a pair may be a file", async () => {
  mkdirSync(join(folder, "three.js"));
  writeFileSync(join(folder, "three.js", "own.ts"), `export { default } from "../half.js";`);
  const half = engine("half", `
import { AutoTape, backendOf, defineADType, registerBackend } from "@polyad/core/extend";
import "@polyad/backend-tape";
registerBackend({ ...backendOf(AutoTape()), adtype: "half" });
export default (options) => defineADType("half", "sync")(options);
`);
  const engines = { [`tape/${half}`]: "tape over half", [`${half}/tape`]: "half over tape", [`${half}:k=1/${half}`]: "half (k: 1) over half", [join(folder, "three.js", "own.ts")]: "half" };
  const { code, out, err } = await run("--engine", Object.keys(engines).join(","), "--only", "scenarios: number → itself: ", "--runs", "1");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  for (const name of Object.values(engines)) expect(out).toContain(` ${name} `);
});

describe("what cannot be run exits with 2 and says why", () => {
  test.each<[string, string[], RegExp]>([
    ["an unknown option", ["--engines", "tape"], /--engines[^]*--help/],
    ["an argument without an option", ["tape"], /tape[^]*--help/],
    ["an option without its value", ["--runs"], /--runs[^]*--help/],
    ["no number", ["--runs", "many"], /^--runs: expected a whole number of at least 1, got many\.\n$/],
    ["no runs, which would pass", ["--runs", "0"], /^--runs: expected a whole number of at least 1, got 0\.\n$/],
    ["half a run", ["--runs", "1.5"], /^--runs: expected a whole number/],
    ["a seed below 0", ["--seed=-1"], /^--seed: expected a whole number/],
    ["an unknown engine", ["--engine", "taep"], /^No engine is installed as @polyad\/backend-taep or taep\. Run npm install @polyad\/backend-taep, or give a file/],
    ["a name that is empty", ["--engine", "tape,"], /^--engine: a name is empty\. Names have commas between, and a pair is outer\/inner\./],
    ["a pair of one", ["--engine", "tape/"], /^--engine: a name is empty\./],
    ["more than two", ["--engine", "tape/forward/tape"], /^--engine: tape\/forward\/tape names more than two engines; a pair is outer\/inner\./],
    ["an unknown scoped package", ["--engine", "@mine/engine"], /^No engine is installed as @mine\/engine\./],
    ["no file", ["--engine", "./nowhere.js"], /^No file is called .*nowhere\.js\./],
    ["a module without an engine", ["--engine", engine("none", "export const answer = 42;")], /none\.ts exports no engine: export a token as default, or a factory called Auto…/],
    ["a module that throws", ["--engine", engine("throws", `throw new Error("from inside");`)], /from inside/],
    ["a token without an engine", ["--engine", engine("bare", `import { defineADType } from "@polyad/core/extend";\nexport const AutoBare = defineADType("bare", "sync");`)], /No engine is loaded for "bare"/],
    ["an unknown check", ["--check", "laws: chain rule: tanj"], /^No check is called "laws: chain rule: tanj"\. There is "laws: chain rule: tanh?"/],
    ["a part that no check has", ["--only", "laws: chain rool"], /^No check is called anything with "laws: chain rool"\. There is "laws: chain rule/],
    ["a path of nothing", ["--path", "0/1:2"], /^--path: only with the --check/],
    ["a path of what is not random", ["--check", "scenarios: number → itself: gradient", "--path", "0"], /^--path: only with the --check/],
  ])("%s", async (_, args, message) => {
    const { code, out, err } = await run(...args);
    expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });
});

test("--help says what there is", async () => {
  const { code, out } = await run("--help");
  expect(code).toBe(0);
  const options = ["engine", "runs", "seed", "only", "check", "path", "html", "json", "help"];
  for (const option of options) expect(out).toContain(`--${option}`);
  expect((await run("-h")).out).toBe(out);
});
