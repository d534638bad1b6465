/**
 * Elementary functions in WGSL, in float32 to a few units in the last place: range reduction, then a series that is as
 * long as float32 needs. Only +, −, ·, / and bits are used, since WGSL promises little of its own functions.
 */

/** What there is a function for: `name_(x)`, or `name_(y, x)`. */
export type ShaderFunction =
  | "exp" | "expm1" | "log" | "log1p" | "sin" | "cos" | "tan" | "asin" | "acos" | "atan" | "atan2" | "sinh" | "cosh" | "tanh"
  | "asinh" | "acosh" | "atanh" | "sigmoid" | "softplus" | "gaussian" | "erf" | "erfc" | "pow";

/** Σ cₖ xᵏ by Horner's rule, as text. */
function series(x: string, coefficients: readonly number[]): string {
  return coefficients.reduceRight((sum, c) => (sum === "" ? literal(c) : `(${literal(c)} + ${x} * ${sum})`), "");
}

function literal(c: number): string {
  return `f32(${Math.fround(c).toExponential(9)})`;
}

/** A number as a float32 of `bits` leading bits, whose product with a small integer is exact, and what is left of it. */
function split(x: number, bits: number): [string, string] {
  const unit = 2 ** (Math.floor(Math.log2(x)) + 1 - bits);
  const head = Math.floor(x / unit) * unit;
  return [literal(head), literal(x - head)];
}

const count = (n: number): number[] => Array.from({ length: n }, (_, k) => k);
const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const alternating = (n: number, c: (k: number) => number): number[] => count(n).map((k) => (k % 2 === 0 ? 1 : -1) * c(k));

const [ln2Head, ln2Tail] = split(Math.LN2, 12);

/** 2/π in words of 32 bits, from its binary digits after the point; exact in BigInt by Machin's formula. */
const twoOverPi = ((): string[] => {
  const bits = 320n;
  const arctanOfInverse = (n: bigint): bigint => {
    let [power, total] = [(1n << bits) / n, 0n];
    for (let k = 1n; power !== 0n; k += 2n) {
      total += (k % 4n === 1n ? power : -power) / k;
      power /= n * n;
    }
    return total;
  };
  const pi = 4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n));
  const digits = (2n << (2n * bits)) / pi;
  return count(8).map((k) => `0x${((digits >> (bits - 32n * BigInt(k + 1))) & 0xffffffffn).toString(16)}u`);
})();

const [quarterHead, quarterRest] = [Math.floor((Math.PI / 2) * 128) / 128, Math.PI / 2 - Math.floor((Math.PI / 2) * 128) / 128];
const [quarterMiddle, quarterTail] = split(quarterRest, 9);

