import type { Device } from "./device.js";
import type { DType, TypedArray } from "./dtype.js";
import { AutodiffError } from "./errors.js";
import type { AnyPrimitive, Output } from "./primitive.js";
import { hostDevice, Tensor, type Value } from "./tensor.js";
import { asValue } from "./convert.js";
import type { Shape } from "./shape.js";

/**
 * An interpretation of the primitives: recording them, carrying tangents, batching, capturing. Traces form one stack;
 * each knows the one it was entered from and evaluates what it does not watch one level down.
 */
export abstract class Trace {
  readonly parent: Trace | null;
  readonly depth: number;
  /** Whether the trace is still on the stack. */
  live = true;

  /** For messages: what is being done. */
  abstract readonly kind: string;

  constructor() {
    this.parent = current;
    this.depth = current === null ? 1 : current.depth + 1;
  }

  /** Interprets a primitive at least one of whose operands this trace watches. */
  abstract process(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Output;

  /** Runs `f` under a checkpoint, for traces that would otherwise keep what it computes. */
  checkpoint?(f: (xs: readonly Value[]) => Value[], xs: readonly Value[]): Value[];
}

/** A value as a trace sees it. It reads as the tensor it stands for, so that eager control flow simply works. */
export abstract class Tracer extends Tensor {
  abstract override readonly trace: Trace;
  /** The value one level down. */
  abstract readonly primal: Value;

  override get weak(): boolean {
    return typeof this.primal === "number" || this.primal.weak;
  }

  get shape(): Shape {
    const { primal } = this;
    return typeof primal === "number" ? scalar : primal.shape;
  }

  get dtype(): DType {
    const { primal } = this;
    return typeof primal === "number" ? "float64" : primal.dtype;
  }

  get device(): Device {
    const { primal } = this;
    return typeof primal === "number" ? hostDevice : primal.device;
  }

  dataSync(): TypedArray {
    const { primal } = this;
    return typeof primal === "number" ? Float64Array.of(primal) : primal.dataSync();
  }

  override data(): Promise<TypedArray> {
    const { primal } = this;
    return typeof primal === "number" ? Promise.resolve(Float64Array.of(primal)) : primal.data();
  }

  override [Symbol.toPrimitive](_hint: string): string {
    throw new AutodiffError(
      "A traced value was used where JavaScript needs a plain number or string (by +x, x * 2, x > 0, `${x}` or the " +
        "like). Use ops such as mul(x, 2), or read its value with item(x), which carries no derivative.",
    );
  }

  override toString(): string {
    return `Traced(${this.dtype}[${this.shape.join(", ")}] by ${this.trace.kind})`;
  }
}

const scalar: Shape = Object.freeze([]);

let current: Trace | null = null;

/** The innermost trace that is running. */
export function currentTrace(): Trace | null {
  return current;
}

/** Runs `f` inside a trace made by `make`; afterwards its tracers are dead. */
export function withTrace<T extends Trace, R>(make: () => T, f: (trace: T) => R): R {
  const outer = current;
  const trace = make();
  current = trace;
  try {
    return f(trace);
  } finally {
    trace.live = false;
    current = outer;
  }
}

/** Runs `f` one level below `trace`, where derivative rules compute. */
export function below<R>(trace: Trace, f: () => R): R {
  const inner = current;
  current = trace.parent;
  try {
    return f();
  } finally {
    current = inner;
  }
}

/** Applies a primitive in the current trace. */
export function bind(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Output {
  return bindAt(current, primitive, inputs, attrs);
}

/**
 * Applies a primitive as seen from `level`: the innermost trace that watches one of the operands interprets it; with
 * none, it is evaluated where the operands live.
 */
export function bindAt(level: Trace | null, primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Output {
  let top: Trace | null = null;
  let device = hostDevice;
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i]!;
    if (typeof x === "number") continue;
    if (!(x instanceof Tensor)) return bindAt(level, primitive, inputs.map((y) => asValue(primitive.name, y)), attrs);
    if (x.trace === null) {
      if (x.device !== hostDevice) device = commonDevice(primitive, device, x.device);
    } else if (top === null || x.trace.depth > top.depth || !x.trace.live) {
      if (top === null || top.live) top = x.trace;
    }
  }
  if (top === null) return device.evaluate(primitive, inputs, attrs);
  if (!top.live || top.depth > (level?.depth ?? 0)) throw strayTracer(primitive, top);
  return top.process(primitive, inputs, attrs);
}

function commonDevice(primitive: AnyPrimitive, a: Device, b: Device): Device {
  if (a === hostDevice || a === b) return b;
  throw new AutodiffError(
    `${primitive.name}: operands live on two devices, ${a.name} and ${b.name}. Move one with toDevice(x, device).`,
  );
}

function strayTracer(primitive: AnyPrimitive, trace: Trace): AutodiffError {
  return new AutodiffError(
    trace.live
      ? `${primitive.name}: a value traced by ${trace.kind} was captured by a function that runs outside of that trace ` +
          "(a derivative rule, or checkpoint()). Pass it as an argument instead."
      : `${primitive.name}: a value traced by ${trace.kind} was used after that had finished. Return it from the ` +
          "function (withgradient passes extra results through) instead of keeping it in an outer variable.",
  );
}

