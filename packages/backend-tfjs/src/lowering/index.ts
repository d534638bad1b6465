import type { CorePrimitiveName } from "@polyad/core/extend";
import { arrays } from "./arrays.js";
import { elementwise } from "./elementwise.js";
import { linear } from "./linear.js";
import type { Lowering } from "./lowering.js";
import { reductions } from "./reductions.js";

/** Every primitive of core; a table that forgot one does not compile. */
export const lowerings: Readonly<Record<CorePrimitiveName, Lowering>> = { ...elementwise, ...reductions, ...arrays, ...linear };
