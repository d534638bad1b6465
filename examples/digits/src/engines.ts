import { AutoTape, parameterCount, type ADType, type Device } from "polyad";
import { openTfjs } from "./tfjs.js";

/** An engine, and where the model and the data live for it. */
export interface Workplace {
  readonly engine: ADType;
  readonly device: Device | "host";
}

/** The engines that can be named on the command line. One more is one more entry. */
export const engines: ReadonlyMap<string, (device: string | undefined) => Promise<Workplace>> = new Map([
  ["tape", onHost("tape", AutoTape())],
  ["tfjs", openTfjs],
]);

/** Engines that could, but never would: they look in one direction of the parameters at a time. */
const tooSlow: ReadonlySet<string> = new Set(["forward", "finite-diff"]);

/**
 * The engine of a name, ready to use.
 * @throws Error that says why not, and lists the right names.
 */
export async function openEngine(name: string, device: string | undefined, model: unknown): Promise<Workplace> {
  const open = engines.get(name);
  if (open !== undefined) return await open(device);
  const choice = `Choose from: ${[...engines.keys()].join(", ")}.`;
  if (!tooSlow.has(name)) throw new Error(`No engine is named "${name}". ${choice}`);
  throw new Error(`${name}: one gradient would take a pass for each of the model's ${parameterCount(model).toLocaleString("en-US")} parameters, where reverse mode takes one for all. ${choice}`);
}

function onHost(name: string, engine: ADType) {
  return async (device: string | undefined): Promise<Workplace> => {
    if (device === undefined || device === "host") return { engine, device: "host" };
    throw new Error(`--device ${device}: the engine ${name} works on the host only.`);
  };
}
