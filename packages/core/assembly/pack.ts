// Packing: a block becomes panels, MR rows of A or NR columns of B wide, each holding for p = 0 … kc-1 its
// numbers side by side, which is the order in which a tile reads them. A number of A takes a whole vector:
// V8 loads a vector in one instruction, but takes two to load a number and spread it. The last panel is
// filled up with zeros: they only reach results that are thrown away, so a NaN opposite does no harm.
//
// A raw row is either one term of the inner sum for all panels (rows of B, or of a stored Aᵀ) or all terms
// for one place in a panel (rows of A, or of a stored Bᵀ). All functions take the count and length of the
// raw rows, the number of the first, and kc.

import { MR, tileColumns } from "./gemm";
import { PACKED_A, PACKED_B, RAW } from "./layout";

/** The numbers of rows first … first+rows-1, each a term of the sum, in B's panels. */
@inline
function packRowsOfB<T>(rows: i32, cols: i32, first: i32, kc: i32): void {
  const NR = tileColumns<T>();
  const whole = cols / NR;
  let from = RAW;
  for (let p = first; p < first + rows; p++) {
    let to = PACKED_B + p * 32;
    for (let q = 0; q < whole; q++) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += 32;
      to += kc * 32;
    }
    for (let j = whole * NR; j < cols; j++) {
      store<T>(to, load<T>(from));
      from += sizeof<T>();
      to += sizeof<T>();
    }
    if (cols > whole * NR) {
      for (let j = cols; j < (whole + 1) * NR; j++) {
        store<T>(to, <T>0);
        to += sizeof<T>();
      }
    }
  }
}

/** A square of numbers, 4×4 float32 or 2×2 float64, from rows `stride` bytes apart to columns 32 apart. */
@inline
function transposeSquare<T>(from: usize, stride: usize, to: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + stride);
  if (sizeof<T>() == 8) {
    v128.store(to, v128.shuffle<f64>(r0, r1, 0, 2));
    v128.store(to, v128.shuffle<f64>(r0, r1, 1, 3), 32);
  } else {
    const r2 = v128.load(from + 2 * stride);
    const r3 = v128.load(from + 3 * stride);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f64>(low01, low23, 0, 2));
    v128.store(to, v128.shuffle<f64>(low01, low23, 1, 3), 32);
    v128.store(to, v128.shuffle<f64>(high01, high23, 0, 2), 64);
    v128.store(to, v128.shuffle<f64>(high01, high23, 1, 3), 96);
  }
}

/** The numbers of rows first … first+rows-1, each a column of B, in B's panels; `first` begins a panel. */
@inline
function packColumnsOfB<T>(rows: i32, first: i32, kc: i32): void {
  const NR = tileColumns<T>();
  const lanes = 16 / sizeof<T>();
  const stride = <usize>kc * sizeof<T>();
  const padded = (rows + NR - 1) / NR * NR;
  for (let j = 0; j < padded; j += lanes) {
    const from = RAW + <usize>j * stride;
    const to = PACKED_B + ((first + j) / NR) * kc * 32 + (j % NR) * sizeof<T>();
    const present = min(max(rows - j, 0), lanes);
    let p = 0;
    if (present == lanes) {
      for (; p + lanes <= kc; p += lanes) transposeSquare<T>(from + p * sizeof<T>(), stride, to + p * 32);
    }
    for (; p < kc; p++) {
      for (let i = 0; i < lanes; i++) {
        const value = i < present ? load<T>(from + <usize>i * stride + p * sizeof<T>()) : <T>0;
        store<T>(to + p * 32 + i * sizeof<T>(), value);
      }
    }
  }
}

/** Where A's row i has its first number. */
@inline
function placeInA(i: i32, kc: i32): usize {
  return PACKED_A + ((i / MR) * kc * MR + (i % MR)) * 16;
}

/** The numbers of rows first … first+rows-1, each a term of the sum, in A's panels. */
@inline
function packRowsOfA<T>(rows: i32, cols: i32, first: i32, kc: i32): void {
  const padded = (cols + MR - 1) / MR * MR;
  let from = RAW;
  for (let p = first; p < first + rows; p++) {
    let to = placeInA(0, kc) + p * MR * 16;
    let i = 0;
    for (; i + MR <= cols; i += MR) {
      v128.store(to, v128.load_splat<T>(from));
      v128.store(to, v128.load_splat<T>(from + sizeof<T>()), 16);
      v128.store(to, v128.load_splat<T>(from + 2 * sizeof<T>()), 32);
      v128.store(to, v128.load_splat<T>(from + 3 * sizeof<T>()), 48);
      from += MR * sizeof<T>();
      to += kc * MR * 16;
    }
    for (; i < padded; i++) {
      v128.store(to, i < cols ? v128.load_splat<T>(from) : i64x2.splat(0));
      if (i < cols) from += sizeof<T>();
      to += 16;
    }
  }
}

/** The numbers of rows first … first+rows-1, each a row of A, in A's panels; `first` begins a panel. */
@inline
function packColumnsOfA<T>(rows: i32, first: i32, kc: i32): void {
  const padded = (rows + MR - 1) / MR * MR;
  let from = RAW;
  for (let i = 0; i < padded; i++) {
    let to = placeInA(first + i, kc);
    for (let p = 0; p < kc; p++) {
      v128.store(to, i < rows ? v128.load_splat<T>(from) : i64x2.splat(0));
      from += sizeof<T>();
      to += MR * 16;
    }
  }
}

export function packRowsOfA32(rows: i32, cols: i32, first: i32, kc: i32): void {
  packRowsOfA<f32>(rows, cols, first, kc);
}

export function packRowsOfA64(rows: i32, cols: i32, first: i32, kc: i32): void {
  packRowsOfA<f64>(rows, cols, first, kc);
}

export function packRowsOfB32(rows: i32, cols: i32, first: i32, kc: i32): void {
  packRowsOfB<f32>(rows, cols, first, kc);
}

export function packRowsOfB64(rows: i32, cols: i32, first: i32, kc: i32): void {
  packRowsOfB<f64>(rows, cols, first, kc);
}

export function packColumnsOfA32(rows: i32, _cols: i32, first: i32, kc: i32): void {
  packColumnsOfA<f32>(rows, first, kc);
}

export function packColumnsOfA64(rows: i32, _cols: i32, first: i32, kc: i32): void {
  packColumnsOfA<f64>(rows, first, kc);
}

export function packColumnsOfB32(rows: i32, _cols: i32, first: i32, kc: i32): void {
  packColumnsOfB<f32>(rows, first, kc);
}

export function packColumnsOfB64(rows: i32, _cols: i32, first: i32, kc: i32): void {
  packColumnsOfB<f64>(rows, first, kc);
}
