import { AutodiffError } from "@polyad/core";

/** Options that are true or false wherever they exist. */
const flags: ReadonlySet<string> = new Set(["bias", "affine", "trackStats", "flip", "partial"]);

/** @throws AutodiffError for an option that does not exist, or is no truth value where it has to be; `hints` say what to write instead of some. */
export function checkOptions(who: string, options: object, known: readonly string[], hints: Readonly<Record<string, string>> = {}): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new AutodiffError(`${who}: expected an object of options, got ${Array.isArray(options) ? "an array" : String(options)}. Options are written { ${known[0]}: … }.`);
  }
  for (const [key, value] of Object.entries(options) as [string, unknown][]) {
    if (known.includes(key)) {
      if (!flags.has(key) || value === undefined || typeof value === "boolean") continue;
      throw new AutodiffError(`${who}: expected true or false for ${key}, got ${typeof value === "object" && value !== null ? "an object" : String(value)}.${key === "bias" ? ` A bias of given numbers is a field: ${who}.from({ … }).` : ""}`);
    }
    throw new AutodiffError(`${who}: there is no option ${key}. ${Object.hasOwn(hints, key) ? hints[key]! : `It has ${known.join(", ")}.`}`);
  }
}
