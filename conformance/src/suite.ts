import type { Check } from "./check.js";
import { lawsOfPrimitives } from "./lawChecks.js";
import { scenarios } from "./scenarios/index.js";

/** All that an engine is held to. */
export const checks: readonly Check[] = [...scenarios, ...lawsOfPrimitives];
