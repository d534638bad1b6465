import type { Device } from "./device.js";
import type { DType, TypedArray } from "./dtype.js";
import { AutodiffError, UnsupportedError } from "./errors.js";
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
        "like). Use ops such as mul(x, 2), or read its value with x.item(), which carries no derivative.",
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

/** Runs `f` as seen from `level`, null being outside of every trace. */
export function at<R>(level: Trace | null, f: () => R): R {
  const inner = current;
  current = level;
  try {
    return f();
  } finally {
    current = inner;
  }
}

/** Runs `f` one level below `trace`, where derivative rules compute. */
export function below<R>(trace: Trace, f: () => R): R {
  return at(trace.parent, f);
}

/** Applies a primitive in the current trace. */
export function bind(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Output {
  return bindAt(current, primitive, inputs, attrs);
}

/**
 * Applies a primitive as seen from `level`: the innermost trace that watches one of the operands interprets it; with
 * none, it is evaluated where the operands live.
 */
export function bindAt(level: Trace | null, primitive: AnyPrimitive, operands: readonly Value[], attrs: unknown): Output {
  const inputs = standIns === null ? operands : operands.map((x) => standIn(primitive.name, x, level));
  let top: Trace | null = null;
  let device = hostDevice;
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i]!;
    if (typeof x === "number") continue;
    if (!(x instanceof Tensor)) return bindAt(level, primitive, inputs.map((y) => asValue(primitive.name, y)), attrs);
    if (x.trace === null) {
      if (x.device !== hostDevice) device = commonDevice(primitive, device, x.device);
    } else top = innermost(top, x.trace);
  }
  if (top === null) return device.evaluate(primitive, inputs, attrs);
  checkVisible(primitive.name, level, top);
  return top.process(primitive, inputs, attrs);
}

/** What stands in for tensors that a function captured, innermost first: the implicit form of `gradient`, which nests. */
interface StandIns {
  readonly others: ReadonlyMap<Value, Value>;
  readonly outer: StandIns | null;
}

let standIns: StandIns | null = null;

/** Runs `f` with others in the place of captured tensors, which are told apart by identity. */
export function withStandIns<R>(others: ReadonlyMap<Value, Value>, f: () => R): R {
  const outer = standIns;
  standIns = { others, outer };
  try {
    return f();
  } finally {
    standIns = outer;
  }
}

/**
 * What stands in for x as seen from `level`: below a tracer's trace that is what stood in for it outside, or x itself.
 * @throws UnsupportedError where x was captured by a function that runs `apart`: it would silently be a constant.
 */
export function standIn(who: string, x: Value, level: Trace | null = current): Value {
  const depth = level?.depth ?? 0;
  let captured = false;
  for (let at = standIns; at !== null; at = at.outer) {
    captured ||= alone !== null && alone.level === level && alone.standIns === at;
    const other = at.others.get(x);
    if (other === undefined) continue;
    if (typeof other === "number" || other.trace === null || other.trace.depth <= depth) return other;
    if (captured) checkVisible(who, level, other.trace);
  }
  return x;
}

/** Where a function runs that may capture nothing traced, and what stood in for tensors when it was called. */
let alone: { readonly level: Trace | null; readonly standIns: StandIns | null } | null = null;

/** Runs f where tensors that it captured, and for which others stand in outside, are refused. */
export function apart<R>(f: () => R): R {
  const before = alone;
  alone = { level: current, standIns };
  try {
    return f();
  } finally {
    alone = before;
  }
}

/** Whether something stands in for x, be it as seen from here or from elsewhere. */
export function hasStandIn(x: Value): x is Tensor {
  for (let at = standIns; at !== null; at = at.outer) if (at.others.has(x)) return true;
  return false;
}

/** The trace that interprets operations on these values here, if any watches them. */
export function watching(who: string, xs: readonly Value[]): Trace | null {
  let top: Trace | null = null;
  for (const x of xs) if (typeof x !== "number" && x.trace !== null) top = innermost(top, x.trace);
  if (top !== null) checkVisible(who, current, top);
  return top;
}

/** The deeper trace; one that has finished comes first, to be refused. */
function innermost(top: Trace | null, other: Trace): Trace {
  if (top === null || !other.live) return other;
  return top.live && other.depth > top.depth ? other : top;
}

/** @throws AutodiffError for a tracer whose trace has finished: it carries no derivative of anything any more. */
export function requireLive<T extends Value>(who: string, x: T): T {
  if (typeof x !== "number" && x.trace !== null && !x.trace.live) checkVisible(who, current, x.trace);
  return x;
}

function checkVisible(who: string, level: Trace | null, { live, depth, kind }: Trace): void {
  if (live && depth <= (level?.depth ?? 0)) return;
  if (live) {
    throw new UnsupportedError(
      `${who}: a value traced by ${kind} was captured by a function that runs outside of that trace (a derivative rule, ` +
        "customRule(), checkpoint(), or under an engine that needs concrete values). Pass it as an argument instead.",
    );
  }
  throw new AutodiffError(
    `${who}: a value traced by ${kind} was used after that had finished. Return it from the function (withgradient ` +
      "passes extra results through) instead of keeping it in an outer variable.",
  );
}

function commonDevice(primitive: AnyPrimitive, a: Device, b: Device): Device {
  if (a === hostDevice || a === b) return b;
  throw new AutodiffError(
    `${primitive.name}: operands live on two devices, ${a.name} and ${b.name}. Move one with toDevice(x, device).`,
  );
}
