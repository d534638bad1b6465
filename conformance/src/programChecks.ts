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
  without: ({ ad }) => {
    if (ad.adtype === "second-order") return "random programs: pairs of engines run them together with each engine alone";
    if (ad.execution === "async") return "random programs: they are synchronous";
    return exactWith(ad).some(hasEveryOrder) ? undefined : "random programs: no exact engine of every order is loaded to compare with, such as @polyad/backend-tape";
  },
  run: ({ ad, tolerance }, { runs, seed, path, modules }) => {
    const exact = exactWith(ad);
    const engines = exact.includes(ad) ? exact.map((each) => ({ ad: each })) : [{ ad: exact[0]! }, { ad, accuracy: tolerance("float64", 1) }];
    const pairs = exact.includes(ad) ? exact.flatMap((other) => [[ad, other], [other, ad]] as const) : [];
    const failure = checkPrograms({ engines, pairs, runs: perRun * runs, seed, modules, ...(path !== undefined && { path }) });
    if (failure !== null) throw new Disagreement(`engines disagree about a program of ${failure.length} ops; run\n\n${failure.code}`, {}, failure.path);
  },
};

/** The engine itself if it is exact, and all others that are loaded and exact, as plain tokens: first those of every order. */
function exactWith(ad: ADType): ADType[] {
  const others = loadedBackends().filter((tag) => tag !== ad.adtype).map((adtype): ADType => ({ adtype, execution: backendOf({ adtype, execution: "sync" }).capabilities.execution }));
  return [ad, ...others].filter((each) => isExact(engineOf(each))).sort((a, b) => Number(hasEveryOrder(b)) - Number(hasEveryOrder(a)));
}

function hasEveryOrder(ad: ADType): boolean {
  return backendOf(ad).capabilities.order === Infinity;
}

function isExact({ ad, samples, traceable, tolerance }: Engine): boolean {
  return !samples && traceable && ad.execution === "sync" && tolerance("float64", 1) <= exactTolerance("float64", 1);
}
