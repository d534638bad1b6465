import { AutodiffError } from "@polyad/core";

/** @throws AutodiffError for an option that does not exist; `hints` say what to write instead of some. */
export function checkOptions(who: string, options: object, known: readonly string[], hints: Readonly<Record<string, string>> = {}): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new AutodiffError(`${who}: there is no option ${key}. ${Object.hasOwn(hints, key) ? hints[key]! : `It has ${known.join(", ")}.`}`);
  }
}
