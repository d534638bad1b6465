export type { ActivationOp } from "./activation.js";
export * from "./gates.js";
export * from "./rectifiers.js";
export * from "./squashes.js";
