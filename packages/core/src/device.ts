import type { AnyPrimitive } from "./primitive.js";
import type { HostTensor, Tensor, Value } from "./tensor.js";

/** Where tensors live and primitives are evaluated. Host memory is one; engines register others. */
export interface Device {
  /** As printed, and as named in `toDevice`. */
  readonly name: string;
  /** Whether `dataSync` works, or only `data`. */
  readonly reads: "sync" | "async";
  /** The precision of float64 there, where it is not that. */
  readonly precision?: "float32";
  /** Whether results are being recorded, so that reading one would lose its derivative: one that is being taken, or "later" by `backward`. */
  recording?(): boolean | "later";
  /** Evaluates one primitive on tensors of this device, host tensors and numbers. */
  evaluate(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Value | readonly Value[];
  /** Copies a host tensor here. */
  put(x: HostTensor): Tensor;
}
