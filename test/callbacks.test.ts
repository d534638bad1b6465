import { expect, test } from "vitest";
import { add, AutoForward, AutoTape, gradient, mul, sin, square, sum, tensor, where, type Value } from "polyad";

// JavaScript passes index and array to callbacks: an op takes its own operands and no more.
test("ops are callbacks", () => {
  expect([1, 2].map(square)).toEqual([1, 4]);
  expect([1, 2, 3].reduce(add)).toBe(6);
  for (const ad of [AutoTape(), AutoForward()]) {
    expect(gradient((xs: Value[]) => xs.map(sin).reduce(mul), ad, [1, 2])).toEqual([[expect.closeTo(Math.cos(1) * Math.sin(2), 14), expect.closeTo(Math.sin(1) * Math.cos(2), 14)]]);
  }
});

test("a missing operand is named", () => {
  // @ts-expect-error two operands
  expect(() => mul(2)).toThrow("mul: expected a number, a Tensor or an array of numbers, got undefined.");
  // @ts-expect-error three operands
  expect(() => where(tensor([1]), 2)).toThrow("where: expected a number, a Tensor or an array of numbers, got undefined.");
  // @ts-expect-error one operand
  expect(() => gradient((x: Value) => add(sin(x), sin()), AutoTape(), 2)).toThrow("sin: expected a number, a Tensor or an array of numbers, got undefined.");
  expect(sum(tensor([1])).item()).toBe(1);
});
