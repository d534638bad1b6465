// Where things lie in the module's fixed memory. The host reads these constants from the exports,
// so this file is the only place that knows them. Sizes are in bytes and hold float64 blocks.

/** Largest block of C computed at once: MC rows by NC columns, with KC terms of the inner sum. */
export const MC: i32 = 128;
export const NC: i32 = 512;
export const KC: i32 = 256;

const KIB: i32 = 1024;

// The compiler puts the constant tables of elementary.ts below, from 1 KiB on.

/** One MR×NR tile, for the ragged edges of a block. */
export const TILE: usize = 2 * KIB;
/** Raw rows of A or B as the host copied them in, before packing; also what a map or sum works on. */
export const RAW: usize = 4 * KIB;
export const RAW_BYTES: i32 = 128 * KIB;
/** The second operand of a zip. */
export const SECOND: usize = RAW + 64 * KIB;
/** A in panels of MR rows: KC·MR numbers each, and 16 bytes for each number. */
export const PACKED_A: usize = RAW + RAW_BYTES;
/** B in panels of NR columns: KC·NR numbers each. */
export const PACKED_B: usize = PACKED_A + MC * KC * 16;
/** The block of C, row-major and contiguous. */
export const BLOCK_C: usize = PACKED_B + KC * NC * 8;
