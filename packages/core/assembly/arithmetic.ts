// Maps and zips by plain arithmetic, in place, in float32 and float64: `count` numbers from RAW on and, for the
// second operand, from SECOND on. They go by two vectors, and so may run on into numbers that nobody reads.
// A single operation on float32, rounded once, is what float64 rounded to float32 gives: the host's own result.

import { RAW, SECOND } from "./layout";

/** Between the operands: with a constant, a load needs no arithmetic of its own. */
const APART: usize = SECOND - RAW;

// Empty classes with a method `of`: functions of one or two vectors of T that the compiler can inline.

@unmanaged
class Add {
  @inline of<T>(x: v128, y: v128): v128 {
    return v128.add<T>(x, y);
  }
}

@unmanaged
class Sub {
  @inline of<T>(x: v128, y: v128): v128 {
    return v128.sub<T>(x, y);
  }
}

@unmanaged
class Mul {
  @inline of<T>(x: v128, y: v128): v128 {
    return v128.mul<T>(x, y);
  }
}

@unmanaged
class Div {
  @inline of<T>(x: v128, y: v128): v128 {
    return v128.div<T>(x, y);
  }
}

/** As Math.max: NaN wins, and 0 is more than -0. */
@unmanaged
class Maximum {
  @inline of<T>(x: v128, y: v128): v128 {
    return v128.max<T>(x, y);
  }
}

@unmanaged
class Minimum {
  @inline of<T>(x: v128, y: v128): v128 {
    return v128.min<T>(x, y);
  }
}

@unmanaged
class Neg {
  @inline of<T>(x: v128): v128 {
    return v128.neg<T>(x);
  }
}

@unmanaged
class Abs {
  @inline of<T>(x: v128): v128 {
    return v128.abs<T>(x);
  }
}

@unmanaged
class Square {
  @inline of<T>(x: v128): v128 {
    return v128.mul<T>(x, x);
  }
}

@unmanaged
class Sqrt {
  @inline of<T>(x: v128): v128 {
    return v128.sqrt<T>(x);
  }
}

@unmanaged
class Reciprocal {
  @inline of<T>(x: v128): v128 {
    return v128.div<T>(v128.splat<T>(1), x);
  }
}

@unmanaged
class Relu {
  @inline of<T>(x: v128): v128 {
    return v128.max<T>(x, v128.splat<T>(0));
  }
}

/** x = f(x). */
@inline
function map<F, T>(count: i32): void {
  const f = changetype<F>(0);
  const end = RAW + <usize>count * sizeof<T>();
  for (let at = RAW; at < end; at += 32) {
    const z0 = f.of<T>(v128.load(at));
    const z1 = f.of<T>(v128.load(at, 16));
    v128.store(at, z0);
    v128.store(at, z1, 16);
  }
}

/** x = x∘y. */
@inline
function zip<F, T>(count: i32): void {
  const f = changetype<F>(0);
  const end = RAW + <usize>count * sizeof<T>();
  for (let at = RAW; at < end; at += 32) {
    const z0 = f.of<T>(v128.load(at), v128.load(at, APART));
    const z1 = f.of<T>(v128.load(at, 16), v128.load(at, APART + 16));
    v128.store(at, z0);
    v128.store(at, z1, 16);
  }
}

/** The operation with a number, which is float64: float32 operands are widened, and the result is rounded. */
@inline
function withNumber<F, T>(x: v128, y: v128, left: bool): v128 {
  const f = changetype<F>(0);
  if (sizeof<T>() == 8) return left ? f.of<f64>(y, x) : f.of<f64>(x, y);
  const low = f64x2.promote_low_f32x4(x);
  const high = f64x2.promote_low_f32x4(v128.shuffle<f64>(x, x, 1, 1));
  const a = left ? f.of<f64>(y, low) : f.of<f64>(low, y);
  const b = left ? f.of<f64>(y, high) : f.of<f64>(high, y);
  return v128.shuffle<f64>(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 2);
}

