import {
  add,
  any,
  applyMap,
  batched,
  below,
  bindAt,
  broadcastLike,
  equal,
  isFloat,
  isNaN,
  logicalAnd,
  stack,
  Trace,
  Tracer,
  unstack,
  UnsupportedError,
  where,
  withTrace,
  type AnyPrimitive,
  type Output,
  type Pushforward,
  type Value,
} from "@polyad/core/extend";

/** Carries a tangent beside each watched value. */
class ForwardTrace extends Trace {
  readonly kind = "forward";

  process(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Output {
    const primals = inputs.map((x) => (this.watches(x) ? x.primal : x));
    const out = bindAt(this.parent, primitive, primals, attrs);
    if (primitive.constant) return out;
    if (!primitive.jvp) throw noRule(primitive);
    if (!Array.isArray(out) && !carriesDerivative(out as Value)) {
      primitive.infer(inputs, attrs); // refuses an int tensor with a traced number, whose derivative would be lost
      return out;
    }
    return below(this, () => {
      const maps = primitive.jvp!(out, primals, attrs);
      let tangent: Output | undefined;
      inputs.forEach((x, i) => {
        if (!this.watches(x)) return;
        const whole = applyMap(primitive, "jvp", maps, i, inputs.length, x.tangent);
        const part = primitive.singular && whole !== undefined ? keepZeros(whole as Value, x.tangent) : whole;
        if (part !== undefined) tangent = tangent === undefined ? part : plus(tangent, part);
      });
      if (tangent === undefined) return out;
      if (!Array.isArray(out)) return this.dual(out as Value, tangent as Value);
      return out.map((y: Value, k) => this.dual(y, (tangent as readonly Value[])[k]!));
    });
  }

  watches(x: Value): x is Dual {
    return x instanceof Dual && x.trace === this;
  }

  dual(primal: Value, tangent: Value): Value {
    return carriesDerivative(primal) ? new Dual(this, primal, tangent) : primal;
  }
}

/** x + ε·dx */
class Dual extends Tracer {
  constructor(
    readonly trace: ForwardTrace,
    readonly primal: Value,
    readonly tangent: Value,
  ) {
    super();
  }
}

function carriesDerivative(x: Value): boolean {
  return typeof x === "number" || isFloat(x.dtype);
}

function plus(a: Output, b: Output): Output {
  return Array.isArray(a) ? a.map((x: Value, k) => add(x, (b as readonly Value[])[k]!)) : add(a as Value, b as Value);
}

/** A zero tangent gives zero, also where the derivative is infinite: 0·∞ would be NaN. */
function keepZeros(part: Value, dx: Value): Value {
  if (typeof part === "number") return part !== part && dx === 0 ? 0 : part;
  return mayHoldNaN(part) ? where(logicalAnd(isNaN(part), equal(dx, 0)), 0, part) : part;
}

/** Reads what can be read now; a value that is only being captured may hold anything. */
function mayHoldNaN(x: Value): boolean {
  if (typeof x === "number") return x !== x;
  if (x instanceof Tracer) return x.trace.kind === "capture" || mayHoldNaN(x.primal);
  return x.device.reads === "async" || any(isNaN(x)).item() === 1;
}

function noRule({ name }: AnyPrimitive): UnsupportedError {
  return new UnsupportedError(
    `forward: the primitive ${name} has no jvp rule. Give definePrimitive() or customRule() one, use an engine of reverse mode, or stopGradient() its operands.`,
  );
}

type Flat = (xs: readonly Value[]) => readonly Value[];

/** y = f(x) and J·dx for each tangent; several tangents travel as one batch. */
export function pushforward(f: Flat, xs: readonly Value[], tangents: readonly (readonly (Value | undefined)[])[]): Pushforward {
  const [only] = tangents;
  if (only === undefined) return { ys: f(xs), tangents: [] };
  if (tangents.length === 1) {
    const { ys, dys } = single(f, xs, only);
    return { ys, tangents: [dys] };
  }
  const active = xs.map((_, i) => i).filter((i) => tangents.some((t) => t[i] !== undefined));
  if (active.length === 0) {
    const { ys, dys } = single(f, xs, []);
    return { ys, tangents: tangents.map(() => dys) };
  }
  const seeds = active.map((i) => stack(tangents.map((t) => broadcastLike(t[i] ?? 0, xs[i]!))));
  const numbers = active.map((i) => typeof xs[i] === "number" || xs[i]!.weak);
  let ys: readonly Value[] = [];
  let present: readonly (Value | undefined)[] = [];
  const stacked = batched(
    (dxs) => {
      const seed = xs.map((_, i) => (active.includes(i) ? dxs[active.indexOf(i)] : undefined));
      const result = single(f, xs, seed);
      ys = result.ys;
      present = result.dys;
      return result.dys.filter((dy) => dy !== undefined);
    },
    seeds,
    numbers,
  );
  let at = 0;
  const columns = present.map((dy, i) => (dy === undefined ? undefined : unstack(stacked[at++]!, ys[i]!)));
  return { ys, tangents: tangents.map((_, k) => columns.map((c) => c?.[k])) };
}

/** One tangent: no batch. */
function single(f: Flat, xs: readonly Value[], dxs: readonly (Value | undefined)[]): { ys: readonly Value[]; dys: readonly (Value | undefined)[] } {
  return withTrace(
    () => new ForwardTrace(),
    (trace) => {
      const ys = f(xs.map((x, i) => (dxs[i] === undefined ? x : trace.dual(x, dxs[i]))));
      return {
        ys: ys.map((y) => (trace.watches(y) ? y.primal : y)),
        dys: ys.map((y) => (trace.watches(y) ? y.tangent : undefined)),
      };
    },
  );
}
