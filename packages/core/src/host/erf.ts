import { polynomial } from "./polynomial.js";

/*
 * The tables below are interpolations at Chebyshev points with 80 digits; scripts/special-coefficients.py computes them.
 * Every formula is an exact or nearly exact main term with a small correction, so that the rounding errors of a
 * polynomial count only in part.
 */

/** erf x = 2/√π ∫₀ˣ e^(−t²) dt, to one unit in the last place. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 0.84) return x + x * polynomial(ratio, x * x);
  if (a > 6) return Math.sign(x); // The next float64 is too far away.
  return x > 0 ? 1 - tail(a) : tail(a) - 1;
}

/** erfc x = 1 − erf x, to two units in the last place also where it is tiny. */
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
 * erfc x for 0.84 ≤ x ≤ 28: e^(−x²)/D, where D = 1/(e^(x²) erfc x) lies between √π x and 2x, plus 0.57 at most. So D is 2x,
 * which is exact, and x + 2 times a small smooth function of 1/(x + 2). D also takes the part of e^(x²) beyond e^(h²).
 */
function tail(x: number): number {
  const t = 1 / (x + 2);
  const rest = (x + 2) * (x < 3 ? polynomial(near, t - 0.28125) : polynomial(far, t - 0.125));
  const h = Math.fround(x);
  return Math.exp(-h * h) / (2 * x + (rest + smallExpm1((x - h) * (x + h)) * (2 * x + rest)));
}

/** e^d − 1 for |d| < 10⁻⁴, the first terms of the series. */
function smallExpm1(d: number): number {
  return d + d * d * (0.5 + d / 6);
}

/** (erf x)/x − 1 in powers of x², for x < 0.84 */
const ratio = [
  0.12837916709551256, -0.3761263890318343, 0.1128379167093679, -0.02686617064106869, 0.005223977579226148,
  -0.0008548323951700021, 0.00012055205425958353, -1.4922237107498827e-05, 1.6403095433395954e-06,
  -1.5724725208291208e-07, 1.0757039105461454e-08,
];

/** (D − 2x)/(x + 2) in powers of 1/(x + 2) − 9/32, for 0.84 ≤ x < 3 */
const near = [
  0.024353137431477295, 1.5457922031238935, 2.9311613598227475, 0.9943755933901427, -6.351201590654806,
  -1.7450181517717298, 26.010093332107985, -8.747754900431923, -114.12723244558879, 144.79241518651943,
  416.1953580716085, -1175.799675457814, -713.6603294295222, 6799.777306248255, -4047.5210698915803,
  -29259.04008355616,
];

/** The same in powers of 1/(x + 2) − ⅛, for 3 ≤ x ≤ 28 */
const far = [
  -0.15267703943587077, 0.7811458185991068, 1.8017110782840282, 2.985284441413018, 1.025220633243709,
  -8.999956711178092, -17.91359871841533, 22.154675718517517, 127.13768985161501, -0.2664779256771836,
  -799.2222644165604, -586.6227518390032, 4987.638277263547, 6102.1638526212255, -31308.360981422877,
  -41700.256503433, 140977.65441878684,
];
