import fc from "fast-check";
import type { ADType } from "@polyad/core";
import { checkProgram, type CheckOptions, type Disagreement, type Engine } from "./check.js";
import { program } from "./generate.js";
import { lengthOf, type Program } from "./program.js";
import { printProgram } from "./print.js";
import type { Operator } from "./subject.js";

export { checkProgram, type CheckOptions, type Disagreement, type Engine } from "./check.js";
export { generate, program, type ProgramOptions } from "./generate.js";
export { lengthOf, type Program } from "./program.js";
export { printProgram } from "./print.js";

export interface ProgramsOptions extends Omit<CheckOptions, "engines"> {
  /** Engines, or their tokens; the first is the one that the others are compared with. */
  readonly engines: readonly (Engine | ADType)[];
  readonly runs?: number;
  readonly seed?: number;
  /** Where in the runs of a seed to begin: the `path` of a failure. */
  readonly path?: string;
  /** Modules that define engines, by tag: a program that is printed imports them. */
  readonly modules?: Readonly<Record<string, string>> | undefined;
  /** Ops that a program has at most. */
  readonly size?: number;
}

/** A program that engines disagree about, as small as it could be made. */
export interface ProgramFailure {
  readonly program: Program;
  readonly disagreement: Disagreement;
  /** Ops and operators in the program. */
  readonly length: number;
  readonly seed: number;
  readonly path: string;
  /** Which program it was, and in how many steps it shrank. */
  readonly run: number;
  readonly shrinks: number;
  /** TypeScript that shows the disagreement when run. */
  readonly code: string;
}

/** Runs random programs through every engine and pair; the first failure, shrunk, or null. */
export function checkPrograms({ engines, runs = 200, seed = 20240607, path, size, modules, ...rest }: ProgramsOptions): ProgramFailure | null {
  const options: CheckOptions = { ...rest, engines: engines.map((engine) => ("ad" in engine ? engine : { ad: engine })) };
  const reference = options.engines[0]!.ad;
  let found: Disagreement | null = null;
  const property = fc.property(program({ engine: reference, ...(size !== undefined && { size }) }), (p) => {
    const disagreement = checkProgram(p, options);
    if (disagreement === null || (found !== null && !isLike(disagreement, found))) return true;
    found = disagreement;
    return false;
  });
  const details = fc.check(property, { seed, numRuns: runs, ...(path !== undefined && { path }) });
  if (!details.failed) return null;
  const [smallest] = details.counterexample ?? [];
  const disagreement = found as Disagreement | null;
  if (smallest === undefined || disagreement === null) throw details.errorInstance;
  return {
    program: smallest,
    disagreement,
    length: lengthOf(smallest.body),
    seed: details.seed,
    path: details.counterexamplePath ?? "",
    run: details.numRuns,
    shrinks: details.numShrinks,
    code: printProgram(smallest, disagreement, `seed ${details.seed}, path "${details.counterexamplePath ?? ""}"`, modules),
  };
}

/** Whether a smaller program fails as the first did: in the same way, at the same question or an earlier one. */
function isLike(a: Disagreement, b: Disagreement): boolean {
  return manner(a) === manner(b) && operators.indexOf(a.question.operator) <= operators.indexOf(b.question.operator);
}

function manner({ against, got }: Disagreement): string {
  const how = typeof against === "string" ? against : "engines";
  return how === "an error" ? `${how} ${got.replace(/\d+/g, "#").slice(0, 24)}` : how;
}

/** In the order in which they are asked. */
const operators: readonly Operator[] = ["value", "gradient", "prepared gradient", "pushforward", "pullback", "hvp", "trace", "gradient of the trace"];
