import { AutodiffError, UnsupportedError } from "./errors.js";
import { stack } from "./ops/stack.js";
import type { AnyPrimitive, Aval, Output } from "./primitive.js";
import { broadcastTo } from "./primitives/broadcastTo.js";
import { cast } from "./primitives/cast.js";
import { slice } from "./primitives/slice.js";
import type { TypedArray } from "./dtype.js";
import type { Shape } from "./shape.js";
import { kindOf, shapeOf, type Tensor, type Value } from "./tensor.js";
import { below, Trace, Tracer, withTrace, bind } from "./trace.js";

/**
 * Runs a function over a batch at once: each value stands for `size` values, stacked along a leading axis that only
 * this trace sees.
 */
class BatchTrace extends Trace {
  readonly kind = "vmap";

  constructor(readonly size: number) {
    super();
  }

  process(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Output {
    const logical = primitive.infer(inputs, attrs);
    const batched = inputs.map((x) => this.watches(x));
    return below(this, () => {
      const stacked = inputs.map((x) => (this.watches(x) ? x.stacked : x));
      const out = primitive.batch?.(stacked, batched, attrs, this.size) ?? this.loop(primitive, stacked, batched, inputs, attrs);
      return Array.isArray(logical)
        ? logical.map((aval, i) => this.wrap((out as readonly Tensor[])[i]!, aval))
        : this.wrap(out as Tensor, logical as Aval);
    });
  }

  watches(x: Value): x is BatchTracer {
    return x instanceof BatchTracer && x.trace === this;
  }

  /** Batched numbers are stacked as float64, which promotes what they meet: the result is cast back to what it stands for. */
  wrap(stacked: Tensor, { dtype, weak }: Pick<Aval, "dtype" | "weak">): BatchTracer {
    return new BatchTracer(this, stacked.dtype === dtype ? stacked : cast(stacked, dtype), weak);
  }

  /** The derived rule: one call per entry of the batch. */
  private loop(primitive: AnyPrimitive, stacked: readonly Value[], batched: readonly boolean[], inputs: readonly Value[], attrs: unknown): Output {
    const entries = Array.from({ length: this.size }, (_, b) => {
      const xs = stacked.map((x, i) => {
        if (!batched[i]) return x;
        const entry = slice(x as Tensor, b);
        return kindOf(inputs[i]!) === "number" ? cast(entry, "number") : entry;
      });
      return bind(primitive, xs, attrs);
    });
    const first = entries[0]!;
    return Array.isArray(first)
      ? first.map((_, k) => stack(entries.map((e) => (e as readonly Value[])[k]!)))
      : stack(entries as readonly Value[]);
  }
}

class BatchTracer extends Tracer {
  constructor(
    readonly trace: BatchTrace,
    /** All entries, along a leading axis. */
    readonly stacked: Tensor,
    private readonly isNumber: boolean,
  ) {
    super();
  }

  get primal(): Value {
    return this.stacked;
  }

  override get weak(): boolean {
    return this.isNumber;
  }

  override get shape(): Shape {
    return this.stacked.shape.slice(1);
  }

  override dataSync(): TypedArray {
    throw new UnsupportedError("A batched value has one value per entry of the batch and cannot be read inside it. Use where() to choose by value.");
  }

  override data(): Promise<TypedArray> {
    return Promise.reject(new UnsupportedError("A batched value cannot be read inside the batch."));
  }
}

/**
 * Maps a function over the leading axis of its arguments, all at once, and stacks the results. A scalar entry acts as
 * a number where `numbers[i]` says so.
 */
export function batched(f: (xs: readonly Value[]) => readonly Value[], stacked: readonly Tensor[], numbers: readonly boolean[]): Tensor[] {
  const size = stacked[0]?.shape[0];
  if (size === undefined) throw new AutodiffError("batched: expected at least one argument with a leading axis.");
  return withTrace(
    () => new BatchTrace(size),
    (trace) => {
      const ys = f(stacked.map((x, i) => trace.wrap(x, { dtype: x.dtype, weak: numbers[i] ?? false })));
      return below(trace, () => ys.map((y) => (trace.watches(y) ? y.stacked : broadcastTo(y, [size, ...shapeOf(y)]))));
    },
  );
}
