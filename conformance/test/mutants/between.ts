import { at, bindAt, Tensor, Trace, Tracer, withTrace, type AnyPrimitive, type FlatFunction, type Output, type TypedArray, type Value } from "@polyad/core/extend";

/** What may go wrong between a function and the engine under it. Values are as the engine sees them. */
export interface Interception {
  /** Another primitive in the place of one; operands are as the function sees them, the same value being the same object. */
  readonly primitive?: (primitive: AnyPrimitive, operands: readonly Value[], attrs: unknown) => AnyPrimitive;
  /** Another operand in the place of one. */
  readonly operand?: (x: Value, operand: { readonly tracer: Value; readonly captured: boolean; readonly inputs: readonly Value[] }) => Value;
  /** Another result in the place of one. */
  readonly result?: (out: Value, primitive: AnyPrimitive) => Value;
  /** What a traced value says when it is read. */
  readonly reading?: (data: TypedArray) => TypedArray;
  /** Whether a traced value becomes a plain number where JavaScript needs one. */
  readonly coerces?: boolean;
  /** Levels of the trace stack beyond the real ones. */
  readonly extraDepth?: number;
  /** Whether what no engine watches is traced, too: integers, comparisons. */
  readonly everything?: boolean;
}

/** f as the engine runs it: a trace of its own, directly above the engine's, sees every primitive before the engine does. */
export function between(f: FlatFunction, interception: Interception): FlatFunction {
  return (xs) =>
    withTrace(
      () => new Between(interception, xs),
      (trace) => f(xs.map((x) => trace.wrap(x))).map((y) => trace.lower(y)),
    );
}

/** Substitutes, which a trace further out must not substitute once more. */
const substitutes = new WeakSet<AnyPrimitive>();

class Between extends Trace {
  readonly kind = "mutant";
  override readonly depth: number;

  constructor(
    readonly how: Interception,
    readonly inputs: readonly Value[],
  ) {
    super();
    this.depth = (this.parent?.depth ?? 0) + 1 + (how.extraDepth ?? 0);
  }

  process(primitive: AnyPrimitive, operands: readonly Value[], attrs: unknown): Output {
    const { how, parent, inputs } = this;
    const chosen = substitutes.has(primitive) ? primitive : (how.primitive?.(primitive, operands, attrs) ?? primitive);
    if (chosen !== primitive) substitutes.add(chosen);
    return at(parent, () => {
      const below = operands.map((x) => {
        const captured = x instanceof Tracer && x.trace !== this;
        return how.operand?.(this.lower(x), { tracer: x, captured, inputs }) ?? this.lower(x);
      });
      const out = bindAt(parent, chosen, below, attrs);
      return Array.isArray(out) ? out.map((y: Value) => this.after(y, primitive)) : this.after(out as Value, primitive);
    });
  }

  private after(out: Value, primitive: AnyPrimitive): Value {
    return this.wrap(this.how.result?.(out, primitive) ?? out);
  }

  wrap(x: Value): Value {
    return this.how.everything === true || (x instanceof Tensor && x.trace !== null) ? new Seen(this, x) : x;
  }

  lower(x: Value): Value {
    return x instanceof Seen && x.trace === this ? x.primal : x;
  }
}

/** A value as the function sees it. */
class Seen extends Tracer {
  constructor(
    readonly trace: Between,
    readonly primal: Value,
  ) {
    super();
  }

  override dataSync(): TypedArray {
    const data = super.dataSync();
    return this.trace.how.reading?.(data) ?? data;
  }

  override [Symbol.toPrimitive](hint: string): string {
    return this.trace.how.coerces === true ? String(this.item()) : super[Symbol.toPrimitive](hint);
  }
}
