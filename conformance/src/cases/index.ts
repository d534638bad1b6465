import type { CorePrimitiveName, coreOps } from "@polyad/core/extend";
import { arrangedCases } from "./arranged.js";
import type { Case } from "./case.js";
import { compositeCases } from "./composite.js";
import { elementwiseCases } from "./elementwise.js";
import { reducedCases } from "./reduced.js";
import { structureCases } from "./structure.js";
import { windowCases } from "./windows.js";

/** How to call each primitive of core: total by type, so that one without cases does not compile. */
export const cases: Readonly<Record<CorePrimitiveName, readonly Case[]>> = { ...elementwiseCases, ...structureCases, ...windowCases };

/** How to call each op that is made of primitives: total by type, too. */
const composites: Readonly<Record<keyof typeof coreOps, readonly Case[]>> = { ...compositeCases, ...arrangedCases, ...reducedCases };

/** How to call every op. */
export const allCases: Readonly<Record<string, readonly Case[]>> = { ...cases, ...composites };
