// Elementary functions on pairs of float64 that came from float32. Each is a reduction of the argument
// and a Taylor series, good to about 1e-13: rounded to float32 that is the correctly rounded value save
// for one argument in a million or so. Float32 makes things easy: its subnormals are normal in float64,
// and float64 still holds e^x where float32 has long gone to 0 or Infinity.

/**
 * The number at `address` in both lanes. V8 reads a number in one instruction and makes one, in every
 * iteration anew, in three; therefore each constant below is an address, given by memory.data.
 */
@inline
function num(address: usize): v128 {
  return v128.load64_splat(address);
}

const ONE: usize = memory.data<f64>([1]);
const TWO: usize = memory.data<f64>([2]);
const MINUS_ONE: usize = memory.data<f64>([-1]);
const MINUS_TWO: usize = memory.data<f64>([-2]);
const SIGN: usize = memory.data<f64>([-0.0]);

/** 1/n!, n = 0 … 13, and 1/(2n + 1), n = 0 … 7. */
const FACTORIALS: usize = memory.data<f64>([
  1, 1, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880,
  1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800,
]);
const ODDS: usize = memory.data<f64>([1, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15]);

@inline
function factorial(n: usize): v128 {
  return num(FACTORIALS + n * 8);
}

@inline
function odd(n: usize): v128 {
  return num(ODDS + n * 8);
}

/** c + x·y and c - x·y: steps of Horner's scheme. */
@inline
function up(c: v128, x: v128, y: v128): v128 {
  return f64x2.add(c, f64x2.mul(x, y));
}

@inline
function down(c: v128, x: v128, y: v128): v128 {
  return f64x2.sub(c, f64x2.mul(x, y));
}

/** `y` with the sign of `x`, where they agree unless y is a zero. */
@inline
function withSign(y: v128, x: v128): v128 {
  return v128.or(y, v128.and(x, num(SIGN)));
}

/** Adding 1.5·2^52 rounds to an integer, which is then in the low bits of the sum. */
const ROUND: usize = memory.data<f64>([6755399441055744.0]);
const LN2: usize = memory.data<f64>([0.6931471805599453]);
const PER_LN2: usize = memory.data<f64>([1.4426950408889634]);
/** Beyond it float32 has long e^x = Infinity and e^-x = 0, even times a factor; 2^k and 2^-k stay normal in float64. */
const EXP_MAX: usize = memory.data<f64>([700]);
const EXP_MIN: usize = memory.data<f64>([-700]);

/**
 * e^x - less = 2^k q + (2^k - less). With x = k·ln 2 + r, |r| ≤ ln(2)/2, q = sinh r + (cosh r - 1), to r^10.
 * A small x has k = 0 and keeps its relative accuracy. NaN passes pmin and pmax.
 */
@inline
function expLess(x: v128, less: v128): v128 {
  x = f64x2.pmax(f64x2.pmin(x, num(EXP_MAX)), num(EXP_MIN));
  const t = f64x2.add(f64x2.mul(x, num(PER_LN2)), num(ROUND));
  const k = f64x2.sub(t, num(ROUND));
  const r = f64x2.sub(x, f64x2.mul(k, num(LN2)));
  const z = f64x2.mul(r, r);
  let sinh = up(factorial(7), z, factorial(9));
  let cosh = up(factorial(8), z, factorial(10));
  sinh = up(factorial(5), z, sinh);
  cosh = up(factorial(6), z, cosh);
  sinh = up(factorial(3), z, sinh);
  cosh = up(factorial(4), z, cosh);
  sinh = up(factorial(1), z, sinh);
  cosh = up(factorial(2), z, cosh);
  const q = up(f64x2.mul(r, sinh), z, cosh);
  const scale = i64x2.add(i64x2.shl(t, 52), num(ONE)); // 2^k: k added to the exponent of 1
  return f64x2.add(f64x2.mul(scale, q), f64x2.sub(scale, less));
}

@unmanaged
export class Exp {
  @inline at(x: v128): v128 {
    return expLess(x, f64x2.splat(0));
  }
}

@unmanaged
export class Expm1 {
  @inline at(x: v128): v128 {
    return withSign(expLess(x, num(ONE)), x);
  }
}

/** tanh x = e / (e + 2) with e = e^2x - 1. */
@unmanaged
export class Tanh {
  @inline at(x: v128): v128 {
    const e = expLess(f64x2.add(x, x), num(ONE));
    return withSign(f64x2.div(e, f64x2.add(e, num(TWO))), x);
  }
}

/** 1 / (1 + e^-x). */
@unmanaged
export class Sigmoid {
  @inline at(x: v128): v128 {
    return f64x2.div(num(ONE), expLess(f64x2.neg(x), num(MINUS_ONE)));
  }
}

const FOUR: usize = memory.data<f64>([4]);

