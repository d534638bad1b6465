// Elementary functions on pairs of float64 that came from float32. Each is a range reduction and a
// Taylor series, good to about 1e-13 relative: rounded to float32, that is the correctly rounded value
// save for about one argument in a million. Float32 arguments make things simple: none is subnormal
// once promoted, and e^x fits float64 wherever its float32 rounding is neither 0 nor Infinity.

// @ts-ignore: decorator
@inline
function num(x: f64): v128 {
  return f64x2.splat(x);
}

/** a + x·b: one step of Horner's scheme. */
// @ts-ignore: decorator
@inline
function step(a: f64, x: v128, b: v128): v128 {
  return f64x2.add(num(a), f64x2.mul(x, b));
}

const SIGN: i64 = i64.MIN_VALUE;

/** `y` with its sign bit set where `x` has it: for odd-like functions at ±0. */
// @ts-ignore: decorator
@inline
function withSign(y: v128, x: v128): v128 {
  return v128.or(y, v128.and(x, i64x2.splat(SIGN)));
}

/** Adding and subtracting 1.5·2^52 rounds to an integer, which the sum holds in its low bits. */
const ROUND: f64 = 6755399441055744.0;

/** e^x = 2^k (1 + q), with x clamped to where float32 tells e^x from 0 and Infinity; NaN passes. */
let scale: v128 = i64x2.splat(0);

// @ts-ignore: decorator
@inline
function clamp(x: v128, limit: f64): v128 {
  return f64x2.pmax(f64x2.pmin(x, num(limit)), num(-limit));
}

// @ts-ignore: decorator
@inline
function rounded(x: v128): v128 {
  return f64x2.add(x, num(ROUND));
}

/** 2^k, for the sum t = k + ROUND. */
// @ts-ignore: decorator
@inline
function powerOfTwo(t: v128): v128 {
  return i64x2.add(i64x2.shl(t, 52), i64x2.splat(0x3ff0000000000000));
}

/** q = e^r - 1 for r = x - k·ln 2, |r| ≤ ln(2)/2: Σ r^n / n!, n = 1 … 11. */
// @ts-ignore: decorator
@inline
function series(x: v128, t: v128): v128 {
  const k = f64x2.sub(t, num(ROUND));
  // ln 2 in two parts, the first short enough for k·part to be exact.
  const r = f64x2.sub(f64x2.sub(x, f64x2.mul(k, num(LN2_HIGH))), f64x2.mul(k, num(LN2_LOW)));
  let q = step(1.0 / 3628800, r, num(1.0 / 39916800));
  q = step(1.0 / 362880, r, q);
  q = step(1.0 / 40320, r, q);
  q = step(1.0 / 5040, r, q);
  q = step(1.0 / 720, r, q);
  q = step(1.0 / 120, r, q);
  q = step(1.0 / 24, r, q);
  q = step(1.0 / 6, r, q);
  q = step(0.5, r, q);
  q = step(1, r, q);
  return f64x2.mul(r, q);
}
