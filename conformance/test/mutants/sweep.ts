import { corePrimitives, mul, type AnyPrimitive, type CorePrimitiveName, type Output, type Value } from "@polyad/core/extend";
import { meddled, type Base, type Mutant } from "./mutant.js";

/** A mutant made for a primitive. It is as it should be unless its rule is used: an operand may carry no derivative. */
export interface Swept extends Mutant {
  readonly primitive: string;
  readonly reached: () => boolean;
}

type Maps<V> = readonly (((v: V) => Output | undefined) | null)[];

/** Each primitive's rules, in reverse and forward, off by one part in 10⁶. */
export const sweep: readonly Swept[] = swept(["all"]);

/** The same for the map of each operand alone, all from the third on being one. */
export const fineSweep: readonly Swept[] = swept([0, 1, 2]);

function swept(operands: readonly (number | "all")[]): Swept[] {
  return Object.keys(corePrimitives).flatMap((name) => {
    const right: AnyPrimitive = corePrimitives[name as CorePrimitiveName];
    const bases = (["tape", "forward"] as const).filter((base) => right[base === "tape" ? "vjp" : "jvp"] !== undefined);
    return bases.flatMap((base) => operands.map((k) => offByAPart(name, right, base, k)));
  });
}

function offByAPart(name: string, right: AnyPrimitive, base: Base, k: number | "all"): Swept {
  let reached = false;
  const change = <V>(maps: Maps<V>): Maps<V> =>
    maps.map((map, i) => (map === null || (k !== "all" && Math.min(i, 2) !== k) ? map : (v) => {
      reached = true;
      return scaled(map(v));
    }));
  const { vjp, jvp } = right;
  const wrong: AnyPrimitive = {
    ...right,
    name,
    vjp: base === "tape" ? (out, xs, attrs) => change(vjp!(out, xs, attrs)) as ReturnType<NonNullable<typeof vjp>> : vjp,
    jvp: base === "forward" ? (out, xs, attrs) => change(jvp!(out, xs, attrs)) as ReturnType<NonNullable<typeof jvp>> : jvp,
  };
  return {
    name: `${name} on ${base}${k === "all" ? "" : `, operand ${k}`}`,
    primitive: name,
    defect: `the ${base === "tape" ? "vjp" : "jvp"} rule is off by one part in 10⁶`,
    by: /./,
    reached: () => reached,
    make: () => meddled(base, () => ({ primitive: (primitive) => (primitive === right ? wrong : primitive) })),
  };
}

function scaled(v: Output | undefined): Output | undefined {
  const by = (x: Value): Value => mul(1 + 2 ** -20, x);
  return v === undefined ? v : Array.isArray(v) ? v.map((part: Value) => by(part)) : by(v as Value);
}
