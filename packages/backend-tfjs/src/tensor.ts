import { engine, fill, tensor } from "@tensorflow/tfjs-core";
import type * as tf from "@tensorflow/tfjs-core";
import { AutodiffError, Tensor, type Device, type DType, type Shape, type TypedArray, type Value } from "@polyad/core/extend";
import type { Tfjs } from "./device.js";

/** A tensor in TensorFlow.js's keeping. Its dtype is Polyad's; "float64" is stored as float32, which is all there is. */
export class TfjsTensor extends Tensor {
  readonly shape: Shape;

  constructor(
    readonly device: Device,
    /** TensorFlow.js's tensor, be it freed. */
    readonly handle: tf.Tensor,
    readonly dtype: DType,
    /** Whether it stands for a plain number. */
    private readonly isNumber: boolean = false,
  ) {
    super();
    this.shape = handle.shape;
  }

  override get weak(): boolean {
    return this.isNumber;
  }

  get trace(): null {
    return null;
  }

  /** TensorFlow.js's tensor. @throws AutodiffError if it has been freed. */
  get live(): tf.Tensor {
    if (!this.handle.isDisposed) return this.handle;
    throw new AutodiffError(
      `A tensor on ${this.device.name} was used after it had been freed: by dispose(), or at the end of the operator, scope() or tidy() in which it was made. ` +
        "Return it from there (withgradient passes extra results through) to keep it.",
    );
  }

  dataSync(): TypedArray {
    if (this.device.reads === "async") {
      throw new AutodiffError(`${this.device.name} reads asynchronously: await t.data() in place of dataSync(), toArray() or item().`);
    }
    return typed(this.live.dataSync(), this.dtype);
  }

  override async data(): Promise<TypedArray> {
    try {
      const data = await this.live.data();
      if (this.device.reads === "async") (this.device as Tfjs).trusted();
      return typed(data, this.dtype);
    } catch (error) {
      (this.device as Tfjs).within(() => undefined); // throws where the device was lost, of which TensorFlow.js says nothing
      throw error;
    }
  }

  /**
   * Frees the memory on the device; what is called twice does nothing the second time. While a derivative is recorded it is
   * left to the end of the operator: the way back may need it.
   */
  override dispose(): void {
    if (engine().isTapeOn()) return;
    unowned(this);
    if (!this.handle.isDisposed) this.handle.dispose();
  }
}

/** What TensorFlow.js read, in the array that the dtype has on the host. */
function typed(data: Float32Array | Int32Array | Uint8Array, dtype: DType): TypedArray {
  switch (dtype) {
    case "float64":
      return new Float64Array(data);
    case "float32":
      return new Float32Array(data);
    case "int32":
      return new Int32Array(data);
    case "bool":
      return new Uint8Array(data);
  }
}

/** TensorFlow.js's dtype for one of Polyad's. */
export function storage(dtype: DType): "float32" | "int32" | "bool" {
  return dtype === "float64" ? "float32" : dtype;
}

const abandoned = new FinalizationRegistry<tf.Tensor>((handle) => {
  if (!handle.isDisposed) handle.dispose();
});

/** Makes garbage collection free a tensor that no scope will: the safety net. */
export function owned(x: TfjsTensor): TfjsTensor {
  abandoned.register(x, x.handle, x);
  return x;
}

function unowned(x: TfjsTensor): void {
  abandoned.unregister(x);
}

/** A value where another one lives, with its shape. */
export function stored(x: Value, like: TfjsTensor): TfjsTensor {
  if (x instanceof TfjsTensor) return x;
  if (typeof x === "number") return new TfjsTensor(like.device, fill([...like.shape], x, storage(like.dtype)), like.dtype, like.weak);
  return new TfjsTensor(like.device, upload(x.dataSync(), x.shape, x.dtype), like.dtype, like.weak);
}

/** Copies elements from the host. */
export function upload(data: ArrayLike<number>, shape: Shape, dtype: DType): tf.Tensor {
  const to = storage(dtype);
  const elements = to === "float32" ? Float32Array.from(data) : to === "int32" ? Int32Array.from(data) : Uint8Array.from(data);
  return tensor(elements, [...shape], to);
}
