import { exemption, runCheck, type Check, type Group, type RunOptions } from "../../src/check.js";
import { engineOf } from "../../src/engine.js";
import { checks } from "../../src/suite.js";
import type { Mutant } from "./mutant.js";
import type { Swept } from "./sweep.js";

/** A check that an engine failed. */
export interface Failure {
  readonly check: Check;
  readonly message: string;
}

export const titleOf = ({ group, name }: Check): string => `${group}: ${name}`;

/** The failures of an engine, one after the other. What it refuses without having said so is one, as in `testBackend`. */
export async function* failures({ make, live }: Pick<Mutant, "make" | "live">, options: RunOptions, among: readonly Check[] = checks): AsyncGenerator<Failure> {
  const engine = engineOf(make());
  for (const check of among) {
    if (exemption(check, engine, []) !== undefined) continue;
    const { outcome } = await runCheck(check, engine, { ...options, live });
    if (outcome.status === "FAIL") yield { check, message: outcome.error.message };
    if (outcome.status === "unsupported") yield { check, message: outcome.reason };
  }
}

/** The first check that catches a mutant: of those that are about its defect, or, where `anyhow`, of all. */
export async function caughtBy(mutant: Mutant, options: RunOptions, anyhow = false): Promise<Failure | undefined> {
  const about = checks.filter((check) => mutant.by.test(titleOf(check)));
  const others = anyhow ? checks.filter((check) => !about.includes(check)) : [];
  for await (const failure of failures(mutant, options, [...about, ...others])) return failure;
  return undefined;
}

/** The first check that catches a mutant of a primitive's rules: of those that are about that primitive. */
export async function sweptBy(mutant: Swept, options: RunOptions): Promise<Failure | undefined> {
  for await (const failure of failures(mutant, options, checks.filter(({ ops }) => ops.includes(mutant.primitive)))) return failure;
  return undefined;
}

/** How the suite fared with a mutant. */
export interface Score {
  readonly mutant: Mutant;
  /** Of the seeds, those in which it was caught, and those in which it was by a check about its defect. */
  readonly caught: number;
  readonly rightly: number;
  /** What caught it in the first seed. */
  readonly first: Failure | undefined;
  /** Whether chance has no part in what caught it. */
  readonly always: boolean;
}

/** Runs a mutant in each of some seeds, until it is caught. */
export async function scoreOf(mutant: Mutant, seeds: readonly number[], runs: number): Promise<Score> {
  const found: (Failure | undefined)[] = [];
  for (const seed of seeds) found.push(await caughtBy(mutant, { runs, seed }, true));
  const groups = found.map((failure) => failure?.check.group);
  return {
    mutant,
    caught: found.filter((failure) => failure !== undefined).length,
    rightly: found.filter((failure) => failure !== undefined && mutant.by.test(titleOf(failure.check))).length,
    first: found[0],
    always: groups.every((group) => group === "scenarios" || group === "errors" || group === "resources"),
  };
}

/** The first check of each group that catches a mutant: each group is run by itself. */
export async function caughtByGroup(mutant: Pick<Mutant, "make" | "live">, options: RunOptions): Promise<ReadonlyMap<Group, Failure>> {
  const found = new Map<Group, Failure>();
  for (const group of new Set(checks.map((check) => check.group))) {
    for await (const failure of failures(mutant, options, checks.filter((check) => check.group === group))) {
      found.set(group, failure);
      break;
    }
  }
  return found;
}
