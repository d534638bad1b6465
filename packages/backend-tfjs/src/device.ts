import { reshape, version_core } from "@tensorflow/tfjs-core";
import type * as tf from "@tensorflow/tfjs-core";
import {
  AutodiffError,
  corePrimitives,
  HostTensor,
  isFloat,
  sameShape,
  showShape,
  sizeOf,
  UnsupportedError,
  type AnyPrimitive,
  type Aval,
  type CorePrimitiveName,
  type Device,
  type TfjsDevice,
  type Value,
} from "@polyad/core/extend";
import { enter, within } from "./current.js";
import { onHost } from "./lowering/host.js";
import { lowerings } from "./lowering/index.js";
import { activeScope, inScope, tidied } from "./scope.js";
import { record, recording, unrecorded } from "./tape.js";
import { owned, TfjsTensor, upload } from "./tensor.js";

/** Primitives that give something where one operand is empty and another is not: their lowerings see to it. */
const takeEmpty: ReadonlySet<string> = new Set<CorePrimitiveName>(["concat", "scatterAdd", "searchsorted"]);
/** Primitives that look at no element. */
const blind: ReadonlySet<string> = new Set<CorePrimitiveName>(["reshape", "stopGradient"]);
/** Primitives of truth values alone, for which there are kernels everywhere. */
const logical: ReadonlySet<string> = new Set<CorePrimitiveName>(["logicalAnd", "logicalNot", "logicalOr", "logicalXor"]);
/** Kernels for six axes at most; `cast` does not look at them. */
const maxRank = 6;

/**
 * Whether a primitive is for the host: kernels are not made for empty tensors, nor for more than six axes, and those of cpu
 * and wasm are for floats. Of integers and truth values they make floats, or garbage, in silence; and an int32 of NaN.
 */
function forHost(name: string, device: Device, inputs: readonly Value[], avals: readonly Aval[]): boolean {
  const tensors = inputs.filter((x) => typeof x !== "number");
  if (!takeEmpty.has(name) && tensors.some((x) => x.size === 0)) return true;
  if (blind.has(name)) return false;
  if (name !== "cast" && [...tensors, ...avals].some(({ shape }) => shape.length > maxRank)) return true;
  if (logical.has(name) && tensors.every((x) => x.dtype === "bool")) return false;
  if (device.reads === "async" || avals.some(({ dtype }) => isFloat(dtype))) return false;
  return name === "cast" || tensors.every((x) => x.weak || !isFloat(x.dtype));
}

/** A device of TensorFlow.js: tensors in its keeping, primitives by its kernels. */
class Tfjs implements Device {
  readonly name: string;
  readonly reads: "sync" | "async";
  readonly precision = "float32";
  /** Why a device that was lost in the middle is gone. */
  lost: string | null = null;
  /** What the driver of a GPU refused to run, of which TensorFlow.js says nothing: zeros are in its place. */
  refused: string | null = null;

  constructor(readonly backend: TfjsDevice) {
    this.name = `tfjs ${backend}`;
    this.reads = backend === "webgpu" ? "async" : "sync";
  }

  recording(): boolean {
    return recording();
  }

  put(x: HostTensor): TfjsTensor {
    return this.here(() => this.made(new TfjsTensor(this, upload(x.elements, x.shape, x.dtype), x.dtype)));
  }

  /** A value here; a plain number as a tensor that stands for it. @throws AutodiffError for one that lives elsewhere. */
  hold(x: Value): TfjsTensor {
    if (x instanceof TfjsTensor) {
      void x.live;
      if (x.device === this) return x;
      throw new AutodiffError(`tfjs: an argument lives on ${x.device.name}, and AutoTfjs({ device: "${this.backend}" }) works on ${this.name}. Name that device, or move the argument with toDevice(), a tf.Tensor with toDevice(fromTf(t), device).`);
    }
    if (x instanceof HostTensor) return this.put(x);
    if (typeof x !== "number") {
      throw new UnsupportedError(`tfjs: an argument lives on ${x.device.name}, and this engine works on the host's tensors and TensorFlow.js's. Move it with toDevice(x, "host"), or use an engine of rules, such as AutoTape().`);
    }
    return this.here(() => this.made(new TfjsTensor(this, upload([x], [], "float32"), "float64", true)));
  }

  /** Runs f with this as TensorFlow.js's current backend. */
  within<R>(f: () => R): R {
    this.check();
    return within(this.backend, f);
  }