export const wgsl: string = `
  fn bits_(x : f32) -> u32 { return bitcast<u32>(x); }
  fn negative_(x : f32) -> bool { return (bits_(x) >> 31u) == 1u; }
  fn infinite_(x : f32) -> bool { return (bits_(x) & 0x7fffffffu) == 0x7f800000u; }
  fn signed_(a : f32, x : f32) -> f32 { return bitcast<f32>((bits_(a) & 0x7fffffffu) | (bits_(x) & 0x80000000u)); }
  fn power_(k : i32) -> f32 { return bitcast<f32>(u32(k + 127) << 23u); }

  // e^x = 2^k e^r, |r| ≤ ln 2 / 2
  fn exp_(x : f32) -> f32 {
    if (isnan(x)) { return x; }
    if (x > 89.0) { return uniforms.INFINITY; }
    if (x < -104.0) { return 0.0; }
    let k = round(x * ${literal(Math.LOG2E)});
    let r = (x - k * ${ln2Head}) - k * ${ln2Tail};
    let half = i32(k) / 2;
    return (${series("r", count(8).map((k) => 1 / factorial(k)))} * power_(half)) * power_(i32(k) - half);
  }
  fn expm1_(x : f32) -> f32 {
    if (abs(x) >= 0.5) { return exp_(x) - 1.0; }
    return x * ${series("x", count(8).map((k) => 1 / factorial(k + 1)))};
  }

  fn pow_(x : f32, y : f32) -> f32 {
    if (y == 0.0) { return 1.0; }
    let whole = floor(y) == y;
    if (isnan(x) || isnan(y) || (x < 0.0 && !whole && !infinite_(x)) || (abs(x) == 1.0 && infinite_(y))) { return uniforms.NAN; }
    var z = 0.0;
    if (x == 0.0) { z = select(uniforms.INFINITY, 0.0, y > 0.0); }
    else if (whole && abs(y) <= 16.0) { // by squaring: exact where the product is
      var n = u32(abs(y));
      var square = abs(x);
      z = 1.0;
      for (; n > 0u; n = n >> 1u) {
        if ((n & 1u) == 1u) { z = z * square; }
        square = square * square;
      }
      if (y < 0.0) { z = 1.0 / z; }
    } else { z = exp_(y * log_(abs(x))); }
    let odd = whole && abs(y) < 16777216.0 && abs(y) - 2.0 * floor(0.5 * abs(y)) == 1.0;
    return select(z, -z, odd && negative_(x));
  }

  // log (1 + z)/(1 − z) = 2 (z + z³/3 + …)
  fn odd_(z : f32) -> f32 { let s = z * z; return 2.0 * z * ${series("s", count(7).map((k) => 1 / (2 * k + 1)))}; }
  fn log_(x : f32) -> f32 {
    if (isnan(x) || x < 0.0) { return uniforms.NAN; }
    if (x == 0.0) { return -uniforms.INFINITY; }
    if (infinite_(x)) { return x; }
    // x = 2^k m, √½ ≤ m ≤ √2
    let small = x < 1.1754944e-38;
    let normal = bits_(select(x, x * 8388608.0, small));
    let mantissa = bitcast<f32>((normal & 0x007fffffu) | 0x3f800000u);
    let above = mantissa > 1.4142135;
    let m = select(mantissa, 0.5 * mantissa, above);
    let k = f32(i32(normal >> 23u) - select(127, 150, small) + select(0, 1, above));
    return k * ${ln2Head} + (odd_((m - 1.0) / (m + 1.0)) + k * ${ln2Tail});
  }
  fn log1p_(x : f32) -> f32 {
    if (x < -0.25 || x > 0.5 || isnan(x)) { return log_(1.0 + x); }
    return select(odd_(x / (2.0 + x)), x, abs(x) < 1e-8);
  }
  fn softplus_(x : f32) -> f32 { if (isnan(x)) { return x; } return max(x, 0.0) + log1p_(exp_(-abs(x))); }
  fn sigmoid_(x : f32) -> f32 {
    if (isnan(x)) { return x; }
    let t = exp_(-abs(x));
    return select(1.0, t, x < 0.0) / (1.0 + t);
  }

  // The product of two words: its high one.
  fn high_(a : u32, b : u32) -> u32 {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let one = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let two = (a & 0xffffu) * (b >> 16u) + (one & 0xffffu);
    return (a >> 16u) * (b >> 16u) + (one >> 16u) + (two >> 16u);
  }
  // |x| = k π/2 + r, |r| ≤ π/4: r, and k modulo 4
  fn quarter_(x : f32) -> vec2<f32> {
    let a = abs(x);
    if (a < 10000.0) {
      let k = round(a * ${literal(2 / Math.PI)});
      return vec2<f32>(((a - k * ${literal(quarterHead)}) - k * ${quarterMiddle}) - k * ${quarterTail}, k - 4.0 * floor(k / 4.0));
    }
    // Payne and Hanek: a = m 2^e, and of 2/π the 96 bits from that of weight 2^(1−e) on: what is above makes multiples of 4.
    var words = array<u32, 9>(0u, ${twoOverPi.join(", ")});
    let m = (bits_(a) & 0x007fffffu) | 0x00800000u;
    let at = (bits_(a) >> 23u) - 120u; // e + 30, behind the word of zeros
    var window : array<u32, 3>;
    for (var i = 0u; i < 3u; i = i + 1u) {
      let word = at / 32u + i;
      window[i] = (words[word] << (at % 32u)) | ((words[word + 1u] >> 1u) >> (31u - at % 32u));
    }
    let rise = high_(m, window[2]);
    let low = m * window[1] + rise;
    let top = m * window[0] + high_(m, window[1]) + select(0u, 1u, low < rise); // its two highest bits are k modulo 4
    let fraction = (top << 2u) | (low >> 30u);
    let up = fraction >> 31u;
    let size = select(fraction, ~fraction, up == 1u);
    let rest = f32(size) * 2.3283064e-10 + f32(select(low << 2u, ~(low << 2u), up == 1u)) * 5.4210109e-20;
    return vec2<f32>(select(rest, -rest, up == 1u) * ${literal(Math.PI / 2)}, f32(((top >> 30u) + up) & 3u));
  }
  fn sineOf_(r : f32) -> f32 { let s = r * r; return r * ${series("s", alternating(6, (k) => 1 / factorial(2 * k + 1)))}; }
  fn cosineOf_(r : f32) -> f32 { let s = r * r; return ${series("s", alternating(7, (k) => 1 / factorial(2 * k)))}; }
  fn sin_(x : f32) -> f32 {
    if (isnan(x) || infinite_(x)) { return uniforms.NAN; }
    if (abs(x) < 1e-4) { return x; }
    let q = quarter_(x);
    let even = q.y == 0.0 || q.y == 2.0;
    let y = select(cosineOf_(q.x), sineOf_(q.x), even);
    return select(y, -y, (q.y >= 2.0) != (x < 0.0));
  }
  fn cos_(x : f32) -> f32 {
    if (isnan(x) || infinite_(x)) { return uniforms.NAN; }
    let q = quarter_(x);
    let even = q.y == 0.0 || q.y == 2.0;
    let y = select(sineOf_(q.x), cosineOf_(q.x), even);
    return select(y, -y, q.y == 1.0 || q.y == 2.0);
  }
  fn tan_(x : f32) -> f32 {
    if (isnan(x) || infinite_(x)) { return uniforms.NAN; }
    if (abs(x) < 1e-4) { return x; }
    let q = quarter_(x);
    let even = q.y == 0.0 || q.y == 2.0;
    let y = select(-cosineOf_(q.x) / sineOf_(q.x), sineOf_(q.x) / cosineOf_(q.x), even);
    return select(y, -y, x < 0.0);
  }

  // atan a = π/4 + atan (a − 1)/(a + 1) brings a ≥ 0 to |z| ≤ tan π/8
  fn arc_(a : f32) -> f32 {
    if (a > 1.0) { return ${literal(Math.PI / 2)} - (arcBelow_(1.0 / a) + ${literal(Math.fround(Math.PI / 2) - Math.PI / 2)}); }
    return arcBelow_(a);
  }
  fn arcBelow_(a : f32) -> f32 {
    let far = a > 0.41421356;
    let z = select(a, (a - 1.0) / (a + 1.0), far);
    let s = z * z;
    let y = z * ${series("s", alternating(10, (k) => 1 / (2 * k + 1)))};
    return select(y, y + ${literal(Math.PI / 4)}, far);
  }
  fn atan_(x : f32) -> f32 {
    if (isnan(x)) { return x; }
    return signed_(select(arc_(abs(x)), ${literal(Math.PI / 2)}, infinite_(x)), x);
  }
  fn atan2_(y : f32, x : f32) -> f32 {
    if (isnan(x) || isnan(y)) { return uniforms.NAN; }
    let a = abs(x);
    let b = abs(y);
    var angle = 0.0;
    if (infinite_(a) && infinite_(b)) { angle = ${literal(Math.PI / 4)}; }
    else if (b > a) { angle = ${literal(Math.PI / 2)} - arc_(a / b); }
    else if (b > 0.0 && !infinite_(a)) { angle = arc_(b / a); }
    return signed_(select(angle, ${literal(Math.PI)} - angle, negative_(x)), y);
  }
  fn asin_(x : f32) -> f32 {
    if (isnan(x) || abs(x) > 1.0) { return uniforms.NAN; }
    return select(atan2_(x, sqrt((1.0 - x) * (1.0 + x))), x, abs(x) < 1e-4);
  }
  fn acos_(x : f32) -> f32 {
    if (isnan(x) || abs(x) > 1.0) { return uniforms.NAN; }
    return 2.0 * atan2_(sqrt(1.0 - x), sqrt(1.0 + x));
  }

  fn sinh_(x : f32) -> f32 {
    if (isnan(x)) { return x; }
    let s = x * x;
    if (s < 1.0) { return x * ${series("s", count(6).map((k) => 1 / factorial(2 * k + 1)))}; }
    let e = exp_(0.5 * abs(x));
    return signed_((0.5 * e) * e - 0.5 / e / e, x);
  }
  fn cosh_(x : f32) -> f32 {
    if (isnan(x)) { return x; }
    let e = exp_(0.5 * abs(x));
    return (0.5 * e) * e + 0.5 / e / e;
  }
  fn tanh_(x : f32) -> f32 {
    if (isnan(x)) { return x; }
    let a = abs(x);
    let t = expm1_(-2.0 * a);
    return signed_(-t / (2.0 + t), x);
  }
  fn asinh_(x : f32) -> f32 {
    if (isnan(x) || infinite_(x)) { return x; }
    let a = abs(x);
    if (a > 1e9) { return signed_(log_(a) + ${literal(Math.LN2)}, x); }
    return signed_(log1p_(a + a * (a / (1.0 + sqrt(1.0 + a * a)))), x);
  }
  fn acosh_(x : f32) -> f32 {
    if (isnan(x) || x < 1.0) { return uniforms.NAN; }
    if (x > 1e9) { return log_(x) + ${literal(Math.LN2)}; }
    let t = x - 1.0;
    return log1p_(t + sqrt(t * (t + 2.0)));
  }
  fn atanh_(x : f32) -> f32 {
    if (isnan(x) || abs(x) > 1.0) { return uniforms.NAN; }
    let a = abs(x);
    if (a == 1.0) { return signed_(uniforms.INFINITY, x); }
    return signed_(0.5 * log1p_(2.0 * a / (1.0 - a)), x);
  }

  // e^(−x²) without the rounding of x², which a large x² would magnify: h² is exact
  fn gaussian_(x : f32) -> f32 {
    if (isnan(x)) { return x; }
    let a = min(abs(x), 20.0);
    let h = bitcast<f32>(bits_(a) & 0xfffff000u);
    let g = exp_(-h * h);
    return g + g * expm1_((h - a) * (h + a));
  }
  // erf x = 2/√π (x − x³/3 + x⁵/(2! 5) − …)
  fn near_(x : f32) -> f32 { let s = x * x; return ${literal(2 / Math.sqrt(Math.PI))} * x * ${series("s", alternating(11, (k) => 1 / (factorial(k) * (2 * k + 1))))}; }
  // erfc x = e^(−x²)/√π · 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))), x ≥ 1
  fn tail_(x : f32) -> f32 {
    if (x > 11.0) { return 0.0; }
    var d = x;
    for (var k = 44; k > 0; k = k - 1) { d = x + 0.5 * f32(k) / d; }
    return gaussian_(x) * ${literal(1 / Math.sqrt(Math.PI))} / d;
  }
  fn erf_(x : f32) -> f32 {
    if (isnan(x)) { return x; }
    let a = abs(x);
    if (a < 1.0) { return near_(x); }
    return signed_(1.0 - tail_(a), x);
  }
  fn erfc_(x : f32) -> f32 {
    if (isnan(x)) { return x; }
    if (x < -1.0) { return 2.0 - tail_(-x); }
    if (x < 1.0) { return select(1.0 - near_(x), 0.5 + (0.5 - near_(x)), x > 0.5); }
    return tail_(x);
  }
`;
