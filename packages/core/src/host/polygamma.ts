import { polynomial } from "./polynomial.js";

/** Above it n! is not a float64. */
export const largestOrder = 170;

/** ψ⁽ⁿ⁾(x) for 1 ≤ n ≤ 170: (−1)ⁿ⁺¹ n! Σ 1/(x + k)ⁿ⁺¹ over k ≥ 0. At a pole it is ∞ if both sides agree, else NaN. */
export function polygamma(n: number, x: number): number {
  const sign = n % 2 === 0 ? -1 : 1;
  const flip = -sign; // (−1)ⁿ⁺¹ for the terms of the other side
  if (x > 0) return sign * series(n, x);
  if (x === 0) return Object.is(x, -0) ? Infinity : sign * Infinity;
  const below = Math.ceil(x) - x;
  if (below === 0) return sign > 0 ? Infinity : NaN;
  // The sum over all whole numbers without those beyond x; both distances to the next pole are exact where they are small.
  return sign * (series(n, x - Math.floor(x)) - flip * (series(n, below) - series(n, 1 - x)));
}

/** n! Σ (x + k)⁻ⁿ⁻¹ for x > 0, by Euler and Maclaurin beyond the first terms, smallest first. */
function series(n: number, x: number): number {
  const first = Math.max(0, Math.ceil(n + 9 - x));
  const y = x + first;
  let sum = y === Infinity ? 0 : term(n, y) * (y / n + 0.5 + polynomial(bernoulliRatios(n), 1 / (y * y)) / y);
  for (let k = first - 1; k >= 0; k--) sum += term(n, x + k);
  return sum;
}

/** n! t⁻ⁿ⁻¹, in two halves where the power alone would be out of range. */
function term(n: number, t: number): number {
  if (n < 8 && t < 1e30) {
    let power = t * t;
    for (let k = 1; k < n; k++) power *= t; // a third of the time of **
    return factorial[n]! / power;
  }
  const inRange = Math.abs(Math.log2(t)) * (n + 1) < 1000;
  if (inRange) return factorial[n]! / t ** (n + 1);
  const half = t ** (-0.5 * (n + 1));
  return half * factorial[n]! * half;
}

/** n!, rounded once. */
const factorial: number[] = [];
for (let n = 0, exact = 1n; n <= largestOrder; exact *= BigInt(++n)) factorial.push(Number(exact));

/** B₂ⱼ/(2j)! · (n + 1)(n + 2)…(n + 2j − 1), the coefficients of the correction, kept by order. */
function bernoulliRatios(n: number): readonly number[] {
  let c = ratios.get(n);
  if (c === undefined) {
    let rising = 1;
    c = bernoulli.map((b, j) => b * (rising *= j === 0 ? n + 1 : (n + 2 * j) * (n + 2 * j + 1)));
    ratios.set(n, c);
  }
  return c;
}

const ratios = new Map<number, readonly number[]>();

/** B₂ⱼ/(2j)! */
const bernoulli = [
  1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -5.284190138687493e-10, 1.3382536530684679e-11,
  -3.3896802963225827e-13, 8.586062056277845e-15, -2.174868698558062e-16, 5.5090028283602295e-18,
];
