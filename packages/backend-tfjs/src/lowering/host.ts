import * as tf from "@tensorflow/tfjs-core";
import { HostTensor, Tensor, UnsupportedError, type AnyPrimitive, type Value } from "@polyad/core/extend";
import type { Lowering } from "./lowering.js";
import { storage } from "../tensor.js";

/** Computed on the host, where operands can be read at once: TensorFlow.js has no kernel, or none that is right. */
export const onHost: Lowering = ({ primitive, values, attrs, avals, device }) => {
  const here = values.map((x) => hosted(primitive, x, device.reads));
  const out = primitive.evaluate(here, attrs);
  const outs = (avals.length === 1 && !Array.isArray(out) ? [out] : out) as readonly Value[];
  return outs.map((y, i) => {
    const { shape, dtype } = avals[i]!;
    const data = typeof y === "number" ? [y] : (y as HostTensor).elements;
    return upload(data, shape, storage(dtype));
  });
};

function hosted(primitive: AnyPrimitive, x: Value, reads: "sync" | "async"): Value {
  if (typeof x === "number") return x;
  if (x instanceof HostTensor) return x;
  if (x.size > 0 && reads === "async") {
    throw new UnsupportedError(
      `${primitive.name}: the host computes it${x.ndim > 4 ? ` for ${x.ndim} axes` : ""}, and cannot read at once from ${x.device.name}, which reads asynchronously. ` +
        'Use AutoTfjs({ device: "wasm" }), or move the operands with toHost().',
    );
  }
  const data = x.size === 0 ? new Float64Array(0) : x.dataSync();
  const host = new HostTensor(x.shape, x.dtype, data);
  return x.weak ? host.item() : host;
}

function upload(data: ArrayLike<number>, shape: readonly number[], dtype: "float32" | "int32" | "bool"): tf.Tensor {
  const elements = dtype === "float32" ? Float32Array.from(data) : dtype === "int32" ? Int32Array.from(data) : Uint8Array.from(data);
  return tf.tensor(elements, [...shape], dtype);
}

export type { Tensor };
