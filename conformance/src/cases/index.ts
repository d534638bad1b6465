import type { CorePrimitiveName } from "@polyad/core/extend";
import type { Case } from "./case.js";
import { compositeCases } from "./composite.js";
import { elementwiseCases } from "./elementwise.js";
import { structureCases } from "./structure.js";
import { windowCases } from "./windows.js";

/** How to call each primitive of core: total by type, so that one without cases does not compile. */
export const cases: Readonly<Record<CorePrimitiveName, readonly Case[]>> = { ...elementwiseCases, ...structureCases, ...windowCases };

/** How to call every op that has laws: primitives, and composites that have more in them than what they are made of. */
export const allCases: Readonly<Record<string, readonly Case[]>> = { ...cases, ...compositeCases };
