// Comparisons, and the choices that hang on them. Truth is a byte of 0 or 1; the bytes are from FLAGS on, the operands
// where a zip has its own. All go by sixteen numbers, and so may run on into numbers that nobody reads.

import { PACKED_A, RAW, SECOND } from "./layout";

/** Where a matrix product has A. */
export const FLAGS: usize = PACKED_A;

const APART: usize = SECOND - RAW;

// Empty classes with a method `of`: comparisons of vectors of T that the compiler can inline.

@unmanaged
class Greater {
  @inline of<T>(x: v128, y: v128): v128 {
    return v128.gt<T>(x, y);
  }
}

@unmanaged
class GreaterEqual {
  @inline of<T>(x: v128, y: v128): v128 {
    return v128.ge<T>(x, y);
  }
}

@unmanaged
class Equal {
  @inline of<T>(x: v128, y: v128): v128 {
    return v128.eq<T>(x, y);
  }
}

@unmanaged
class NotEqual {
  @inline of<T>(x: v128, y: v128): v128 {
    return v128.ne<T>(x, y);
  }
}

/** Whether x∘y for four numbers, in 32 bits each. */
@inline
function four<F, T>(at: usize): v128 {
  const f = changetype<F>(0);
  const low = f.of<T>(v128.load(at), v128.load(at, APART));
  if (sizeof<T>() == 4) return low;
  return v128.shuffle<i32>(low, f.of<T>(v128.load(at, 16), v128.load(at, APART + 16)), 0, 2, 4, 6);
}

@inline
function compare<F, T>(count: i32): void {
  const step: usize = 4 * sizeof<T>();
  let at = RAW;
  for (let to = FLAGS; to < FLAGS + count; to += 16) {
    const low = i16x8.narrow_i32x4_s(four<F, T>(at), four<F, T>(at + step));
    const high = i16x8.narrow_i32x4_s(four<F, T>(at + 2 * step), four<F, T>(at + 3 * step));
    v128.store(to, v128.and(i8x16.narrow_i16x8_s(low, high), i8x16.splat(1)));
    at += 4 * step;
  }
}

/** x = x where its mask, 32 bits a number, is set, else y; four numbers. */
@inline
function choose<T>(at: usize, mask: v128): void {
  if (sizeof<T>() == 4) {
    v128.store(at, v128.bitselect(v128.load(at), v128.load(at, APART), mask));
    return;
  }
  v128.store(at, v128.bitselect(v128.load(at), v128.load(at, APART), i64x2.extend_low_i32x4_s(mask)));
  v128.store(at, v128.bitselect(v128.load(at, 16), v128.load(at, APART + 16), i64x2.extend_high_i32x4_s(mask)), 16);
}

/** x = x where the flag is not 0, else y. */
@inline
function where<T>(count: i32): void {
  const step: usize = 4 * sizeof<T>();
  let at = RAW;
  for (let from = FLAGS; from < FLAGS + count; from += 16) {
    const flags = i8x16.ne(v128.load(from), i8x16.splat(0));
    const low = i16x8.extend_low_i8x16_s(flags);
    const high = i16x8.extend_high_i8x16_s(flags);
    choose<T>(at, i32x4.extend_low_i16x8_s(low));
    choose<T>(at + step, i32x4.extend_high_i16x8_s(low));
    choose<T>(at + 2 * step, i32x4.extend_low_i16x8_s(high));
    choose<T>(at + 3 * step, i32x4.extend_high_i16x8_s(high));
    at += 4 * step;
  }
}

export function greater32(count: i32): void {
  compare<Greater, f32>(count);
}

export function greater64(count: i32): void {
  compare<Greater, f64>(count);
}

export function greaterEqual32(count: i32): void {
  compare<GreaterEqual, f32>(count);
}

export function greaterEqual64(count: i32): void {
  compare<GreaterEqual, f64>(count);
}

export function equal32(count: i32): void {
  compare<Equal, f32>(count);
}

export function equal64(count: i32): void {
  compare<Equal, f64>(count);
}

export function notEqual32(count: i32): void {
  compare<NotEqual, f32>(count);
}

export function notEqual64(count: i32): void {
  compare<NotEqual, f64>(count);
}

export function where32(count: i32): void {
  where<f32>(count);
}

export function where64(count: i32): void {
  where<f64>(count);
}