/** x = x∘y for a number y, or y∘x if it is to the left. */
@inline
function zipNumber<F, T>(count: i32, number: f64, left: bool): void {
  const y = f64x2.splat(number);
  const end = RAW + <usize>count * sizeof<T>();
  for (let at = RAW; at < end; at += 32) {
    const z0 = withNumber<F, T>(v128.load(at), y, left);
    const z1 = withNumber<F, T>(v128.load(at, 16), y, left);
    v128.store(at, z0);
    v128.store(at, z1, 16);
  }
}

export function add32(count: i32): void {
  zip<Add, f32>(count);
}

export function add64(count: i32): void {
  zip<Add, f64>(count);
}

export function sub32(count: i32): void {
  zip<Sub, f32>(count);
}

export function sub64(count: i32): void {
  zip<Sub, f64>(count);
}

export function mul32(count: i32): void {
  zip<Mul, f32>(count);
}

export function mul64(count: i32): void {
  zip<Mul, f64>(count);
}

export function div32(count: i32): void {
  zip<Div, f32>(count);
}

export function div64(count: i32): void {
  zip<Div, f64>(count);
}

export function maximum32(count: i32): void {
  zip<Maximum, f32>(count);
}

export function maximum64(count: i32): void {
  zip<Maximum, f64>(count);
}

export function minimum32(count: i32): void {
  zip<Minimum, f32>(count);
}

export function minimum64(count: i32): void {
  zip<Minimum, f64>(count);
}

export function addNumber32(count: i32, y: f64): void {
  zipNumber<Add, f32>(count, y, false);
}

export function addNumber64(count: i32, y: f64): void {
  zipNumber<Add, f64>(count, y, false);
}

export function mulNumber32(count: i32, y: f64): void {
  zipNumber<Mul, f32>(count, y, false);
}

export function mulNumber64(count: i32, y: f64): void {
  zipNumber<Mul, f64>(count, y, false);
}

export function subNumber32(count: i32, y: f64): void {
  zipNumber<Sub, f32>(count, y, false);
}

export function divNumber32(count: i32, y: f64): void {
  zipNumber<Div, f32>(count, y, false);
}

export function subNumber64(count: i32, y: f64): void {
  zipNumber<Sub, f64>(count, y, false);
}

export function divNumber64(count: i32, y: f64): void {
  zipNumber<Div, f64>(count, y, false);
}

export function maximumNumber32(count: i32, y: f64): void {
  zipNumber<Maximum, f32>(count, y, false);
}

export function maximumNumber64(count: i32, y: f64): void {
  zipNumber<Maximum, f64>(count, y, false);
}

export function minimumNumber32(count: i32, y: f64): void {
  zipNumber<Minimum, f32>(count, y, false);
}

export function minimumNumber64(count: i32, y: f64): void {
  zipNumber<Minimum, f64>(count, y, false);
}

export function numberSub32(count: i32, y: f64): void {
  zipNumber<Sub, f32>(count, y, true);
}

export function numberSub64(count: i32, y: f64): void {
  zipNumber<Sub, f64>(count, y, true);
}

export function numberDiv32(count: i32, y: f64): void {
  zipNumber<Div, f32>(count, y, true);
}

export function numberDiv64(count: i32, y: f64): void {
  zipNumber<Div, f64>(count, y, true);
}

export function neg32(count: i32): void {
  map<Neg, f32>(count);
}

export function neg64(count: i32): void {
  map<Neg, f64>(count);
}

export function abs32(count: i32): void {
  map<Abs, f32>(count);
}

export function abs64(count: i32): void {
  map<Abs, f64>(count);
}

export function square32(count: i32): void {
  map<Square, f32>(count);
}

export function square64(count: i32): void {
  map<Square, f64>(count);
}

export function sqrt32(count: i32): void {
  map<Sqrt, f32>(count);
}

export function sqrt64(count: i32): void {
  map<Sqrt, f64>(count);
}

export function reciprocal32(count: i32): void {
  map<Reciprocal, f32>(count);
}

export function reciprocal64(count: i32): void {
  map<Reciprocal, f64>(count);
}

export function relu32(count: i32): void {
  map<Relu, f32>(count);
}

export function relu64(count: i32): void {
  map<Relu, f64>(count);
}
