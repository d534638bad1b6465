// Sums of numbers from RAW on, in float64. Eight running sums hide the latency of an addition; blocks of 128
// numbers are added pairwise, so that the rounding error grows with the logarithm of their number.

import { BLOCK_C, RAW, TILE } from "./layout";

const BLOCK: i32 = 128;

@inline
function laneSum(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** Two numbers as float64. */
@inline
function pair<T>(at: usize): v128 {
  if (sizeof<T>() == 8) return v128.load(at);
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

/** The sum of a block, which may be shorter. */
@inline
function sumBlock<T>(at: usize, end: usize): f64 {
  const two = 2 * sizeof<T>();
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (; at + 4 * two <= end; at += 4 * two) {
    s0 = f64x2.add(s0, pair<T>(at));
    s1 = f64x2.add(s1, pair<T>(at + two));
    s2 = f64x2.add(s2, pair<T>(at + 2 * two));
    s3 = f64x2.add(s3, pair<T>(at + 3 * two));
  }
  let total = laneSum(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
  for (; at < end; at += sizeof<T>()) total += <f64>load<T>(at);
  return total;
}

/** Sums of 1, 2, 4, … blocks wait on a stack, each to be added to the next of its size. */
@inline
function sum<T>(count: i32): f64 {
  const step: usize = BLOCK * sizeof<T>();
  const end = RAW + <usize>count * sizeof<T>();
  let top = TILE;
  let blocks = 0;
  for (let at = RAW; at < end; at += step) {
    let total = sumBlock<T>(at, min(at + step, end));
    for (let pairs = ++blocks; (pairs & 1) == 0; pairs >>= 1) {
      top -= 8;
      total += load<f64>(top);
    }
    store<f64>(top, total);
    top += 8;
  }
  let total: f64 = 0;
  while (top > TILE) {
    top -= 8;
    total += load<f64>(top);
  }
  return total;
}

/** Adds four rows of numbers, `bytes` long each, to the float64 from BLOCK_C on. */
@inline
function addFour<T>(row: usize, bytes: usize): void {
  const two = 2 * sizeof<T>();
  const end = row + bytes;
  let to = BLOCK_C;
  let at = row;
  for (; at + two <= end; at += two) {
    const a = f64x2.add(pair<T>(at), pair<T>(at + bytes));
    const b = f64x2.add(pair<T>(at + 2 * bytes), pair<T>(at + 3 * bytes));
    v128.store(to, f64x2.add(v128.load(to), f64x2.add(a, b)));
    to += 16;
  }
  if (at < end) {
    const a = <f64>load<T>(at) + <f64>load<T>(at + bytes);
    const b = <f64>load<T>(at + 2 * bytes) + <f64>load<T>(at + 3 * bytes);
    store<f64>(to, load<f64>(to) + (a + b));
  }
}

@inline
function addOne<T>(row: usize, bytes: usize): void {
  let to = BLOCK_C;
  for (let at = row; at < row + bytes; at += sizeof<T>()) {
    store<f64>(to, load<f64>(to) + <f64>load<T>(at));
    to += 8;
  }
}

/** Adds `rows` rows of `cols` numbers to the float64 from BLOCK_C on. */
@inline
function sumRows<T>(rows: i32, cols: i32): void {
  const bytes: usize = cols * sizeof<T>();
  let row = RAW;
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    addFour<T>(row, bytes);
    row += 4 * bytes;
  }
  for (; i < rows; i++) {
    addOne<T>(row, bytes);
    row += bytes;
  }
}

export function sum32(count: i32): f64 {
  return sum<f32>(count);
}

export function sum64(count: i32): f64 {
  return sum<f64>(count);
}

export function sumRows32(rows: i32, cols: i32): void {
  sumRows<f32>(rows, cols);
}

export function sumRows64(rows: i32, cols: i32): void {
  sumRows<f64>(rows, cols);
}
