import fc from "fast-check";
import { add, mul, type MaybePromise } from "@polyad/core/extend";
import { ensure, read } from "./compare.js";
import { roundoff } from "./engine.js";
import { carriesDerivative, mapNamed, type Named, type Subject } from "./operands.js";

/** f′ ≈ [45 (f₁ − f₋₁) − 9 (f₂ − f₋₂) + (f₃ − f₋₃)] / 60h, of sixth order. */
const weights = [45, -9, 1] as const;

/** Relative error of f's own values, rounded in every operation. */
export const rounded: number = 64 * roundoff("float64");

/**
 * That dy is the limit of differences of f along v. They tell their own error: by how much a step half as large
 * changes them, and what the error of f's values (`noise`, relative) leaves of them; `tolerance` is that of dy.
 */
export async function differences({ x, dtype }: Subject, f: (x: Named) => MaybePromise<Named>, v: Named, dy: Named, tolerance: number, noise: number): Promise<void> {
  fc.pre(dtype === "float64" && Object.keys(x).length > 0);
  const h = 2 ** -7;
  const y = await f(x);
  const elements = async (ys: Named): Promise<Record<string, readonly number[]>> => Object.fromEntries(await Promise.all(Object.entries(ys).map(async ([key, each]) => [key, await read(each)] as const)));
  const along = async (t: number): Promise<Record<string, readonly number[]>> => elements(await f(mapNamed(x, (at, key) => add(at, mul(t, v[key]!)))));
  const central = async (step: number): Promise<(key: string, i: number) => number> => {
    const samples = await Promise.all([1, 2, 3].map(async (k) => [await along(k * step), await along(-k * step)] as const));
    return (key, i) => weights.reduce((total, w, k) => total + w * (samples[k]![0][key]![i]! - samples[k]![1][key]![i]!), 0) / (60 * step);
  };
  const [coarse, fine] = [await central(h), await central(h / 2)];
  const [values, slopes] = [await elements(y), await elements(dy)];
  for (const key of Object.keys(y)) {
    if (!carriesDerivative(y[key]!)) continue;
    const scale = values[key]!.reduce((most, value, i) => Math.max(most, Math.abs(value), Math.abs(fine(key, i))), 1);
    const truncation = values[key]!.reduce((most, _, i) => Math.max(most, Math.abs(coarse(key, i) - fine(key, i))), 0);
    values[key]!.forEach((_, i) => {
      const expected = fine(key, i);
      ensure(truncation / scale < 1e-6, () => `${key}, element ${i}: differences do not converge: ${coarse(key, i)}, ${expected}`);
      const allowed = truncation + (noise / h + tolerance) * scale;
      const got = slopes[key]![i]!;
      ensure(Math.abs(got - expected) <= allowed, () => `${key}, element ${i}: got ${got}, differences give ${expected}, off by ${Math.abs(got - expected).toExponential(1)} of ${allowed.toExponential(1)} allowed`);
    });
  }
}
