// Packing: a block becomes panels `width` wide, each holding for p = 0 … kc-1 its `width` numbers side
// by side, which is the order in which a tile reads them. The last panel is filled up with zeros: they
// only reach results that are thrown away, so a NaN or an infinity opposite them does no harm.

import { RAW } from "./layout";

/** Zeros for panel columns `from` … `width`-1 of the panel at `panel`, terms `p0` … `p1`-1. */
function pad<T>(panel: usize, width: i32, from: i32, p0: i32, p1: i32): void {
  for (let p = p0; p < p1; p++) {
    for (let i = from; i < width; i++) store<T>(panel + (p * width + i) * sizeof<T>(), <T>0);
  }
}

/** Raw rows are terms p0 … p0+rows-1 of the sum, `cols` numbers each: rows of B, or of a stored Aᵀ. */
// @ts-ignore: decorator
@inline
function packRows<T>(rows: i32, cols: i32, p0: i32, kc: i32, width: i32, to: usize): void {
  const bytes = width * sizeof<T>();
  const whole = cols / width;
  for (let p = 0; p < rows; p++) {
    let from: usize = RAW + p * cols * sizeof<T>();
    let at: usize = to + (p0 + p) * bytes;
    for (let q = 0; q < whole; q++) {
      v128.store(at, v128.load(from));
      if (bytes > 16) v128.store(at, v128.load(from, 16), 16);
      from += bytes;
      at += kc * bytes;
    }
    for (let i = whole * width; i < cols; i++) {
      store<T>(at, load<T>(from));
      from += sizeof<T>();
      at += sizeof<T>();
    }
  }
  if (whole * width < cols) pad<T>(to + whole * kc * bytes, width, cols - whole * width, p0, p0 + rows);
}

/** A square of numbers, 4×4 float32 or 2×2 float64, from rows `stride` bytes apart to columns. */
// @ts-ignore: decorator
@inline
function transposeSquare<T>(from: usize, stride: usize, to: usize, step: usize): void {
  if (sizeof<T>() == 8) {
    const r0 = v128.load(from);
    const r1 = v128.load(from + stride);
    v128.store(to, v128.shuffle<f64>(r0, r1, 0, 2));
    v128.store(to + step, v128.shuffle<f64>(r0, r1, 1, 3));
  } else {
    const r0 = v128.load(from);
    const r1 = v128.load(from + stride);
    const r2 = v128.load(from + 2 * stride);
    const r3 = v128.load(from + 3 * stride);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f64>(low01, low23, 0, 2));
    v128.store(to + step, v128.shuffle<f64>(low01, low23, 1, 3));
    v128.store(to + 2 * step, v128.shuffle<f64>(high01, high23, 0, 2));
    v128.store(to + 3 * step, v128.shuffle<f64>(high01, high23, 1, 3));
  }
}

/** Raw rows are panel columns, `kc` terms each: rows of A, or of a stored Bᵀ. `to` is a panel's start. */
// @ts-ignore: decorator
@inline
function packColumns<T>(rows: i32, kc: i32, width: i32, to: usize): void {
  const lanes = 16 / sizeof<T>();
  const bytes = width * sizeof<T>();
  const stride = kc * sizeof<T>();
  for (let i0 = 0; i0 < rows; i0 += lanes) {
    const from: usize = RAW + i0 * stride;
    const panel = i0 / width;
    const at: usize = to + panel * kc * bytes + (i0 - panel * width) * sizeof<T>();
    const tall = min(lanes, rows - i0);
    let p = 0;
    if (tall == lanes) {
      for (; p + lanes <= kc; p += lanes) transposeSquare<T>(from + p * sizeof<T>(), stride, at + p * bytes, bytes);
    }
    for (; p < kc; p++) {
      for (let i = 0; i < tall; i++) store<T>(at + p * bytes + i * sizeof<T>(), load<T>(from + i * stride + p * sizeof<T>()));
    }
  }
  const last = rows % width;
  if (last) pad<T>(to + (rows / width) * kc * bytes, width, last, 0, kc);
}

export function packRows32(rows: i32, cols: i32, p0: i32, kc: i32, width: i32, to: usize): void {
  packRows<f32>(rows, cols, p0, kc, width, to);
}

export function packRows64(rows: i32, cols: i32, p0: i32, kc: i32, width: i32, to: usize): void {
  packRows<f64>(rows, cols, p0, kc, width, to);
}

export function packColumns32(rows: i32, kc: i32, width: i32, to: usize): void {
  packColumns<f32>(rows, kc, width, to);
}

export function packColumns64(rows: i32, kc: i32, width: i32, to: usize): void {
  packColumns<f64>(rows, kc, width, to);
}
