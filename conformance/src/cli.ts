#!/usr/bin/env node
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { isADType, SecondOrder, type ADType } from "@polyad/core/extend";
import { defaultRuns, defaultSeed } from "./check.js";
import { htmlReport } from "./html.js";
import { printReport } from "./report.js";
import { runSuite } from "./run.js";

const usage = `polyad-conformance: holds automatic-differentiation engines to Polyad's promises

  --engine LIST   engines, with commas between: a name (tape is @polyad/backend-tape), a package,
                  a file (./my-backend.js), or outer/inner for a pair; tape,forward,finite-diff unless said
  --runs N        random inputs for each law; ${defaultRuns} unless said
  --seed S        where randomness begins; ${defaultSeed} unless said
  --only TEXT     only checks whose group and name hold this text
  --html FILE     writes the report as a page, too
  --help          this

Prints engines × ops × orders; exits with 1 if anything fails, with 2 if it could not be run. A module's engine is its
default export, or what its first export called Auto… makes.
`;

const { values } = parseArgs({
  options: {
    engine: { type: "string", default: "tape,forward,finite-diff" },
    runs: { type: "string", default: String(defaultRuns) },
    seed: { type: "string", default: String(defaultSeed) },
    only: { type: "string", default: "" },
    html: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(usage);
else {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}

async function main(): Promise<void> {
  const [runs, seed] = [whole("--runs", values.runs), whole("--seed", values.seed)];
  const engines: ADType[] = [];
  for (const name of values.engine.split(",")) engines.push(await engineNamed(name.trim()));
  const results = await runSuite(engines, {
    runs,
    seed,
    only: ({ group, name }) => `${group}: ${name}`.includes(values.only),
  });
  process.stdout.write(`${printReport(results)}\n`);
  if (values.html !== undefined) writeFileSync(values.html, htmlReport(results, { runs, seed }));
  process.exitCode = results.some(({ outcome }) => outcome.status === "FAIL") ? 1 : 0;
}

/** Loads the engine of a name, package or file, as seen from the folder where the command runs. */
async function engineNamed(name: string): Promise<ADType> {
  const isFile = /^[./]|^[a-z]:/i.test(name);
  const [outer, inner] = isFile || name.startsWith("@") ? [name] : name.split("/");
  if (inner !== undefined) return SecondOrder(await engineNamed(outer!), await engineNamed(inner));
  const url = isFile ? pathToFileURL(resolve(name)) : locate(/^[\w-]+$/.test(name) ? [`@polyad/backend-${name}`, name] : [name]);
  const loaded = (await import(url.href)) as Readonly<Record<string, unknown>>;
  const candidates = [loaded["default"], ...Object.entries(loaded).flatMap(([key, value]) => (key.startsWith("Auto") ? [value] : []))];
  for (const candidate of candidates) {
    const token: unknown = typeof candidate === "function" ? Reflect.apply(candidate, undefined, []) : candidate;
    if (isADType(token)) return token;
  }
  throw new Error(`${name} exports no engine: export a token as default, or a factory called Auto…, as defineADType makes.`);
}

function locate(names: readonly string[]): URL {
  const { resolve: find } = createRequire(join(process.cwd(), "package.json"));
  for (const name of names) {
    try {
      return pathToFileURL(find(name));
    } catch {
      continue;
    }
  }
  throw new Error(`No engine is installed as ${names.join(" or ")}. Run npm install ${names[0]}, or give a file such as ./my-backend.js.`);
}

function whole(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${option}: expected a whole number, got ${text}.`);
  return value;
}
