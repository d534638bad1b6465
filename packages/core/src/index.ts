export * from "./adtypes.js";
export * from "./errors.js";
export * from "./create.js";
export { tensor, Tensor, HostTensor, hostDevice, type Value, type NestedArray } from "./tensor.js";
export * from "./primitives/all.js";
export { stack } from "./ops/stack.js";
export { takeAlongAxis } from "./ops/takeAlongAxis.js";
export { definePrimitive } from "./primitive.js";
