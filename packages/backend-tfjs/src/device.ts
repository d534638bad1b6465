import { engine, getBackend, setBackend } from "@tensorflow/tfjs-core";
import type * as tf from "@tensorflow/tfjs-core";
import {
  AutodiffError,
  corePrimitives,
  HostTensor,
  registerScope,
  sameShape,
  showShape,
  sizeOf,
  UnsupportedError,
  type AnyPrimitive,
  type Aval,
  type CorePrimitiveName,
  type Device,
  type Tensor,
  type TfjsDevice,
  type Value,
} from "@polyad/core/extend";
import { onHost } from "./lowering/host.js";
import { lowerings } from "./lowering/index.js";
import { record, recording, unrecorded } from "./tape.js";
import { owned, TfjsTensor, upload } from "./tensor.js";

/** A device of TensorFlow.js: tensors in its keeping, primitives by its kernels. */
class Tfjs implements Device {
  readonly name: string;
  readonly reads: "sync" | "async";

  constructor(readonly backend: TfjsDevice) {
    this.name = `tfjs ${backend}`;
    this.reads = backend === "webgpu" ? "async" : "sync";
  }

  recording(): boolean {
    return recording();
  }

  put(x: HostTensor): TfjsTensor {
    this.enter();
    return this.made(new TfjsTensor(this, upload(x.elements, x.shape, x.dtype), x.dtype));
  }

  /** A value here; a plain number as a tensor that stands for it. */
  hold(x: Value): TfjsTensor {
    if (x instanceof TfjsTensor) return x;
    if (typeof x !== "number") return this.put(new HostTensor(x.shape, x.dtype, x.dataSync()));
    this.enter();
    return this.made(new TfjsTensor(this, upload([x], [], "float32"), "float64", true));
  }

  evaluate(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Value | readonly Value[] {
    if (corePrimitives[primitive.name as CorePrimitiveName] !== primitive) {
      if (primitive.composite) return primitive.composite(inputs, attrs);
      throw new UnsupportedError(`${primitive.name}: ${this.name} does not know this primitive. Give definePrimitive() a composite form, or move its operands to the host.`);
    }
    this.enter();
    const avals = primitive.infer(inputs, attrs);
    const several = Array.isArray(avals);
    const infos = (several ? avals : [avals]) as readonly Aval[];
    const handles = unrecorded(() => engine().tidy(() => this.run(primitive, inputs, attrs, infos)));
    const outs = infos.map((aval, k) => this.made(new TfjsTensor(this, handles[k]!, aval.dtype, aval.weak)));
    if (recording() && !primitive.constant) record(primitive, inputs, attrs, outs, several);
    return several ? outs : outs[0]!;
  }

  /** Kernels are not made for empty tensors: what is empty needs none, and what is made of nothing is the host's. */
  private run(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown, avals: readonly Aval[]): tf.Tensor[] {
    if (avals.every(({ shape }) => sizeOf(shape) === 0)) return avals.map(({ shape, dtype }) => upload([], shape, dtype));
    const empty = inputs.some((x) => typeof x !== "number" && x.size === 0);
    const lowering = empty ? onHost : lowerings[primitive.name as CorePrimitiveName];
    const handles = empty ? [] : inputs.map((x) => this.handle(x));
    const results = [lowering({ primitive, inputs: handles, attrs, avals, device: this, values: inputs })].flat();
    results.forEach(({ shape }, k) => {
      if (!sameShape(shape, avals[k]!.shape)) throw new AutodiffError(`${primitive.name}: ${this.name} gave shape ${showShape(shape)} in place of ${showShape(avals[k]!.shape)}.`);
    });
    return results;
  }

  /** TensorFlow.js's tensor of an operand. */
  private handle(x: Value): tf.Tensor {
    if (x instanceof TfjsTensor) {
      if (!x.handle.isDisposed) return x.handle;
      throw new AutodiffError(`A tensor on ${this.name} was used after it had been freed, by dispose() or at the end of the operator or scope() that made it.`);
    }
    if (typeof x === "number") return upload([x], [], "float32");
    return upload(x.dataSync(), x.shape, x.dtype);
  }

  /** Kernels run on TensorFlow.js's current backend: it must be this one. */
  private enter(): void {
    if (getBackend() === this.backend) return;
    if (!(this.backend in engine().registry)) {
      throw new AutodiffError(`${this.name} is not ready. Call \`await ready(AutoTfjs({ device: "${this.backend}" }))\` first, once.`);
    }
    void setBackend(this.backend); // at once, since it is initialised
  }

  private made(x: TfjsTensor): TfjsTensor {
    return engine().state.activeScope === null ? owned(x) : x;
  }
}

const devices = { cpu: new Tfjs("cpu"), wasm: new Tfjs("wasm"), webgpu: new Tfjs("webgpu") };

/** A device of TensorFlow.js, for tensors to live on. @throws AutodiffError for one that there is not. */
export function tfjs(name: TfjsDevice): Tfjs {
  if (Object.hasOwn(devices, name)) return devices[name];
  throw new AutodiffError(`tfjs: there is no device "${String(name)}". Use one of ${Object.keys(devices).join(", ")}.`);
}

export type { Tfjs };

// A scope of Polyad's is one of TensorFlow.js's, which sees every tensor, those of the user's own calls too.
registerScope(() => {
  const before = getBackend();
  engine().startScope("polyad");
  return () => {
    const made = [...engine().state.activeScope.track];
    engine().endScope(made);
    if (before && getBackend() !== before) void setBackend(before);
    return (survivors: readonly Tensor[]) => {
      const kept = new Set<tf.Tensor>();
      for (const x of survivors) {
        if (!(x instanceof TfjsTensor)) continue;
        kept.add(x.handle);
        if (engine().state.activeScope === null) owned(x);
      }
      for (const handle of made) if (!kept.has(handle) && !handle.kept && !handle.isDisposed) handle.dispose();
    };
  };
});
