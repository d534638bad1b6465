import { expect } from "vitest";
import { kindOf, shapeOf, Tensor, type Value } from "../../packages/core/src/tensor.js";
import { valueOf, type Random } from "../../conformance/src/cases/case.js";

export function numbersOf(x: Value): readonly number[] {
  return typeof x === "number" ? [x] : Array.from(x.dataSync());
}

/** A random direction of the kind and shape of a value: every element in [−1, 1). */
export function direction(x: Value, random: Random): Value {
  return valueOf({ kind: kindOf(x), shape: shapeOf(x) }, () => 2 * random() - 1);
}

/** What a value is: a number, or a concrete tensor of a dtype and shape. */
function form(x: Value): unknown {
  return typeof x === "number" ? "number" : { shape: [...x.shape], dtype: x.dtype, traced: x.trace !== null };
}

/** The same number, or tensor of the same dtype, shape and elements; −0 is not 0. */
export function expectSame(actual: Value, expected: Value, where: string): void {
  expect(form(actual), where).toEqual(form(expected));
  expect(numbersOf(actual), where).toEqual(numbersOf(expected));
}

/** The same but for a few units in the last place of the largest element. */
export function expectSameButRounding(actual: Value, expected: Value, where: string): void {
  expect(form(actual), where).toEqual(form(expected));
  const numbers = numbersOf(expected);
  const unit = kindOf(expected) === "float32" ? 2 ** -24 : 2 ** -53;
  const scale = Math.max(...numbers.map(Math.abs), 0);
  numbersOf(actual).forEach((x, i) => expect(Math.abs(x - numbers[i]!), where).toBeLessThanOrEqual(8 * unit * scale));
}

export function isTraced(x: Value): boolean {
  return x instanceof Tensor && x.trace !== null;
}
