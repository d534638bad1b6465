// The rational approximations are those of FreeBSD's s_erf.c:
//   Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro, a Sun Microsystems, Inc.
//   business. Permission to use, copy, modify, and distribute this software is freely granted, provided that this
//   notice is preserved.
import { polynomial } from "./polynomial.js";

/** erf x = 2/√π ∫₀ˣ e^(−t²) dt, to one unit in the last place. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 0.84375) return x + x * small(a);
  if (a >= 6) return Math.sign(x);
  return Math.sign(x) * (a < 1.25 ? erfNearOne + middle(a) : 1 - tail(a));
}

/** erfc x = 1 − erf x, to two units in the last place also where it is tiny. */
export function erfc(x: number): number {
  const a = Math.abs(x);
  if (a < 0.84375) return x < 0.25 ? 1 - (x + x * small(a)) : 0.5 - (x * small(a) + (x - 0.5));
  if (a < 1.25) return x > 0 ? 1 - erfNearOne - middle(a) : 1 + (erfNearOne + middle(a));
  if (a > 28) return x > 0 ? 0 : 2;
  return x > 0 ? tail(a) : 2 - tail(a);
}

/** e^(−x²) without the rounding of x², which a large x² would magnify: e^(−h²)·e^((h−x)(h+x)) where h² is exact. */
export function gaussian(x: number): number {
  const a = Math.min(Math.abs(x), 40);
  const h = Math.fround(a);
  return Math.exp(-h * h) * Math.exp((h - a) * (h + a));
}

/** (erf x − x)/x for x < 0.84375. */
function small(x: number): number {
  if (x < 2 ** -28) return 0.1283791670955126;
  const z = x * x;
  return polynomial(smallAbove, z) / polynomial(smallBelow, z);
}

/** erf x − erfNearOne for 0.84375 ≤ x < 1.25. */
function middle(x: number): number {
  return polynomial(middleAbove, x - 1) / polynomial(middleBelow, x - 1);
}

/** erfc x for x ≥ 1.25: e^(−x² − 0.5625 + R/S)/x, where R and S are polynomials in 1/x². */
function tail(x: number): number {
  const s = 1 / (x * x);
  const ratio = x < 2.857142857142857 ? polynomial(nearAbove, s) / polynomial(nearBelow, s) : polynomial(farAbove, s) / polynomial(farBelow, s);
  const h = Math.fround(x);
  return (Math.exp(-h * h - 0.5625) * Math.exp((h - x) * (h + x) + ratio)) / x;
}

const erfNearOne = 0.845062911510467529297;

const smallAbove = [0.128379167095512558561, -0.325042107247001499370, -0.0284817495755985104766, -0.00577027029648944159157, -2.37630166566501626084e-5];
const smallBelow = [1, 0.397917223959155352819, 0.0650222499887672944485, 0.00508130628187576562776, 0.000132494738004321644526, -3.96022827877536812320e-6];
const middleAbove = [-0.00236211856075265944077, 0.414856118683748331666, -0.372207876035701323847, 0.318346619901161753674, -0.110894694282396677476, 0.0354783043256182359371, -0.00216637559486879084300];
const middleBelow = [1, 0.106420880400844228286, 0.540397917702171048937, 0.0718286544141962662868, 0.126171219808761642112, 0.0136370839120290507362, 0.0119844998467991074170];
const nearAbove = [-0.00986494403484714822705, -0.693858572707181764372, -10.5586262253232909814, -62.3753324503260060396, -162.396669462573470355, -184.605092906711035994, -81.2874355063065934246, -9.81432934416914548592];
const nearBelow = [1, 19.6512716674392571292, 137.657754143519042600, 434.565877475229228821, 645.387271733267880336, 429.008140027567833386, 108.635005541779435134, 6.57024977031928170135, -0.0604244152148580987438];
const farAbove = [-0.00986494292470009928597, -0.799283237680523006574, -17.7579549177547519889, -160.636384855821916062, -637.566443368389627722, -1025.09513161107724954, -483.519191608651397019];
const farBelow = [1, 30.3380607434824582924, 325.792512996573918826, 1536.72958608443695994, 3199.85821950859553908, 2553.05040643316442583, 474.528541206955367215, -22.4409524465858183362];
