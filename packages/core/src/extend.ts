export * from "./index.js";
export { bind, bindAt, below, currentTrace, Trace, Tracer, withTrace } from "./trace.js";
export type { Aval, AnyPrimitive, Output, Cotangents, Inputs } from "./primitive.js";
export type { Backend, Capabilities, FlatFunction, Pullback, Pushforward, Tangents, MaybePromise } from "./backend.js";
export { registerBackend, backendOf, loadedBackends } from "./registry.js";
export { batched } from "./batch.js";
export { broadcastLike, unbroadcast } from "./primitives/conform.js";
export { isFloat } from "./dtype.js";
export { unstack } from "./ops/unstack.js";
