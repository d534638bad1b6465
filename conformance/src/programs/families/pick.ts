import { Unsuitable, type Builder } from "../builder.js";
import { functions } from "../evaluate.js";
import { shapeOf, type Attribute } from "../program.js";
import { elements, together } from "../shapes.js";

/** One way to extend a program by an op. */
export interface Family {
  readonly weight: number;
  readonly add: (b: Builder) => unknown;
}

/** Ops among the names that core has. */
export const existing = (names: readonly string[]): string[] => names.filter((name) => name in functions);

/** An earlier tensor that is not empty. */
export const tensorLike = (b: Builder, minRank = 1): number => b.pick((x) => typeof x !== "number" && x.ndim >= minRank && x.size > 0);

export const axisOf = (b: Builder, rank: number): number => b.integer(-rank, rank - 1);

export function shuffled(b: Builder, n: number): number[] {
  const order = [...Array(n).keys()];
  for (let i = n - 1; i > 0; i--) {
    const j = b.integer(0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The first that does not fail to find what suits. */
export function either<T>(first: () => T, second: () => T): T {
  try {
    return first();
  } catch (error) {
    if (!(error instanceof Unsuitable)) throw error;
    return second();
  }
}

/** An operand that broadcasts against x: an earlier value, or a new one with some of x's axes. */
export function partner(b: Builder, x: number): number {
  const shape = b.shape(x);
  const fresh = (): number => b.fresh(shape.slice(b.integer(0, shape.length)).map((n) => (b.chance(0.2) ? 1 : n)));
  return b.chance(0.7) ? either(() => b.pick((y, i) => i !== x && fitsInto(b, shape, shapeOf(y))), fresh) : fresh();
}

export function fitsInto(b: Builder, a: readonly number[], c: readonly number[]): boolean {
  const shape = together(a, c);
  return shape !== null && elements(shape) <= b.room.value && shape.length <= 4;
}

/** Axes of a reduction: all, one or several, kept or not. */
export function reduceOptions(b: Builder, rank: number): Attribute {
  const keepDims = b.chance(0.3);
  if (rank === 0 || b.chance(0.3)) return { keepDims };
  if (b.chance(0.6)) return { axis: axisOf(b, rank), keepDims };
  return { axis: shuffled(b, rank).slice(0, b.integer(0, rank)), keepDims };
}
