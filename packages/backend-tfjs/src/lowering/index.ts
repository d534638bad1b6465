import type { CorePrimitiveName } from "@polyad/core/extend";
import * as arrays from "./arrays.js";
import * as convolution from "./convolution.js";
import * as elementwise from "./elementwise.js";
import * as linear from "./linear.js";
import type { Lowering } from "./lowering.js";
import * as pooling from "./pooling.js";
import * as reductions from "./reductions.js";

/** Every primitive of core; a table that forgot one does not compile. */
export const lowerings: Readonly<Record<CorePrimitiveName, Lowering>> = { ...elementwise, ...reductions, ...arrays, ...linear, ...convolution, ...pooling };
