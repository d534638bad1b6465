import {
  at,
  bindAt,
  checkpointed,
  isFloat,
  Trace,
  Tracer,
  UnsupportedError,
  withTrace,
  type AnyPrimitive,
  type Output,
  type Pullback,
  type Value,
} from "@polyad/core/extend";
import { reverse } from "./reverse.js";

/** Records every primitive that touches a watched value. The tape is the list of what was recorded, in order. */
export class TapeTrace extends Trace {
  readonly kind = "tape";
  readonly tape: Entry[] = [];

  process(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Output {
    const out = bindAt(this.parent, primitive, this.lowerAll(inputs), attrs);
    if (primitive.constant) return out;
    if (!primitive.vjp) throw noRule(primitive);
    if (!Array.isArray(out)) {
      if (carriesDerivative(out as Value)) return this.record(out as Value, primitive, inputs, attrs);
      primitive.infer(inputs, attrs); // refuses an int tensor with a traced number, whose derivative would be lost
      return out;
    }
    const entry = new Several(out as readonly Value[], primitive, inputs, attrs, this.tape.length);
    this.tape.push(entry);
    return out.map((y: Value, k) => (carriesDerivative(y) ? new Selected(this, y, entry, k) : y));
  }

  /** Keeps arguments and results only; the backward pass runs f again, on a tape of its own. */
  override checkpoint(f: (xs: readonly Value[]) => Value[], xs: readonly Value[]): Value[] {
    const primals = this.lowerAll(xs);
    const ys = at(this.parent, () => checkpointed(f, primals));
    const entry = new Several(ys, recompute(f), xs, null, this.tape.length);
    this.tape.push(entry);
    return ys.map((y, k) => (carriesDerivative(y) ? new Selected(this, y, entry, k) : y));
  }

  /** The value one level down. */
  lower(x: Value): Value {
    return x instanceof TapeTracer && x.trace === this ? x.primal : x;
  }

  /** The values one level down. A loop: this is half of what recording costs. */
  lowerAll(xs: readonly Value[]): Value[] {
    const primals = new Array<Value>(xs.length);
    for (let i = 0; i < xs.length; i++) primals[i] = this.lower(xs[i]!);
    return primals;
  }

  /** A watched input. */
  input(x: Value): TapeTracer {
    return this.record(x, null, [], null);
  }

  private record(out: Value, primitive: AnyPrimitive | null, inputs: readonly Value[], attrs: unknown): Recorded {
    const tracer = new Recorded(this, out, primitive, inputs, attrs, this.tape.length);
    this.tape.push(tracer);
    return tracer;
  }
}

type Rule = Pick<AnyPrimitive, "name" | "vjp">;

/** What the tape holds of one application of a primitive; inputs have no primitive. */
export interface Entry {
  readonly out: Output;
  readonly primitive: Rule | null;
  readonly inputs: readonly Value[];
  readonly attrs: unknown;
  readonly index: number;
}

/** A value on a tape. */
export abstract class TapeTracer extends Tracer {
  constructor(
    readonly trace: TapeTrace,
    readonly primal: Value,
  ) {
    super();
  }

  /** Where its derivative is gathered: the tape's entry, and which of its outputs. */
  abstract readonly index: number;
  abstract readonly output: number;
}

/** The only output of an entry is its own entry: a scalar program pays for one object an operation. */
class Recorded extends TapeTracer implements Entry {
  constructor(
    trace: TapeTrace,
    primal: Value,
    readonly primitive: AnyPrimitive | null,
    readonly inputs: readonly Value[],
    readonly attrs: unknown,
    readonly index: number,
  ) {
    super(trace, primal);
  }

  get out(): Value {
    return this.primal;
  }

  get output(): number {
    return -1;
  }
}

/** An entry with several outputs. */
class Several implements Entry {
  constructor(
    readonly out: readonly Value[],
    readonly primitive: Rule,
    readonly inputs: readonly Value[],
    readonly attrs: unknown,
    readonly index: number,
  ) {}
}

/** One output of such an entry. */
class Selected extends TapeTracer {
  constructor(
    trace: TapeTrace,
    primal: Value,
    readonly entry: Several,
    readonly output: number,
  ) {
    super(trace, primal);
  }

  get index(): number {
    return this.entry.index;
  }
}

/** A primitive whose pullback is f's. */
function recompute(f: (xs: readonly Value[]) => Value[]): Rule {
  return {
    name: "checkpoint",
    vjp: (_ys, xs) => {
      let grads: readonly (Value | undefined)[] | undefined;
      return xs.map((_, i) => (cts) => (grads ??= pullback(f, xs).pull(cts as readonly (Value | undefined)[]))[i]);
    },
  };
}

function carriesDerivative(x: Value): boolean {
  return typeof x === "number" || isFloat(x.dtype);
}

function noRule({ name }: AnyPrimitive): UnsupportedError {
  return new UnsupportedError(
    `tape: the primitive ${name} has no vjp rule. Give definePrimitive() or customRule() one, use an engine of forward mode, or stopGradient() its operands.`,
  );
}

/** y = f(x) and the map from cotangents of y to cotangents of x, which may be called any number of times. */
export function pullback(f: (xs: readonly Value[]) => readonly Value[], xs: readonly Value[]): Pullback {
  return withTrace(
    () => new TapeTrace(),
    (trace) => {
      const inputs = xs.map((x) => trace.input(x));
      const ys = f(inputs);
      let { tape } = trace;
      return {
        ys: ys.map((y) => trace.lower(y)),
        pull: (cts) => reverse(trace, tape, ys, cts).slice(0, inputs.length) as readonly (Value | undefined)[],
        dispose: () => {
          tape = [];
        },
      };
    },
  );
}
