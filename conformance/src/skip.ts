import { AutodiffError, describe } from "@polyad/core/extend";
import type { Group } from "./check.js";
import { checks } from "./suite.js";

/**
 * Checks that an engine is not held to, and why: by group, by part of a scenario's or law's name, and by op. What is left out
 * means all. Random programs are about no op: `groups: ["programs"]` leaves them out.
 */
export interface Skip {
  readonly reason: string;
  readonly groups?: readonly Group[];
  readonly scenarios?: readonly string[];
  readonly laws?: readonly string[];
  readonly ops?: readonly string[];
}

const example = `{ reason: "no complex step through abs", ops: ["abs"] }`;
/** What the entries of each list name: of a skip that names nothing, nobody would notice that it has no effect. */
const lists: Readonly<Record<string, (name: string) => boolean>> = {
  groups: (name) => checks.some(({ group }) => group === name),
  scenarios: (part) => checks.some(({ group, name }) => group === "scenarios" && name.includes(part)),
  laws: (part) => checks.some(({ group, name }) => group === "laws" && name.includes(part)),
  ops: (op) => checks.some(({ ops }) => ops.includes(op)),
};

/** @throws AutodiffError for what are no skips, and for one without a reason. */
export function checkSkips(skips: unknown): asserts skips is readonly Skip[] {
  if (!Array.isArray(skips)) throw new AutodiffError(`skip: expected a list such as [${example}], got ${describe(skips)}.`);
  skips.forEach((skip: unknown, i) => {
    if (typeof skip !== "object" || skip === null) throw new AutodiffError(`skip: entry ${i} must be like ${example}; got ${describe(skip)}.`);
    const { reason, ...rest } = skip as Readonly<Record<string, unknown>>;
    if (typeof reason !== "string" || reason.trim() === "") throw new AutodiffError(`skip: entry ${i} has no reason. Say why the engine cannot be held to it, as in ${example}.`);
    if (Object.keys(rest).length === 0) throw new AutodiffError(`skip: entry ${i} names nothing, so that everything would be left out. Say what its reason is about, as in ${example}.`);
    for (const [key, names] of Object.entries(rest)) {
      const isNamed = lists[key];
      if (isNamed === undefined) throw new AutodiffError(`skip: entry ${i} has ${key}, which is none of reason, ${Object.keys(lists).join(", ")}.`);
      const isList = Array.isArray(names) && names.every((name) => typeof name === "string");
      if (!isList) throw new AutodiffError(`skip: the ${key} of entry ${i} must be a list of names, as in ${example}; got ${describe(names)}.`);
      for (const name of names as readonly string[]) if (!isNamed(name)) throw new AutodiffError(`skip: the ${key} of entry ${i} have "${name}", which no check is about.`);
    }
  });
}
