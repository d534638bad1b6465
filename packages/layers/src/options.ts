import { AutodiffError } from "@polyad/core";

/** @throws AutodiffError for an option that does not exist; `hints` say what to write instead of some. */
export function checkOptions(who: string, options: object, known: readonly string[], hints: Readonly<Record<string, string>> = {}): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new AutodiffError(`${who}: expected an object of options, got ${Array.isArray(options) ? "an array" : String(options)}. Options are written { ${known[0]}: … }.`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new AutodiffError(`${who}: there is no option ${key}. ${Object.hasOwn(hints, key) ? hints[key]! : `It has ${known.join(", ")}.`}`);
  }
}
