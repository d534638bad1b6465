import { engine, Tensor as TfTensor } from "@tensorflow/tfjs-core";
import type * as tf from "@tensorflow/tfjs-core";
import { AutodiffError, describe, HostTensor, registerLeaf, Tensor, UnsupportedError, type DType, type TfjsDevice } from "@polyad/core/extend";
import { tfjs, type Tfjs } from "./device.js";
import { copy } from "./tape.js";
import { TfjsTensor } from "./tensor.js";

declare module "@polyad/core" {
  interface LeafTypes {
    tfjs: [tf.Tensor, Tensor];
  }
}

/**
 * TensorFlow.js's tensors and Polyad's are views of the same data, each freed apart from the other: TensorFlow.js counts
 * the tensors that share data. Nothing is read on the way, and a derivative passes through.
 */

/**
 * A tensor of TensorFlow.js's as Polyad's, on the device where it is; as results of `model.predict` in a differentiated
 * function. Both have the same data, and their own `dispose()`.
 *
 * @throws AutodiffError for one that is freed, or of another copy of TensorFlow.js; UnsupportedError for a dtype that
 *   Polyad does not have, or a backend that it does not know.
 */
export function fromTf(t: tf.Tensor): Tensor {
  if (typeof t !== "object" || t === null || !("dataId" in t)) throw new AutodiffError(`fromTf: expected a tf.Tensor, got ${describe(t)}.`);
  const device = deviceOf(t);
  const dtype = dtypeOf(t);
  return device.here(() => device.made(new TfjsTensor(device, copy(t), dtype)));
}

/**
 * A tensor of Polyad's as TensorFlow.js's, for its own ops and layers, which AutoTfjs differentiates by their own
 * gradients. Both have the same data, and their own `dispose()`: outside of `tidy()`, scopes and operators the result is
 * the caller's to free.
 *
 * @throws UnsupportedError for a tensor that another engine traces, and could not follow; AutodiffError for one that is
 *   not on a device of TensorFlow.js.
 */
export function toTf(x: Tensor): tf.Tensor {
  if (x instanceof TfjsTensor) {
    const handle = x.live;
    return (x.device as Tfjs).here(() => copy(handle));
  }
  if (x instanceof HostTensor) throw new AutodiffError('toTf: this tensor is on the host. Move it with toDevice(x, tfjs("wasm")), or use tf.tensor(x.dataSync(), x.shape).');
  if (!(x instanceof Tensor)) throw new AutodiffError(`toTf: expected a tensor of Polyad's, got ${describe(x)}. TensorFlow.js makes its own of numbers and arrays by tf.tensor().`);
  throw new UnsupportedError(
    `toTf: this tensor is traced by ${x.trace?.kind ?? "another engine"}, which does not see TensorFlow.js's own ops. Differentiate with AutoTfjs(), whose tape does, or write this part in Polyad's ops.`,
  );
}

registerLeaf<tf.Tensor>({
  kind: "tfjs",
  match: (x): x is tf.Tensor => x instanceof TfTensor,
  toTensor: fromTf,
  fromTensor: (x, like) => {
    if (x.trace === null) return toTf(deviceOf(like).hold(x));
    throw new UnsupportedError(
      `tfjs: the gradient of a tf.Tensor is being differentiated by ${x.trace.kind}, and a tf.Tensor cannot carry that. Pass fromTf(t) as the argument in its place.`,
    );
  },
  dispose: (t) => {
    if (!t.isDisposed && !engine().isTapeOn()) t.dispose();
  },
});

function deviceOf(t: tf.Tensor): Tfjs {
  if (t.isDisposed) throw new AutodiffError("tfjs: a tf.Tensor was used after it had been disposed of.");
  const { registry, state } = engine();
  const info = state.tensorInfo.get(t.dataId);
  if (info === undefined) {
    throw new AutodiffError(
      "tfjs: a tf.Tensor is not known to the TensorFlow.js that @polyad/backend-tfjs uses: it was made by another copy of @tensorflow/tfjs-core. `npm ls @tensorflow/tfjs-core` shows the copies.",
    );
  }
  const name = Object.keys(registry).find((key) => registry[key] === info.backend);
  if (name === "cpu" || name === "wasm" || name === "webgpu") return tfjs(name satisfies TfjsDevice);
  throw new UnsupportedError(`tfjs: a tf.Tensor is on TensorFlow.js's backend ${name ?? "(removed)"}, and Polyad knows cpu, wasm and webgpu. Make it after \`await tf.setBackend("wasm")\`.`);
}

function dtypeOf({ dtype }: tf.Tensor): DType {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw new UnsupportedError(`tfjs: a tf.Tensor of dtype ${dtype} is no tensor of Polyad's, which has float32, int32 and bool here. Pass Const(t).`);
}
