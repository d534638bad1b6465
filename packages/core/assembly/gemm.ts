// C = A·B by blocks, after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication"
// (2008). The host cuts the matrices into blocks and copies them in; here they are packed into panels
// and multiplied tile by tile:
//
//   for each panel of B (NR columns; KC·NR numbers stay in L1)
//     for each panel of A (MR rows; the MC·KC block, a vector for each number, stays in L2)
//       tile[MR×NR] = Σ_p A[:, p] ⊗ B[p, :]
//
// A tile is MR×2 vectors: 8 accumulators, 2 of B, 4 of A and 1 product are the 15 registers that V8 has
// (it loads a whole iteration's operands first, so a larger tile or an unrolled loop spills and is slower),
// and 8 independent sums hide the latency of an addition.

import { BLOCK_C, PACKED_A, PACKED_B, TILE } from "./layout";

export const MR: i32 = 4;

/** Columns of a tile: two vectors. */
@inline
export function tileColumns<T>(): i32 {
  return 32 / sizeof<T>();
}

/** acc + a·b in every lane. */
@inline
export function multiplyAdd<T>(acc: v128, a: v128, b: v128): v128 {
  return v128.add<T>(acc, v128.mul<T>(a, b));
}

/** Write an accumulator, or add it to what is there. */
@inline
function put<T>(at: usize, value: v128, accumulate: bool): void {
  v128.store(at, accumulate ? v128.add<T>(v128.load(at), value) : value);
}

/** C[MR×NR] (+)= a·b, with `a` and `b` one packed panel each; `ldc` in bytes. */
function tile<T>(kc: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool): void {
  const zero = i64x2.splat(0);
  let c00 = zero, c01 = zero, c10 = zero, c11 = zero;
  let c20 = zero, c21 = zero, c30 = zero, c31 = zero;
  for (let p = 0; p < kc; p++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load(a);
    c00 = multiplyAdd<T>(c00, a0, b0);
    c01 = multiplyAdd<T>(c01, a0, b1);
    const a1 = v128.load(a, 16);
    c10 = multiplyAdd<T>(c10, a1, b0);
    c11 = multiplyAdd<T>(c11, a1, b1);
    const a2 = v128.load(a, 32);
    c20 = multiplyAdd<T>(c20, a2, b0);
    c21 = multiplyAdd<T>(c21, a2, b1);
    const a3 = v128.load(a, 48);
    c30 = multiplyAdd<T>(c30, a3, b0);
    c31 = multiplyAdd<T>(c31, a3, b1);
    a += MR * 16;
    b += 32;
  }
  put<T>(c, c00, accumulate);
  put<T>(c + 16, c01, accumulate);
  c += ldc;
  put<T>(c, c10, accumulate);
  put<T>(c + 16, c11, accumulate);
  c += ldc;
  put<T>(c, c20, accumulate);
  put<T>(c + 16, c21, accumulate);
  c += ldc;
  put<T>(c, c30, accumulate);
  put<T>(c + 16, c31, accumulate);
}

/** The same for a tile that hangs over the edge: computed aside, then only its valid part is put. */
function edgeTile<T>(rows: i32, cols: i32, kc: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool): void {
  tile<T>(kc, a, b, TILE, 32, false);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const at: usize = c + <usize>i * ldc + <usize>j * sizeof<T>();
      const value = load<T>(TILE + i * 32 + j * sizeof<T>());
      store<T>(at, accumulate ? <T>(load<T>(at) + value) : value);
    }
  }
}

@inline
function multiply<T>(mc: i32, nc: i32, kc: i32, accumulate: bool): void {
  const NR = tileColumns<T>();
  const ldc = nc * sizeof<T>();
  let b: usize = PACKED_B;
  for (let j = 0; j < nc; j += NR) {
    const cols = min(NR, nc - j);
    let a: usize = PACKED_A;
    for (let i = 0; i < mc; i += MR) {
      const rows = min(MR, mc - i);
      const c: usize = BLOCK_C + i * ldc + j * sizeof<T>();
      if (rows == MR && cols == NR) tile<T>(kc, a, b, c, ldc, accumulate);
      else edgeTile<T>(rows, cols, kc, a, b, c, ldc, accumulate);
      a += kc * MR * 16;
    }
    b += kc * 32;
  }
}

/** C block (+)= packed A · packed B. */
export function multiply32(mc: i32, nc: i32, kc: i32, accumulate: bool): void {
  multiply<f32>(mc, nc, kc, accumulate);
}

export function multiply64(mc: i32, nc: i32, kc: i32, accumulate: bool): void {
  multiply<f64>(mc, nc, kc, accumulate);
}
