import { add, applyMap, bindAt, below, Trace, Tracer, UnsupportedError, withTrace, type AnyPrimitive, type Output, type Value } from "@polyad/core/extend";

/** Carries a tangent beside each value, by core's rules: an engine of the suite's own, around the one that is held to it. */
class OuterTrace extends Trace {
  readonly kind = "outer";

  process(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Output {
    const primals = inputs.map((x) => (this.watches(x) ? x.primal : x));
    const out = bindAt(this.parent, primitive, primals, attrs);
    if (primitive.constant) return out;
    if (Array.isArray(out) || primitive.jvp === undefined) throw new UnsupportedError(`the suite's outer derivative does without ${primitive.name}.`);
    return below(this, () => {
      const maps = primitive.jvp!(out, primals, attrs);
      const parts = inputs.flatMap((x, i) => (this.watches(x) ? [applyMap(primitive, "jvp", maps, i, inputs.length, x.tangent)] : []));
      const tangent = (parts as (Value | undefined)[]).reduce((a, b) => (a === undefined || b === undefined ? (a ?? b) : add(a, b)), undefined);
      return tangent === undefined ? out : new Dual(this, out as Value, tangent);
    });
  }

  watches(x: Value): x is Dual {
    return x instanceof Dual && x.trace === this;
  }
}

class Dual extends Tracer {
  constructor(
    readonly trace: OuterTrace,
    readonly primal: Value,
    readonly tangent: Value,
  ) {
    super();
  }
}

/** J·dx of a function of one value, 0 where it does not depend on it. */
export function outerDerivative(f: (x: Value) => Value, x: Value, dx: Value): Value {
  return withTrace(
    () => new OuterTrace(),
    (trace) => {
      const y = f(new Dual(trace, x, dx));
      return trace.watches(y) ? y.tangent : 0;
    },
  );
}
