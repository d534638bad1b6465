import type { CorePrimitiveName } from "@polyad/core/extend";
import * as arrays from "./arrays.js";
import * as convolution from "./convolution.js";
import { inARow } from "./deep.js";
import * as elementwise from "./elementwise.js";
import * as linear from "./linear.js";
import type { Lowering } from "./lowering.js";
import * as pooling from "./pooling.js";
import * as reductions from "./reductions.js";

/** Every primitive of core; a table that forgot one does not compile. */
export const lowerings: Readonly<Record<CorePrimitiveName, Lowering>> = { ...rows(elementwise), ...reductions, ...arrays, ...linear, ...convolution, ...pooling };

function rows<T extends Readonly<Record<string, Lowering>>>(table: T): Readonly<Record<keyof T, Lowering>> {
  return Object.fromEntries(Object.entries(table).map(([name, f]) => [name, inARow(f)])) as Record<keyof T, Lowering>;
}
