import { corePrimitives, type AnyPrimitive } from "@polyad/core/extend";
import { wrongContract } from "./contract.js";
import { leaks } from "./leaks.js";
import { meddled, variant, type Mutant } from "./mutant.js";
import { wrongRules } from "./rules.js";
import { wrongAtSecond } from "./second.js";
import { wrongState } from "./state.js";
import { wrongStructure } from "./structure.js";
import { wrongValues } from "./values.js";

/** Every mutant. */
export const mutants: readonly Mutant[] = [...wrongRules, ...wrongStructure, ...wrongContract, ...wrongAtSecond, ...wrongState, ...leaks, ...wrongValues];

/** A copy of each primitive, with the rules that it has. */
const copies = new Map<AnyPrimitive, AnyPrimitive>(Object.entries(corePrimitives).map(([name, primitive]: [string, AnyPrimitive]) => [primitive, { ...primitive, name }]));

/** Engines that went through the same machinery with nothing changed, which must pass everything. */
export const controls: readonly Pick<Mutant, "name" | "make">[] = (["tape", "forward"] as const).flatMap((base) => [
  { name: `${base}, unchanged`, make: () => variant(base, () => ({})) },
  { name: `${base}, with copies of all rules`, make: () => meddled(base, () => ({ primitive: (primitive) => copies.get(primitive) ?? primitive })) },
  { name: `${base}, with everything traced`, make: () => meddled(base, () => ({ everything: true })) },
]);
