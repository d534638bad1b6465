import type { Check, Result, RunOptions } from "./check.js";
import { Disagreement } from "./compare.js";

/** What a check is called wherever one is picked: its group and its name. */
export function titleOf({ group, name }: Check): string {
  return `${group}: ${name}`;
}

/** Where among random inputs a check failed. */
function pathOf({ outcome }: Result): string | undefined {
  return outcome.status === "FAIL" && outcome.error instanceof Disagreement ? (outcome.error.path ?? undefined) : undefined;
}

/** The command that runs a failed check alone, and with random inputs the failing one first. */
export function commandAlone(engine: string, result: Result, { runs, seed }: RunOptions): string {
  const path = pathOf(result);
  const options = ["--engine", quoted(engine), "--check", quoted(titleOf(result.check)), "--runs", runs, "--seed", seed, ...(path === undefined ? [] : ["--path", quoted(path)])];
  return `npx polyad-conformance ${options.join(" ")}`;
}

/** The same as the call of `testBackend`. */
export function optionsAlone(result: Result, { runs, seed }: RunOptions): string {
  const path = pathOf(result);
  const { group, name } = result.check;
  const only = `({ group, name }) => group === ${JSON.stringify(group)} && name === ${JSON.stringify(name)}`;
  return `testBackend(…, { runs: ${runs}, seed: ${seed}${path === undefined ? "" : `, path: ${JSON.stringify(path)}`}, only: ${only} })`;
}

/** As one word of a command line, in every shell. */
function quoted(word: string): string {
  return /^[\w./,@:=-]+$/.test(word) ? word : `"${word.replace(/["$`\\]/g, "\\$&")}"`;
}
