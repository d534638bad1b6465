import { polynomial } from "./polynomial.js";

/** ln |Γ(x)|; ∞ at the poles 0, −1, −2, … */
export function lgamma(x: number): number {
  if (x <= 0) return reflected(x);
  if (x < 1) return lgammaOnePlus(x) - Math.log(x);
  if (x < 8) {
    let t = x - 1;
    let p = 1;
    while (t > 1) p *= t--; // Γ(t + 1) = t Γ(t)
    return lgammaOnePlus(t) + Math.log(p);
  }
  if (x === Infinity) return x;
  // Stirling: (x − ½) ln x − x + ½ ln 2π + Σ B₂ₖ/(2k (2k − 1) x²ᵏ⁻¹)
  const z = 1 / x;
  return (x - 0.5) * (Math.log(x) - 1) + (0.4189385332046728 + z * polynomial(stirling, z * z));
}

/** ψ(x) = d ln Γ(x) / dx; NaN at the poles −1, −2, …, infinite at 0 with the sign that comes from the side of 0. */
export function digamma(x: number): number {
  if (x < 0) {
    const r = x - Math.round(x); // exact
    if (r === 0 || x === -Infinity) return NaN;
    return digamma(1 - x) - Math.PI * cotPi(r);
  }
  if (x < 1) return digammaOnePlus(x) - 1 / x;
  if (x < 10) {
    let t = x - 1;
    let sum = 0;
    while (t > 1) sum += 1 / t--; // ψ(t + 1) = ψ(t) + 1/t
    return digammaOnePlus(t) + sum;
  }
  // ln x − 1/2x − Σ B₂ₖ/(2k x²ᵏ)
  const z = 1 / (x * x);
  return Math.log(x) - (0.5 / x + z * polynomial(asymptotic, z));
}

/** Γ(x) Γ(−x) = −π / (x sin πx) */
function reflected(x: number): number {
  if (x > -1e-20) return -Math.log(-x);
  const r = x - Math.round(x);
  if (r === 0 || x === -Infinity) return Infinity;
  return Math.log(Math.PI / (-x * Math.abs(Math.sin(Math.PI * r)))) - lgamma(-x);
}

/** cot πr for |r| ≤ ½ */
function cotPi(r: number): number {
  if (Math.abs(r) <= 0.25) return 1 / Math.tan(Math.PI * r);
  return Math.sign(r) * Math.tan(Math.PI * (0.5 - Math.abs(r)));
}

/** ln Γ(1 + t) for 0 ≤ t ≤ 1. The zeros at both ends are factors, so that it is exact to the last places next to them. */
function lgammaOnePlus(t: number): number {
  return t * ((t - 1) * polynomial(lgammaRatio, t - 0.5)) + 0;
}

/** ψ(1 + t) for 0 ≤ t ≤ 1. The zero is a factor, given as the sum of two numbers. */
function digammaOnePlus(t: number): number {
  return (t - 0.4616321449683622 - zeroLow) * polynomial(digammaRatio, t - 0.5);
}

const zeroLow = 1.5101110553091481e-16;

/** ln Γ(1 + t) / t(t − 1) in powers of t − ½: interpolated at 22 Chebyshev points of [0, 1] with 80 digits. */
const lgammaRatio = [
  0.4831289505409809, -0.14595989591430608, 0.06291140107456439, -0.031308487501010646, 0.01679709863127416,
  -0.009425622448525798, 0.005446457839126065, -0.0032120740737152814, 0.0019229163127905161,
  -0.0011644145847310124, 0.000711519067515296, -0.00043799307479613914, 0.00027131373861446925,
  -0.0001689178215524898, 0.00010535512483785591, -6.614136022346414e-05, 4.30276814976503e-05,
  -2.7201673025504752e-05, 1.3186019073996835e-05, -8.355075869795273e-06, 1.2140008083973407e-05,
  -7.760660152513446e-06,
];
/** ψ(1 + t) / (t − zero), likewise. */
const digammaRatio = [
  0.951055876031833, -0.4236274212814605, 0.2405424842407742, -0.14840492305390884, 0.09498872445494122,
  -0.061922133273064534, 0.04076083381242074, -0.02697579675613825, 0.0179072524394512, -0.011908218001568644,
  0.007926944646403797, -0.005279964873257405, 0.003519006401502276, -0.002345267632540769, 0.0015566317474486838,
  -0.0010376374098418604, 0.0007233266279287554, -0.0004821990530566789, 0.0002272331660987376,
  -0.00015148586836773365, 0.00025968482126430747, -0.00017312261802727394,
];

/** B₂ₖ / 2k(2k − 1) */
const stirling = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400, 43867 / 244188, -174611 / 125400];

/** B₂ₖ / 2k */
const asymptotic = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12, -3617 / 8160, 43867 / 14364, -174611 / 6600];
