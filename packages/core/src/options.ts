import { AutodiffError } from "./errors.js";

/**
 * The options of a call, none if it has none. A slip in the name of one would be a wrong answer in silence.
 *
 * @throws AutodiffError for an option that does not exist; `hints` say what to write instead of some.
 */
export function checkOptions<O extends object>(who: string, options: O | undefined, known: readonly string[], hints: Readonly<Record<string, string>> = {}): O {
  if (options === undefined) return {} as O;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    const example = known[0] === "axis" && typeof options === "number" ? `axis: ${String(options)}` : `${known[0]}: …`;
    throw new AutodiffError(`${who}: expected an object of options, got ${Array.isArray(options) ? "an array" : String(options)}. Options are written { ${example} }.`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new AutodiffError(`${who}: there is no option ${key}. ${Object.hasOwn(hints, key) ? hints[key]! : `It has ${known.length === 0 ? "none" : known.join(", ")}.`}`);
  }
  return options;
}
