import { add, cos, div, exp, matmul, mul, reshape, slice, stack, sub, tensor, type Tensor, type Value } from "polyad";

/**
 * The curve, with θ = (b, a, r, g, A₁ … A₄, φ₁ … φ₄):
 *
 *     c(t) = b + a·exp(r·t) + (1 + g·t)·Σₖ Aₖ cos(2πk·t − φₖ)
 *
 * an exponential rise over a base, and four annual harmonics whose amplitudes share a linear gain. The same seasonal
 * form underlies Scripps' own seasonally adjusted record.
 */
const harmonics = 4;

export interface Parameter {
  readonly symbol: string;
  readonly name: string;
  readonly unit: string;
}

const perHarmonic = (symbol: string, name: string, unit: string): readonly Parameter[] =>
  Array.from({ length: harmonics }, (_, i) => ({ symbol: `${symbol}${"₁₂₃₄"[i]!}`, name: `${name} ${i + 1}`, unit }));

/** What the entries of θ mean, in order. */
export const parameters: readonly Parameter[] = [
  { symbol: "b", name: "base", unit: "ppm" },
  { symbol: "a", name: "rise in 1990", unit: "ppm" },
  { symbol: "r", name: "growth rate", unit: "1/yr" },
  { symbol: "g", name: "seasonal gain", unit: "1/yr" },
  ...perHarmonic("A", "amplitude", "ppm"),
  ...perHarmonic("φ", "phase", "rad"),
];

const amplitudes = 4;
const phases = amplitudes + harmonics;

/** A crude start: the base before industry, the level of 1990, and seasons of 1 ppm whose phases are unknown. */
export const start: Tensor = tensor([280, 70, 0.02, 0, ...Array<number>(harmonics).fill(1), ...Array<number>(harmonics).fill(0)]);

/** c(t; θ) in ppm at n times t (years since the epoch): shape [n]. */
export function curve(theta: Tensor, t: Tensor): Tensor {
  return add(trend(theta, t), mul(gain(theta, t), seasons(theta, t)));
}

/** b + a·exp(r·t) */
export function trend(theta: Tensor, t: Value): Tensor {
  return add(slice(theta, 0), mul(slice(theta, 1), exp(mul(slice(theta, 2), t))));
}

/** 1 + g·t */
function gain(theta: Tensor, t: Value): Tensor {
  return add(1, mul(slice(theta, 3), t));
}

/** Σₖ Aₖ cos(2πk·t − φₖ), as the product of an [n, 4] matrix of waves with the amplitudes. */
function seasons(theta: Tensor, t: Tensor): Tensor {
  const frequencies = tensor(Array.from({ length: harmonics }, (_, k) => 2 * Math.PI * (k + 1)));
  const angles = mul(reshape(t, [t.size, 1]), frequencies);
  return matmul(cos(sub(angles, slice(theta, [phases, phases + harmonics]))), slice(theta, [amplitudes, phases]));
}

/** The same curve with Aₖ ≥ 0 and −π < φₖ ≤ π: A cos(x − φ) = −A cos(x − φ − π). */
export function canonical(theta: Tensor): Tensor {
  const values = theta.dataSync();
  for (let k = 0; k < harmonics; k++) {
    const turn = values[amplitudes + k]! < 0 ? Math.PI : 0;
    const phase = values[phases + k]! + turn;
    values[amplitudes + k] = Math.abs(values[amplitudes + k]!);
    values[phases + k] = phase - 2 * Math.PI * Math.ceil((phase - Math.PI) / (2 * Math.PI));
  }
  return tensor(values);
}

/** Years, since the epoch, at which growth and seasons are compared. */
const [early, late] = [-30, 30];

/** What the entries of `highlights` mean, in order. */
export const highlightNames: readonly Parameter[] = [
  { symbol: "a·r·exp(r·t)", name: "growth in 1960", unit: "ppm/yr" },
  { symbol: "a·r·exp(r·t)", name: "growth in 2020", unit: "ppm/yr" },
  { symbol: "ln 2 / r", name: "doubling time of the rise", unit: "yr" },
  { symbol: "A₁(1 + g·t)", name: "annual amplitude in 1960", unit: "ppm" },
  { symbol: "A₁(1 + g·t)", name: "annual amplitude in 2020", unit: "ppm" },
];

/** Quantities of interest, functions of θ: their errors follow from θ's by their Jacobian. */
export function highlights(theta: Tensor): Tensor {
  const [a, r, annual] = [slice(theta, 1), slice(theta, 2), slice(theta, amplitudes)];
  const growth = (t: number): Tensor => mul(mul(a, r), exp(mul(r, t)));
  const amplitude = (t: number): Tensor => mul(annual, gain(theta, t));
  return stack([growth(early), growth(late), div(Math.LN2, r), amplitude(early), amplitude(late)]);
}
