import { AutoFiniteDiff, AutoForward, AutoTape, type ADType } from "polyad";

/** The engines that can be named on the command line. One more is one more line. */
export const engines: ReadonlyMap<string, ADType> = new Map<string, ADType>([
  ["tape", AutoTape()],
  ["forward", AutoForward()],
  ["finite-diff", AutoFiniteDiff()],
]);

/** @throws Error that lists the right names. */
export function engineNamed(name: string): ADType {
  const engine = engines.get(name);
  if (engine === undefined) throw new Error(`No engine is named "${name}". Choose from: ${[...engines.keys()].join(", ")}.`);
  return engine;
}
