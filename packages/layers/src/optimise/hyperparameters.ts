import { AutodiffError } from "@polyad/core";
import { describe } from "./describe.js";

/** The names that mean the same in every rule, and what they may be. */
const ranges: Readonly<Record<string, readonly [holds: (x: number) => boolean, words: string]>> = {
  eta: [(x) => x >= 0 && x < Infinity, "a learning rate of at least 0"],
  beta: [(x) => x >= 0 && x < 1, "0 <= beta < 1"],
  rho: [(x) => x >= 0 && x < 1, "0 <= rho < 1"],
  epsilon: [(x) => x >= 0, "at least 0"],
  lambda: [(x) => x >= 0, "at least 0"],
  delta: [(x) => x > 0, "a threshold above 0"],
  omega: [(x) => x > 0, "a norm above 0"],
  p: [(x) => x === 1 || x === 2 || x === Infinity, "1, 2 or Infinity"],
  n: [(x) => Number.isInteger(x) && x >= 1, "a whole number of at least 1"],
};

/** @throws AutodiffError unless a hyperparameter has the form of what it replaces, and lies in its range. */
export function checkHyperparameter(who: string, key: string, value: unknown, old: unknown): void {
  const expected = Array.isArray(old) && old.every((x) => typeof x === "number") ? `${old.length} numbers` : `a ${typeof old}`;
  if (!alike(value, old)) throw new AutodiffError(`${who}: expected ${expected} for ${key}, got ${describe(value)}.`);
  const range = ranges[key];
  if (range === undefined) return;
  const [holds, words] = range;
  for (const x of [value].flat()) {
    if (typeof x === "number" && !holds(x)) throw new AutodiffError(`${who}: expected ${words} for ${key}, got ${describe(value)}.`);
  }
}

function alike(value: unknown, old: unknown): boolean {
  if (typeof value === "number") return typeof old === "number" && !Number.isNaN(value);
  if (!Array.isArray(value) || !Array.isArray(old)) return typeof value === typeof old && Array.isArray(value) === Array.isArray(old);
  return typeof old[0] !== "number" || (value.length === old.length && value.every((x, i) => alike(x, old[i])));
}
