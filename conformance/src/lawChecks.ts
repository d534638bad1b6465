import fc from "fast-check";
import { allCases } from "./cases/index.js";
import type { Case, Sample } from "./cases/case.js";
import type { Check, RunOptions } from "./check.js";
import { Disagreement } from "./compare.js";
import type { Engine } from "./engine.js";
import { laws, type Law } from "./laws.js";
import { subjectOf } from "./operands.js";

/** Every law for every op that has cases. */
export const lawsOfOps: readonly Check[] = laws.flatMap((law) =>
  Object.entries(allCases).filter(([name]) => law.except?.includes(name) !== true).map(([name, own]) => lawFor(law, name, own)),
);

function lawFor(law: Law, op: string, cases: readonly Case[]): Check {
  return {
    group: "laws",
    name: `${law.name}: ${op}`,
    subject: op,
    ops: [op],
    needs: { order: law.order, single: law.order < 2, ...(law.precise === true && { precise: true }), ...(law.narrow === true && { rules: true, dtypes: ["float64", "float32"] as const }) },
    run: async (engine, { runs, ...rest }) => {
      const options = { ...rest, runs: Math.ceil(runs * (law.weight ?? 1)) };
      if (rest.path !== undefined && !cases.some((_, k) => rest.path!.startsWith(part(k)))) throw new Disagreement(`no such path: ${rest.path}`);
      for (const [k, { note, samples }] of cases.entries()) {
        await assertProperty(`${op}${note && ` (${note})`}`, samples, async (sample) => law.check(await subjectOf(engine, sample, law.at)), options, (sample) => show(engine, sample), laws.indexOf(law), part(k));
      }
    },
  };
}

/** How the path of a failure of the k-th case begins. */
const part = (k: number): string => `${k}/`;

function show({ name }: Engine, { slots, seed, call }: Sample): string {
  return `of ${slots.map(({ kind, shape }) => `${kind}[${shape.join(", ")}]`).join(", ")}, seed ${seed}, by ${name}: ${String(call)}`;
}

/**
 * A property that holds of random inputs; its error tells the smallest input found that breaks it, and the seed. Properties
 * of the same inputs draw their `own` ones: together they reach shapes and dtypes that the few of each would miss.
 */
export async function assertProperty<T>(what: string, inputs: fc.Arbitrary<T>, holds: (input: T) => Promise<void>, { runs, seed, path }: RunOptions, describe: (input: T) => string, own = 0, part = ""): Promise<void> {
  if (path?.startsWith(part) === false) return;
  const details = await fc.check(fc.asyncProperty(inputs, holds), { numRuns: runs, seed: seed + own, ...(path !== undefined && { path: path.slice(part.length) }) });
  if (!details.failed) return;
  const cause = details.errorInstance;
  const reason = details.counterexample === null ? `only ${details.numRuns} of ${runs} inputs met its preconditions` : cause instanceof Error ? cause.message : String(cause);
  const input = details.counterexample === null ? "" : ` ${describe(details.counterexample[0])}`;
  const found = details.counterexamplePath === null ? null : part + details.counterexamplePath;
  throw new Disagreement(`${what}${input}: ${reason} [seed ${seed}]`, { cause }, found);
}
