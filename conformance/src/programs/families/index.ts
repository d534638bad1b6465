import { elementwise } from "./elementwise.js";
import { linear } from "./linear.js";
import type { Family } from "./pick.js";
import { reductionFamilies } from "./reductions.js";
import { structure } from "./structure.js";
import { windows } from "./windows.js";

export { partner } from "./pick.js";

/** Ways to extend a program, by how often programs use them. */
export const families: readonly Family[] = [...elementwise, ...reductionFamilies, ...structure, ...linear, ...windows];
