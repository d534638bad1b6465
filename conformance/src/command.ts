import { existsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { defaultRuns, defaultSeed, type Check, type Result, type RunOptions } from "./check.js";
import { engineOf } from "./engine.js";
import { htmlReport } from "./html.js";
import { engineNamed, type Named } from "./named.js";
import { commandAlone, titleOf } from "./replay.js";
import { printReport } from "./report.js";
import { runSuite } from "./run.js";
import { checks } from "./suite.js";
import { summaryOf } from "./summary.js";

const usage = `polyad-conformance: holds automatic-differentiation engines to Polyad's promises

  --engine LIST   engines, with commas between: a name (tape is @polyad/backend-tape), a package,
                  a file (./my-backend.js), or outer/inner for a pair; tape,forward,finite-diff unless said.
                  Options follow, as in tfjs:device=wasm or forward:chunkSize=2.
                  Engines in one list are also held against each other, by random programs
  --runs N        random inputs for each law; of random trees four times, of random programs twenty times as
                  many; scenarios, errors and resources are the same for every N. ${defaultRuns} unless said
  --seed S        where randomness begins; ${defaultSeed} unless said
  --only TEXT     only checks whose group and name hold this text, as in "laws: " or ": solve": for development;
                  the report says how many were left out
  --check TITLE   only the check of this group and name
  --path PATH     with --check: the random input to begin with. A failure prints the line that runs it alone
  --html FILE     writes the report as a page, too
  --json FILE     writes what passed as data, too: engines × ops × orders
  --help          this

Prints engines × ops × orders; exits with 1 if anything fails or nothing passes, with 2 if it could not be run. What an engine's
capabilities say is beyond it is unsupported; an UnsupportedError that they do not foretell is a failure.

A module's engine is its default export, or what its first export called Auto… makes. It may also export
  ready(token)    awaited first
  skip            a list of what it cannot be held to beside that, such as
                  [{ reason: "no complex step through abs", ops: ["abs"] }]; the report shows the reasons
  live()          how many tensors live on its device: every check must leave as many as it found
`;

/** Where what the command says goes. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/** The command line: 0 if all that an engine is held to passes, 1 if not, or if it is held to nothing, 2 if it could not be run. */
export async function main(args: readonly string[], { out, err }: Output): Promise<number> {
  try {
    const { help, names, only, html, json, ...options } = parse(args);
    if (help) {
      out(usage);
      return 0;
    }
    for (const path of [html, json]) if (path !== undefined && !existsSync(dirname(path))) throw new Error(`${path} cannot be written: there is no folder ${dirname(path)}.`);
    const engines: Named[] = [];
    for (const name of names) engines.push(await engineNamed(name));
    const given = new Map(engines.map(({ token }, i) => [engineOf(token).name, names[i]!]));
    const modules: Readonly<Record<string, string>> = Object.assign({}, ...engines.map((engine) => engine.modules));
    const results: Result[] = [];
    for (const { token, skip, live } of engines) {
      const count = (): number => live.reduce((total, own) => total + own(), 0);
      results.push(...(await runSuite([token], { ...options, modules, only, skip, live: count })));
    }
    // Random programs hold the engines of a list against each other.
    const alone = (result: Result): string => commandAlone(result.check.group === "programs" ? names.join(",") : given.get(result.engine)!, result, options);
    out(`${printReport(results, alone)}\n`);
    if (html !== undefined) writeFileSync(html, htmlReport(results, options, alone));
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(summaryOf(results), null, 1)}\n`);
    const has = (status: string): boolean => results.some(({ outcome }) => outcome.status === status);
    return has("FAIL") || !has("pass") ? 1 : 0;
  } catch (error) {
    err(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
}

interface Options extends RunOptions {
  readonly help: boolean;
  readonly names: readonly string[];
  readonly only: (check: Check) => boolean;
  readonly html: string | undefined;
  readonly json: string | undefined;
}

/** @throws Error for what is no option, or not a value that it may have. */
function parse(args: readonly string[]): Options {
  const { engine, runs, seed, only, check: title, path, html, json, help } = read(args);
  const chosen = checks.filter((check) => (title === undefined || titleOf(check) === title) && titleOf(check).includes(only));
  if (chosen.length === 0) throw new Error(`No check is called ${title === undefined ? `anything with "${only}"` : `"${title}"`}. ${near(title ?? only)}`);
  if (path !== undefined && (title === undefined || !/^(laws|programs): /.test(title))) throw new Error(`--path: only with the --check of a law or of random programs, whose inputs are random.`);
  const picked = new Set(chosen);
  return { help, names: engine.split(",").map((name) => name.trim()), runs: whole("--runs", runs, 1), seed: whole("--seed", seed, 0), path, only: (check) => picked.has(check), html, json };
}

function read(args: readonly string[]): { engine: string; runs: string; seed: string; only: string; check?: string; path?: string; html?: string; json?: string; help: boolean } {
  const text = { type: "string" } as const;
  const options = {
    engine: { ...text, default: "tape,forward,finite-diff" },
    runs: { ...text, default: String(defaultRuns) },
    seed: { ...text, default: String(defaultSeed) },
    only: { ...text, default: "" },
    check: text,
    path: text,
    html: text,
    json: text,
    help: { type: "boolean", short: "h", default: false },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\npolyad-conformance --help says what there is.`, { cause: error });
  }
}

/** What may have been meant: titles that hold the longest beginning of a text. */
function near(text: string): string {
  for (let end = text.length; end > 3; end--) {
    const [like] = checks.filter((check) => titleOf(check).includes(text.slice(0, end)));
    if (like !== undefined) return `There is "${titleOf(like)}".`;
  }
  return "--only takes a part of what the report names, such as laws, or : solve.";
}

function whole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < least) throw new Error(`${option}: expected a whole number of at least ${least}, got ${text}.`);
  return value;
}
