import type { CorePrimitiveName } from "../../packages/core/src/primitives/index.js";
import type { Case } from "./case.js";
import { elementwiseCases } from "./elementwise.cases.js";
import { structureCases } from "./structure.cases.js";

/** How to call each primitive of core: total by type, so that one without cases does not compile. */
export const cases: Readonly<Record<CorePrimitiveName, readonly Case[]>> = { ...elementwiseCases, ...structureCases };