/** 1 / cosh² x = 4t / (1 + t)² with t = e^-2|x|. */
@unmanaged
export class SechSquared {
  @inline at(x: v128): v128 {
    const t = expLess(f64x2.mul(f64x2.abs(x), num(MINUS_TWO)), f64x2.splat(0));
    const u = f64x2.add(t, num(ONE));
    return f64x2.div(f64x2.mul(t, num(FOUR)), f64x2.mul(u, u));
  }
}

const SQRT_HALF: usize = memory.data<f64>([0.7071067811865476]);
/** With a small integer in its low bits, 2^52 is 2^52 plus that integer. */
const TWO_52: usize = memory.data<f64>([4503599627370496.0]);
const TWO_52_BIASED: usize = memory.data<f64>([4503599627371519.0]);
const FRACTION: usize = memory.data<i64>([0x000fffffffffffff]);

/**
 * ln u for finite u > 0, where `less1` is u - 1 to full accuracy. With u = 2^k m, √½ ≤ m < √2, and
 * s = (m - 1)/(m + 1), |s| < 0.172: ln u = k·ln 2 + 2s Σ s^2n / (2n + 1), n = 0 … 7.
 */
@inline
function logOf(u: v128, less1: v128): v128 {
  // Moved by the distance from √½ to 1, the exponent field changes at √½·2^k and holds k + 1023.
  const moved = i64x2.add(u, i64x2.sub(num(ONE), num(SQRT_HALF)));
  const k = f64x2.sub(v128.or(i64x2.shr_u(moved, 52), num(TWO_52)), num(TWO_52_BIASED));
  const m = i64x2.add(v128.and(moved, num(FRACTION)), num(SQRT_HALF));
  const f = v128.bitselect(less1, f64x2.sub(m, num(ONE)), f64x2.eq(k, f64x2.splat(0)));
  const s = f64x2.div(f, f64x2.add(f, num(TWO)));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  let even = up(odd(4), w, odd(6));
  let uneven = up(odd(5), w, odd(7));
  even = up(odd(2), w, even);
  uneven = up(odd(3), w, uneven);
  even = up(odd(0), w, even);
  uneven = up(odd(1), w, uneven);
  const y = up(even, z, uneven);
  return f64x2.add(f64x2.mul(k, num(LN2)), f64x2.mul(f64x2.add(s, s), y));
}

@unmanaged
export class Log {
  @inline at(x: v128): v128 {
    return logOf(x, f64x2.sub(x, num(ONE)));
  }
}

@unmanaged
export class Log1p {
  @inline at(x: v128): v128 {
    return withSign(logOf(f64x2.add(x, num(ONE)), x), x);
  }
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + t) with t = e^-|x|. */
@unmanaged
export class Softplus {
  @inline at(x: v128): v128 {
    const t = expLess(f64x2.neg(f64x2.abs(x)), f64x2.splat(0));
    return f64x2.add(f64x2.max(x, f64x2.splat(0)), logOf(f64x2.add(t, num(ONE)), t));
  }
}

const PER_PI_2: usize = memory.data<f64>([0.6366197723675814]);
const PI_2_HIGH: usize = memory.data<f64>([1.5707963267341256]);
const PI_2_LOW: usize = memory.data<f64>([6.077100506506192e-11]);
const BIT_0: usize = memory.data<i64>([1]);
const BIT_1: usize = memory.data<i64>([2]);

/**
 * sin(x + quarter·π/2) for |x| ≤ 2^20, where k·PI_2_HIGH is still exact: 20 bits by 31. With
 * x = k·π/2 + r, |r| ≤ π/4, it is ±sin r or ±cos r by the last two bits of k + quarter; both are Taylor
 * series, to r^13 and r^12.
 */
@inline
function circular(x: v128, quarter: v128): v128 {
  const t = f64x2.add(f64x2.mul(x, num(PER_PI_2)), num(ROUND));
  const k = f64x2.sub(t, num(ROUND));
  const r = f64x2.sub(f64x2.sub(x, f64x2.mul(k, num(PI_2_HIGH))), f64x2.mul(k, num(PI_2_LOW)));
  const z = f64x2.mul(r, r);
  let s = down(factorial(11), z, factorial(13));
  let c = down(factorial(10), z, factorial(12));
  s = down(factorial(9), z, s);
  c = down(factorial(8), z, c);
  s = down(factorial(7), z, s);
  c = down(factorial(6), z, c);
  s = down(factorial(5), z, s);
  c = down(factorial(4), z, c);
  s = down(factorial(3), z, s);
  c = down(factorial(2), z, c);
  s = f64x2.mul(r, down(factorial(1), z, s));
  c = down(factorial(0), z, c);
  const turn = i64x2.add(t, quarter);
  const swap = i64x2.neg(v128.and(turn, num(BIT_0)));
  return v128.xor(v128.bitselect(c, s, swap), i64x2.shl(v128.and(turn, num(BIT_1)), 62));
}

@unmanaged
export class Sin {
  @inline at(x: v128): v128 {
    return circular(x, i64x2.splat(0));
  }
}

@unmanaged
export class Cos {
  @inline at(x: v128): v128 {
    return circular(x, num(BIT_0));
  }
}
