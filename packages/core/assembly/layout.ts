// Where things lie in the module's fixed memory. The host reads these constants from the exports,
// so this file is the only place that knows them. Sizes are in bytes and hold float64 blocks.

/** Largest block of C computed at once: MC rows by NC columns, with KC terms of the inner sum. */
export const MC: i32 = 128;
export const NC: i32 = 512;
export const KC: i32 = 256;

const KIB: i32 = 1024;

/** One MR×NR tile, for the ragged edges of a block. */
export const TILE: i32 = 1 * KIB;
/** Raw rows of A or B as the host copied them in, before packing; also the input of a map. */
export const RAW: i32 = 4 * KIB;
export const RAW_BYTES: i32 = 128 * KIB;
/** A in panels of MR rows: KC·MR numbers each. */
export const PACKED_A: i32 = RAW + RAW_BYTES;
/** B in panels of NR columns: KC·NR numbers each. */
export const PACKED_B: i32 = PACKED_A + MC * KC * 8;
/** The block of C, row-major and contiguous; also the output of a map. */
export const BLOCK_C: i32 = PACKED_B + KC * NC * 8;
