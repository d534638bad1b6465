import { backendOf, loadedBackends, type ADType } from "@polyad/core/extend";
import type { Check } from "./check.js";
import { Disagreement } from "./compare.js";
import { engineOf, exactTolerance, type Engine } from "./engine.js";
import { checkPrograms } from "./programs/index.js";

/** Programs for each run that a law gets. */
const perRun = 20;

/** Random programs, on which this engine must agree with every exact one that is loaded, and with differences. */
export const randomPrograms: Check = {
  group: "programs",
  subject: "random programs",
  name: "random programs",
  ops: [],
  needs: { order: 1, dtypes: ["float64", "float32"] },
  without: ({ ad, orders, samples }) => {
    if (ad.adtype === "second-order") return "random programs: pairs of engines run them together with each engine alone";
    if (orders.highest < 2 && !samples) return "random programs: they nest";
    return ad.execution === "async" ? "random programs: they are synchronous" : exactWith(ad).length === 0 ? "random programs: no exact engine is loaded to compare with" : undefined;
  },
  run: ({ ad, tolerance }, { runs, seed, path, modules }) => {
    const exact = exactWith(ad);
    const engines = exact.includes(ad) ? exact.map((each) => ({ ad: each })) : [{ ad: exact[0]! }, { ad, accuracy: tolerance("float64", 1) }];
    const pairs = exact.includes(ad) ? exact.flatMap((other) => [[ad, other], [other, ad]] as const) : [];
    const failure = checkPrograms({ engines, pairs, runs: perRun * runs, seed, modules, ...(path !== undefined && { path }) });
    if (failure !== null) throw new Disagreement(`engines disagree about a program of ${failure.length} ops; run\n\n${failure.code}`, {}, failure.path);
  },
};

/** The engine itself if it is exact, and all others that are loaded and exact: as plain tokens. */
function exactWith(ad: ADType): ADType[] {
  const others = loadedBackends().filter((tag) => tag !== ad.adtype).map((adtype): ADType => ({ adtype, execution: backendOf({ adtype, execution: "sync" }).capabilities.execution }));
  return [ad, ...others].filter((each) => isExact(engineOf(each)));
}

function isExact({ ad, samples, traceable, tolerance }: Engine): boolean {
  return !samples && traceable && ad.execution === "sync" && tolerance("float64", 1) <= exactTolerance("float64", 1);
}
