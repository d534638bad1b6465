import fc from "fast-check";
import { isFloat, sizeOf, type Kind, type Shape, type Value } from "@polyad/core/extend";
import { tensorOf } from "../tree.js";

/** An operand to be drawn: its kind and shape, and how each element is drawn. */
export interface Slot {
  readonly kind: Kind;
  readonly shape: Shape;
  /** One element at a place where the function is smooth. */
  readonly draw: Draw;
  /** Kinks, zeros and the like, mixed in where a law holds there too. */
  readonly edges?: readonly number[];
  /** What int32 and bool draw from instead; by rounding unless said. */
  readonly integers?: readonly number[];
  /** Whether it carries a derivative; floats and numbers do unless they only decide. */
  readonly active?: boolean;
}

/** A uniform random number in [0, 1). */
export type Random = () => number;
export type Draw = (random: Random) => number;

/** One way to call a primitive, up to the values of its operands. */
export interface Sample {
  readonly slots: readonly Slot[];
  readonly call: (...xs: Value[]) => Value | readonly Value[];
  /** Distance of each element from a kink between operands, as a tie of two, beyond what `draw` sees to. */
  readonly clearance?: ((...xs: Value[]) => Value) | undefined;
  /** Condition number: by how much rounding may show in a derivative; 1 unless said. */
  readonly condition?: number;
  /** The same for an engine that samples f near by, where f is worse conditioned than at the point, or steep beside the step. */
  readonly nearby?: number;
  readonly seed: number;
}

/** A family of calls of a primitive. */
export interface Case {
  readonly note: string;
  readonly samples: fc.Arbitrary<Sample>;
}

/** A case from what a sample needs besides its seed. */
export function caseOf(note: string, samples: fc.Arbitrary<Omit<Sample, "seed">>): Case {
  return { note, samples: fc.tuple(samples, fc.integer()).map(([sample, seed]) => ({ ...sample, seed })) };
}

/** The operands of a sample; the k-th set of them, with edges or without. */
export function operands({ slots, seed }: Sample, k = 0, edgy = false): Value[] {
  const random = randomOf(seed + 7919 * k);
  return slots.map((slot) => {
    const { kind, draw, edges, integers } = slot;
    if (kind === "bool") return valueOf(slot, () => pick(integers?.filter((n) => n === 0 || n === 1) ?? [0, 1], random));
    if (kind === "int32" && integers !== undefined) return valueOf(slot, () => pick(integers, random));
    return valueOf(slot, () => (edgy && edges !== undefined && random() < 0.2 ? pick(edges, random) : draw(random)));
  });
}

/** A value of a kind and shape with drawn elements. */
export function valueOf({ kind, shape }: Pick<Slot, "kind" | "shape">, draw: () => number): Value {
  if (kind === "number") return draw();
  return tensorOf(Array.from({ length: sizeOf(shape) }, () => (isFloat(kind) ? draw() : Math.round(draw()))), shape, kind);
}

export function isActive({ kind, active = true }: Slot): boolean {
  return active && (kind === "number" || isFloat(kind));
}

function pick(xs: readonly number[], random: Random): number {
  return xs[Math.floor(random() * xs.length)]!;
}

/** mulberry32 */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Uniform in [lo, hi], at least 0.1 away from every kink. */
export function between(lo: number, hi: number, kinks: readonly number[] = []): Draw {
  return (random) => {
    for (;;) {
      const x = lo + (hi - lo) * random();
      if (kinks.every((kink) => Math.abs(x - kink) > 0.1)) return x;
    }
  };
}

/** Standard choice where nothing is singular. */
export const anything: Draw = between(-2, 2);

/** Rank 0 to 4, not square, now and then an axis of length 1 or 0. */
export const shapes: fc.Arbitrary<Shape> = shapesOf(0, 4);

export function shapesOf(minRank: number, maxRank: number): fc.Arbitrary<Shape> {
  const axis = fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 2, max: 4 }) }, { weight: 3, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(0) });
  // The rank first: of shapes of every rank at once, the limit on size would leave few of rank 4.
  return fc.integer({ min: minRank, max: maxRank }).chain((rank) => fc.array(axis, { minLength: rank, maxLength: rank }).filter((shape) => sizeOf(shape) <= 48));
}

/** `count` shapes that broadcast against each other. */
export function broadcasting(count: number): fc.Arbitrary<Shape[]> {
  return shapes.chain((full) => {
    const one = fc.tuple(fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: full.length })), fc.array(fc.nat(3), { minLength: full.length, maxLength: full.length }));
    return fc.tuple(...Array.from({ length: count }, () => one)).map((choices) => choices.map(([drop, ones]) => full.map((n, i) => (ones[i] === 0 ? 1 : n)).slice(drop)));
  });
}

/** Mostly float64; float32 and numbers too. */
export const floats: fc.Arbitrary<Kind> = fc.constantFrom<Kind>("float64", "float64", "float32", "number");

/** Kinds of tensors that carry a derivative. */
export const floatTensors: fc.Arbitrary<"float64" | "float32"> = fc.constantFrom("float64", "float64", "float32");