  evaluate(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Value | readonly Value[] {
    if (corePrimitives[primitive.name as CorePrimitiveName] !== primitive) {
      if (primitive.composite) return this.here(() => this.compose(primitive, inputs, attrs));
      throw new UnsupportedError(`${primitive.name}: ${this.name} does not know this primitive. Give definePrimitive() a composite form, or move its operands to the host.`);
    }
    return this.here(() => this.apply(primitive, inputs, attrs));
  }

  /** A primitive that is not core's, by others: while derivatives are recorded, one entry with rules of its own all the same. */
  private compose(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Value | readonly Value[] {
    if (!recording() || primitive.constant || primitive.vjp === undefined) return primitive.composite!(inputs, attrs);
    const result = unrecorded(() => primitive.composite!(inputs, attrs));
    const several = Array.isArray(result);
    const outs = ([result].flat() as readonly Value[]).map((y) => {
      const { live, dtype, weak } = this.hold(y);
      return this.made(new TfjsTensor(this, unrecorded(() => reshape(live, live.shape)), dtype, weak)); // it may be an operand
    });
    record(primitive, inputs, attrs, outs, several);
    return several ? outs : outs[0]!;
  }

  private apply(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Value | readonly Value[] {
    const avals = primitive.infer(inputs, attrs);
    const several = Array.isArray(avals);
    const infos = (several ? avals : [avals]) as readonly Aval[];
    const handles = unrecorded(() => tidied(() => this.run(primitive, inputs, attrs, infos)));
    const outs = infos.map((aval, k) => this.made(new TfjsTensor(this, handles[k]!, aval.dtype, aval.weak)));
    if (recording() && !primitive.constant) record(primitive, inputs, attrs, outs, several);
    return several ? outs : outs[0]!;
  }

  private run(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown, avals: readonly Aval[]): tf.Tensor[] {
    for (const x of inputs) if (x instanceof TfjsTensor) void x.live; // also where no element of it is read
    if (avals.every(({ shape }) => sizeOf(shape) === 0)) return avals.map(({ shape, dtype }) => upload([], shape, dtype));
    const host = forHost(primitive.name, this, inputs, avals);
    const lowering = host ? onHost : lowerings[primitive.name as CorePrimitiveName];
    const handles = host ? [] : inputs.map((x) => this.handle(x));
    const results = [this.lowered(primitive, () => lowering({ primitive, inputs: handles, attrs, avals, device: this, values: inputs }))].flat();
    results.forEach(({ shape }, k) => {
      if (!sameShape(shape, avals[k]!.shape)) throw new AutodiffError(`${primitive.name}: ${this.name} gave shape ${showShape(shape)} in place of ${showShape(avals[k]!.shape)}.`);
    });
    return results.map((y) => (handles.includes(y) ? reshape(y, y.shape) : y)); // another tensor, freed apart
  }

  /** TensorFlow.js's tensor of an operand. */
  private handle(x: Value): tf.Tensor {
    if (x instanceof TfjsTensor) return x.live;
    if (typeof x === "number") return upload([x], [], "float32");
    return upload(x.dataSync(), x.shape, x.dtype);
  }

  /** @throws UnsupportedError for a kernel that the device package lacks. */
  private lowered<R>(primitive: AnyPrimitive, f: () => R): R {
    try {
      return f();
    } catch (error) {
      const kernel = error instanceof Error ? /Kernel '(\w+)' not registered/.exec(error.message)?.[1] : undefined;
      if (kernel === undefined) throw error;
      throw new UnsupportedError(
        `${primitive.name}: ${this.name} has no kernel ${kernel}. Install a version of @tensorflow/tfjs-backend-${this.backend} that fits @tensorflow/tfjs-core ${version_core}, or name another device.`,
        { cause: error },
      );
    }
  }

  /** Runs f with this as the current backend; where a scope is open, its end sees to it that the one before is so again. */
  here<R>(f: () => R): R {
    if (!inScope()) return this.within(f);
    this.check();
    enter(this.backend);
    return f();
  }

  /** @throws AutodiffError where the driver refused something: nobody knows which results are wrong. `ready()` begins anew. */
  trusted(): void {
    if (this.refused === null) return;
    throw new AutodiffError(
      `${this.name}: the driver refused what a kernel of TensorFlow.js asked of it, so that what was computed there may be wrong: ${this.refused}\n` +
        `Leave that out, await ready(AutoTfjs({ device: "${this.backend}" })) again, and make anew what lives there.`,
    );
  }

  private check(): void {
    if (this.lost !== null) {
      throw new AutodiffError(`${this.name}: the device was lost: ${this.lost}. What lived there is gone. Load the page again, or start the process anew; AutoTfjs({ device: "wasm" }) needs no GPU.`);
    }
  }

  made(x: TfjsTensor): TfjsTensor {
    return activeScope() === null ? owned(x) : x;
  }
}

const devices = { cpu: new Tfjs("cpu"), wasm: new Tfjs("wasm"), webgpu: new Tfjs("webgpu") };

/** A device of TensorFlow.js, for tensors to live on. @throws AutodiffError for one that there is not. */
export function tfjs(name: TfjsDevice): Tfjs {
  if (Object.hasOwn(devices, name)) return devices[name];
  throw new AutodiffError(`tfjs: there is no device "${String(name)}". Use one of ${Object.keys(devices).join(", ")}.`);
}

export type { Tfjs };
