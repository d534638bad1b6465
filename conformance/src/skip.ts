import { AutodiffError, describe } from "@polyad/core/extend";

/** Checks that an engine is not held to, and why: by part of a scenario's or law's name, and by op. What is left out means all. */
export interface Skip {
  readonly reason: string;
  readonly scenarios?: readonly string[];
  readonly laws?: readonly string[];
  readonly ops?: readonly string[];
}

const example = `{ reason: "no complex step through abs", ops: ["abs"] }`;
const lists = ["scenarios", "laws", "ops"];

/** @throws AutodiffError for what are no skips, and for one without a reason. */
export function checkSkips(skips: unknown): asserts skips is readonly Skip[] {
  if (!Array.isArray(skips)) throw new AutodiffError(`skip: expected a list such as [${example}], got ${describe(skips)}.`);
  skips.forEach((skip: unknown, i) => {
    if (typeof skip !== "object" || skip === null) throw new AutodiffError(`skip: entry ${i} must be like ${example}; got ${describe(skip)}.`);
    const { reason, ...rest } = skip as Readonly<Record<string, unknown>>;
    if (typeof reason !== "string" || reason.trim() === "") throw new AutodiffError(`skip: entry ${i} has no reason. Say why the engine cannot be held to it, as in ${example}.`);
    for (const [key, names] of Object.entries(rest)) {
      if (!lists.includes(key)) throw new AutodiffError(`skip: entry ${i} has ${key}, which is none of reason, ${lists.join(", ")}.`);
      const isList = names === undefined || (Array.isArray(names) && names.every((name) => typeof name === "string"));
      if (!isList) throw new AutodiffError(`skip: the ${key} of entry ${i} must be a list of names, as in ${example}; got ${describe(names)}.`);
    }
  });
}
