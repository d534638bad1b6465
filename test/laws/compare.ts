import { expect } from "vitest";
import { isFloat, type Kind } from "../../packages/core/src/dtype.js";
import { add } from "../../packages/core/src/primitives/add.js";
import { mul } from "../../packages/core/src/primitives/mul.js";
import { sum } from "../../packages/core/src/primitives/sum.js";
import { kindOf, shapeOf, Tensor, type Value } from "../../packages/core/src/tensor.js";
import { valueOf, type Random } from "./case.js";

/** Unit roundoff. */
export const epsilon = (kind: Kind): number => (kind === "float32" ? 2 ** -24 : 2 ** -53);

export function numbersOf(x: Value): readonly number[] {
  return typeof x === "number" ? [x] : Array.from(x.dataSync());
}

/** The coarsest precision among values. */
export function precision(xs: readonly Value[]): Kind {
  return xs.some((x) => kindOf(x) === "float32") ? "float32" : "float64";
}

/** A value of the kind and shape of another. */
export function like(x: Value, draw: () => number): Value {
  return valueOf({ kind: kindOf(x), shape: shapeOf(x) }, draw);
}

/** A random direction: every element in [−1, 1). */
export function direction(x: Value, random: Random): Value {
  return like(x, () => 2 * random() - 1);
}

export function differentiable(x: Value): boolean {
  return typeof x === "number" || isFloat(x.dtype);
}

/** What a value is: a number, or a concrete tensor of a dtype and shape. */
export function form(x: Value | undefined): unknown {
  if (x === undefined || typeof x === "number") return typeof x;
  return { shape: [...x.shape], dtype: x.dtype, traced: x.trace !== null };
}

/** A derivative has the form of what it belongs to; an absent one is zero. */
export function expectForm(derivative: Value | undefined, of: Value, where: string): void {
  expect(form(derivative ?? of), where).toEqual(form(of));
}

/** The same number, or tensor of the same dtype, shape and elements; −0 is not 0. */
export function expectSame(actual: Value, expected: Value, where: string): void {
  expect(form(actual), where).toEqual(form(expected));
  expect(numbersOf(actual), where).toEqual(numbersOf(expected));
}

/** Of one form, and equal up to `tolerance` times the largest element. */
export function expectNear(actual: Value, expected: Value, tolerance: number, where: string): void {
  expect(form(actual), where).toEqual(form(expected));
  const a = numbersOf(actual);
  const b = numbersOf(expected);
  const scale = Math.max(1, ...b.map(Math.abs), ...a.map(Math.abs));
  a.forEach((x, i) => {
    const close = Math.abs(x - b[i]!) <= tolerance * scale;
    expect(close ? b[i] : x, `${where}: element ${i}`).toBe(b[i]);
  });
}

/** ⟨x, y⟩ and the sum of its terms' magnitudes, in float64. */
export function inner(xs: readonly (Value | undefined)[], ys: readonly (Value | undefined)[]): { product: number; magnitude: number } {
  let product = 0;
  let magnitude = 0;
  xs.forEach((x, k) => {
    const y = ys[k];
    if (x === undefined || y === undefined) return;
    const b = numbersOf(y);
    numbersOf(x).forEach((a, i) => {
      product += a * b[i]!;
      magnitude += Math.abs(a * b[i]!);
    });
  });
  return { product, magnitude };
}

/** ⟨x, y⟩ in ops, so that it can be differentiated. */
export function dot(xs: readonly (Value | undefined)[], ys: readonly (Value | undefined)[]): Value {
  return xs.reduce<Value>((total, x, k) => {
    const y = ys[k];
    return x === undefined || y === undefined ? total : add(total, sum(mul(x, y)));
  }, 0);
}

export function isTraced(x: Value): boolean {
  return x instanceof Tensor && x.trace !== null;
}
