// Matrix times vector: nothing is used twice but the vectors, so packing would only cost. The host copies
// in whole rows, four are worked on at a time. The vectors: x where A's panels are, y where C's block is.

import { multiplyAdd } from "./gemm";
import { BLOCK_C, PACKED_A, RAW } from "./layout";

@inline
function laneSum<T>(v: v128): T {
  if (sizeof<T>() == 8) return <T>(f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1));
  const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 2, 3));
  return <T>(f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1));
}

@inline
function rowAt(i: i32, bytes: usize): usize {
  return RAW + <usize>i * bytes;
}

/** y[r0 + i] = row i · x. */
@inline
function dotRows<T>(rows: i32, cols: i32, r0: i32): void {
  const bytes: usize = cols * sizeof<T>();
  const whole: usize = bytes & ~15;
  for (let i = 0; i < rows; i += 4) {
    // Past the last row the same one is taken again: its result is written once, where it belongs.
    const a0 = rowAt(i, bytes);
    const a1 = rowAt(min(i + 1, rows - 1), bytes);
    const a2 = rowAt(min(i + 2, rows - 1), bytes);
    const a3 = rowAt(min(i + 3, rows - 1), bytes);
    let y0 = i64x2.splat(0), y1 = y0, y2 = y0, y3 = y0;
    for (let at: usize = 0; at < whole; at += 16) {
      const x = v128.load(PACKED_A + at);
      y0 = multiplyAdd<T>(y0, x, v128.load(a0 + at));
      y1 = multiplyAdd<T>(y1, x, v128.load(a1 + at));
      y2 = multiplyAdd<T>(y2, x, v128.load(a2 + at));
      y3 = multiplyAdd<T>(y3, x, v128.load(a3 + at));
    }
    let s0 = laneSum<T>(y0), s1 = laneSum<T>(y1), s2 = laneSum<T>(y2), s3 = laneSum<T>(y3);
    for (let at = whole; at < bytes; at += sizeof<T>()) {
      const x = load<T>(PACKED_A + at);
      s0 = <T>(s0 + x * load<T>(a0 + at));
      s1 = <T>(s1 + x * load<T>(a1 + at));
      s2 = <T>(s2 + x * load<T>(a2 + at));
      s3 = <T>(s3 + x * load<T>(a3 + at));
    }
    const y: usize = BLOCK_C + (r0 + i) * sizeof<T>();
    store<T>(y, s0);
    if (i + 1 < rows) store<T>(y, s1, sizeof<T>());
    if (i + 2 < rows) store<T>(y, s2, 2 * sizeof<T>());
    if (i + 3 < rows) store<T>(y, s3, 3 * sizeof<T>());
  }
}

/** y += Σ_i x[r0 + i] · row i, on a y of zeros if r0 = 0. */
@inline
function addRows<T>(rows: i32, cols: i32, r0: i32): void {
  const bytes: usize = cols * sizeof<T>();
  const whole: usize = bytes & ~15;
  if (r0 == 0) memory.fill(BLOCK_C, 0, bytes);
  let x: usize = PACKED_A + r0 * sizeof<T>();
  let a0 = RAW;
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    const x0 = load<T>(x), x1 = load<T>(x, sizeof<T>());
    const x2 = load<T>(x, 2 * sizeof<T>()), x3 = load<T>(x, 3 * sizeof<T>());
    const v0 = v128.splat<T>(x0), v1 = v128.splat<T>(x1), v2 = v128.splat<T>(x2), v3 = v128.splat<T>(x3);
    const a1 = a0 + bytes, a2 = a1 + bytes, a3 = a2 + bytes;
    for (let at: usize = 0; at < whole; at += 16) {
      const low = multiplyAdd<T>(v128.mul<T>(v0, v128.load(a0 + at)), v1, v128.load(a1 + at));
      const high = multiplyAdd<T>(v128.mul<T>(v2, v128.load(a2 + at)), v3, v128.load(a3 + at));
      v128.store(BLOCK_C + at, v128.add<T>(v128.load(BLOCK_C + at), v128.add<T>(low, high)));
    }
    for (let at = whole; at < bytes; at += sizeof<T>()) {
      const low = x0 * load<T>(a0 + at) + x1 * load<T>(a1 + at);
      const high = x2 * load<T>(a2 + at) + x3 * load<T>(a3 + at);
      store<T>(BLOCK_C + at, <T>(load<T>(BLOCK_C + at) + (low + high)));
    }
    x += 4 * sizeof<T>();
    a0 += 4 * bytes;
  }
  for (; i < rows; i++) {
    const x0 = load<T>(x);
    const v0 = v128.splat<T>(x0);
    for (let at: usize = 0; at < whole; at += 16) {
      v128.store(BLOCK_C + at, multiplyAdd<T>(v128.load(BLOCK_C + at), v0, v128.load(a0 + at)));
    }
    for (let at = whole; at < bytes; at += sizeof<T>()) {
      store<T>(BLOCK_C + at, <T>(load<T>(BLOCK_C + at) + x0 * load<T>(a0 + at)));
    }
    x += sizeof<T>();
    a0 += bytes;
  }
}

export function dotRows32(rows: i32, cols: i32, r0: i32): void {
  dotRows<f32>(rows, cols, r0);
}

export function dotRows64(rows: i32, cols: i32, r0: i32): void {
  dotRows<f64>(rows, cols, r0);
}

export function addRows32(rows: i32, cols: i32, r0: i32): void {
  addRows<f32>(rows, cols, r0);
}

export function addRows64(rows: i32, cols: i32, r0: i32): void {
  addRows<f64>(rows, cols, r0);
}
