import type { AnyPrimitive } from "../primitive.js";
import * as primitives from "./all.js";

/** The names of core's primitives. Engines keep tables over it, so that one that forgot a primitive does not compile. */
export type CorePrimitiveName = keyof typeof primitives;

/** Every primitive of core, by name. */
export const corePrimitives: Readonly<Record<CorePrimitiveName, AnyPrimitive>> = primitives;
