import type { Check } from "./check.js";
import { errors } from "./errors.js";
import { lawsOfOps } from "./lawChecks.js";
import { randomPrograms } from "./programChecks.js";
import { resources } from "./resources.js";
import { scenarios } from "./scenarios/index.js";
import { lawsOfTrees } from "./treeLaws.js";

/** All that an engine is held to. */
export const checks: readonly Check[] = [...scenarios, ...lawsOfTrees, ...lawsOfOps, randomPrograms, ...errors, ...resources];
