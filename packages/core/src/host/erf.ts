import { polynomial } from "./polynomial.js";

/*
 * The tables below are interpolations at Chebyshev points with 80 digits; scripts/special-coefficients.py computes them.
 * Every formula is an exact or nearly exact main term with a small correction, so that the rounding errors of a
 * polynomial count only in part.
 */

/** erf x = 2/√π ∫₀ˣ e^(−t²) dt, to 1.1 units in the last place. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 0.84) return x + x * polynomial(ratio, x * x);
  if (a > 6) return Math.sign(x); // The next float64 is too far away.
  return x > 0 ? 1 - tail(a) : tail(a) - 1;
}

/** erfc x = 1 − erf x, to three units in the last place also where it is tiny. */
export function erfc(x: number): number {
  if (x < 0) return 1 + erf(-x);
  if (x < 0.84) return 1 - x - x * polynomial(ratio, x * x); // 1 − x is exact from ½ on, where the digits would cancel.
  return x > 28 ? 0 : tail(x);
}

/** e^(−x²) without the rounding of x², which a large x² would magnify. */
export function gaussian(x: number): number {
  const a = Math.min(Math.abs(x), 40);
  const h = Math.fround(a); // h² is exact, and e^(−x²) = e^(−h²) e^((h−x)(h+x))
  const g = Math.exp(-h * h);
  return g + g * smallExpm1((h - a) * (h + a));
}

/**
 * erfc x for 0.84 ≤ x ≤ 28: e^(−x²)/D, where D = 1/(e^(x²) erfc x) grows from 2.06 like √π x. So D is 2x, which is exact,
 * and x + 2 times a small smooth function of 1/(x + 2). D also takes the part of e^(x²) beyond e^(h²), h² being exact.
 */
function tail(x: number): number {
  const t = 1 / (x + 2);
  const rest = (x + 2) * (x < 2.5 ? polynomial(near, t - 0.28125) : polynomial(far, t - 0.125));
  const h = Math.fround(x);
  return Math.exp(-h * h) / (2 * x + (rest + smallExpm1((x - h) * (x + h)) * (2 * x + rest)));
}

/** e^d − 1 for |d| < 10⁻⁴, the first terms of the series. */
function smallExpm1(d: number): number {
  return d + d * d * (0.5 + d / 6);
}

/** (erf x)/x − 1 in powers of x², for x < 0.84 */
const ratio = [
  0.1283791670955126, -0.3761263890318375, 0.11283791670954775, -0.02686617064503848, 0.005223977624171083,
  -0.0008548326920588401, 0.00012055327697362146, -1.4925471268019038e-05, 1.6458051806890862e-06,
  -1.63046150641907e-07, 1.4215069808219508e-08, -8.905151131672966e-10,
];

/** (D − 2x)/(x + 2) in powers of 1/(x + 2) − 9/32, for 0.84 ≤ x < 2.5 */
const near = [
  0.0243531374314773, 1.545792203123893, 2.931161359822678, 0.9943755933936698, -6.351201590359812,
  -1.7450181603525243, 26.010092860677698, -8.747745159247039, -114.12687052625542, 144.78640036410212,
  416.0516143690854, -1173.7064659635953, -685.1544931043787, 6413.815029026117, -6282.022273521878,
];

/** The same in powers of 1/(x + 2) − ⅛, for 2.5 ≤ x ≤ 28 */
const far = [
  -0.15267703943587077, 0.7811458185991064, 1.8017110782840255, 2.9852844414158493, 1.0252206332799274,
  -8.99995671620376, -17.913598796436872, 22.154679521620587, 127.13775750957541, -0.26787486380985903,
  -799.2514540244807, -586.3825592792156, 4994.29306264689, 6091.25663934126, -32076.49519770391, -43454.27645313704,
  176365.45251464646, 170263.0145921654,
];
