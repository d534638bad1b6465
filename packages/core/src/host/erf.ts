import { polynomial } from "./polynomial.js";

/*
 * The tables below are interpolations at Chebyshev points with 80 digits; scripts/special-coefficients.py computes them.
 * Every formula is an exact or nearly exact main term with a small correction, so that the rounding errors of a
 * polynomial count only in part.
 */

/** erf x = 2/√π ∫₀ˣ e^(−t²) dt, to one unit in the last place. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 1) return x + x * polynomial(ratio, x * x);
  if (a > 6) return Math.sign(x); // The next float64 is too far away.
  return x > 0 ? 1 - tail(a) : tail(a) - 1;
}

/** erfc x = 1 − erf x, to two units in the last place also where it is tiny. */
export function erfc(x: number): number {
  if (x < 0) return 1 + erf(-x);
  if (x < 1) return 1 - x - x * polynomial(ratio, x * x); // 1 − x is exact from ½ on, where the digits would cancel.
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
 * erfc x for 1 ≤ x ≤ 28: e^(−x²)/D, where D = 1/(e^(x²) erfc x) lies between √π x and 2x, plus 0.57 at most. So D is 2x,
 * which is exact, and x + 2 times a small smooth function of 1/(x + 2). D also takes the part of e^(x²) beyond e^(h²).
 */
function tail(x: number): number {
  const t = 1 / (x + 2);
  const rest = (x + 2) * (x < 3 ? polynomial(near, t - 0.25) : polynomial(far, t - 0.125));
  const h = Math.fround(x);
  return Math.exp(-h * h) / (2 * x + (rest + smallExpm1((x - h) * (x + h)) * (2 * x + rest)));
}

/** e^d − 1 for |d| < 10⁻⁴, the first terms of the series. */
function smallExpm1(d: number): number {
  return d + d * d * (0.5 + d / 6);
}

/** (erf x)/x − 1 in powers of x², for x ≤ 1 */
const ratio = [
  0.1283791670955126, -0.3761263890318375, 0.11283791670954879, -0.026866170645076792, 0.0052239776248180145,
  -0.000854832698083379, 0.0001205533111164271, -1.4925595266831182e-05, 1.6461000484121368e-06,
  -1.6350312701054695e-07, 1.4659775274047436e-08, -1.1372848856791674e-09, 5.957176147748911e-11,
];

/** (D − 2x)/(x + 2) in powers of 1/(x + 2) − ¼, for 1 ≤ x < 3 */
const near = [
  -0.02112673318692276, 1.3662701197812437, 2.80163155655225, 1.7552674842625222, -5.696261962181561,
  -6.592474662523932, 24.530407137128037, 23.008141567008757, -131.24321379568383, -38.87482286655703,
  713.7045096273908, -387.267830476591, -3384.397783298096, 5893.473925555638, 2551.689876157145,
];

/** The same in powers of 1/(x + 2) − ⅛, for 3 ≤ x ≤ 28 */
const far = [
  -0.15267703943587077, 0.7811458185991068, 1.8017110782840282, 2.985284441413018, 1.025220633243709,
  -8.999956711178092, -17.91359871841533, 22.154675718517517, 127.13768985161501, -0.2664779256771836,
  -799.2222644165604, -586.6227518390032, 4987.638277263547, 6102.1638526212255, -31308.360981422877,
  -41700.256503433, 140977.65441878684,
];
