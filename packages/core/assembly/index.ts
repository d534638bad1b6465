export { BLOCK_C, KC, MC, NC, PACKED_A, PACKED_B, RAW, RAW_BYTES } from "./layout";
export { MR, multiply32, multiply64 } from "./gemm";
export { addRows32, addRows64, dotRows32, dotRows64 } from "./gemv";
export { cos, exp, expm1, log, log1p, sigmoid, sin, sqrt, tanh } from "./map";
export { packColumnsOfA32, packColumnsOfA64, packColumnsOfB32, packColumnsOfB64 } from "./pack";
export { packRowsOfA32, packRowsOfA64, packRowsOfB32, packRowsOfB64 } from "./pack";
export { sum32, sum64 } from "./sum";
