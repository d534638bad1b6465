import { AutoFiniteDiff, AutoForward, AutoTape, type ADType } from "polyad";

/** The engines that can be named on the command line. One more is one more line. */
export const engines: ReadonlyMap<string, ADType> = new Map<string, ADType>([
  ["tape", AutoTape()],
  ["forward", AutoForward()],
  ["finite-diff", AutoFiniteDiff()],
]);

/**
 * The engines of a comma-separated list, each once, in the order given.
 * @throws Error that lists the right names.
 */
export function chooseEngines(list: string): ReadonlyMap<string, ADType> {
  const chosen = list.split(",").map((name): [string, ADType] => {
    const engine = engines.get(name.trim());
    if (engine === undefined) throw new Error(`No engine is named "${name.trim()}". Choose from: ${[...engines.keys()].join(", ")}.`);
    return [name.trim(), engine];
  });
  return new Map(chosen);
}
