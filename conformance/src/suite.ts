import type { Check } from "./check.js";
import { scenarios } from "./scenarios/index.js";

/** All that an engine is held to. */
export const checks: readonly Check[] = [...scenarios];
