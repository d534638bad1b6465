export { BLOCK_C, KC, MC, NC, PACKED_A, PACKED_B, RAW, RAW_BYTES } from "./layout";
export { MR, multiply32, multiply64 } from "./gemm";
export { packColumns32, packColumns64, packRows32, packRows64 } from "./pack";
