import {
  add,
  applyMap,
  AutodiffError,
  bindAt,
  broadcastLike,
  describe,
  isFloat,
  ShapeError,
  showShape,
  Tensor,
  tensor,
  zeros,
  type AnyPrimitive,
  type Cotangents,
  type Device,
  type DType,
  type Output,
  type Shape,
  type TypedArray,
  type Value,
} from "@polyad/core/extend";

/** One application of a primitive to tracked tensors; each result keeps its own, so that there is no global tape. */
interface Step {
  /** Steps are numbered in the order in which they ran. */
  readonly id: number;
  readonly primitive: AnyPrimitive;
  readonly attrs: unknown;
  readonly inputs: readonly Value[];
  /** The inputs' values at that time: parameters change. */
  readonly values: readonly Value[];
  readonly out: Output;
}

let steps = 0;

/** A tensor that remembers how it was computed. */
class Tracked extends Tensor {
  constructor(
    protected inner: Tensor,
    readonly step: Step | null,
    /** Which of the step's results this is. */
    readonly output: number,
  ) {
    super();
  }

  get value(): Value {
    return this.inner;
  }

  get shape(): Shape {
    return this.inner.shape;
  }

  get dtype(): DType {
    return this.inner.dtype;
  }

  get device(): Device {
    return recording;
  }

  get trace(): null {
    return null;
  }

  dataSync(): TypedArray {
    return this.inner.dataSync();
  }

  override data(): Promise<TypedArray> {
    return this.inner.data();
  }
}

/** A number that remembers how it was computed, as a derivative by a number does. */
class TrackedNumber extends Tracked {
  override get value(): number {
    return this.inner.item();
  }

  override get weak(): boolean {
    return true;
  }
}

/** A tensor whose gradient is stored beside it; see `param`. */
export class Param extends Tracked {
  private stored: Tensor | undefined;

  constructor(value: Tensor) {
    super(value, null, 0);
  }

  /** The gradient that `backward` has accumulated, zeros if none. */
  get grad(): Tensor {
    return this.stored ?? zeros(this.shape, this.dtype);
  }

  accumulate(ct: Tensor): void {
    this.stored = this.stored === undefined ? ct : add(this.stored, ct);
  }

  /** Adds `delta` to the value and clears the stored gradient. */
  update(delta: Value): this {
    const next = add(this.inner, untracked(delta));
    requireConcrete("update", next);
    if (next.dtype !== this.dtype || next.shape.length !== this.ndim || next.shape.some((n, i) => n !== this.shape[i])) {
      throw new ShapeError(`update: the delta must fit shape ${showShape(this.shape)} and dtype ${this.dtype}, got ${describe(delta)}.`);
    }
    this.inner = next;
    this.stored = undefined;
    return this;
  }
}

/** The device on which operations are recorded as they run. */
const recording: Device = {
  name: "recording",
  reads: "sync",
  recording: () => "later",
  put: (x) => x,
  evaluate: (primitive, inputs, attrs) => {
    const values = inputs.map(untracked);
    const out = bindAt(null, primitive, values, attrs);
    if (primitive.constant) return out;
    if (out instanceof Tensor && !isFloat(out.dtype)) {
      primitive.infer(inputs, attrs); // refuses an int tensor with a recorded number, whose derivative would be lost
      return out;
    }
    const step: Step = { id: steps++, primitive, attrs, inputs, values, out };
    const track = (y: Value, k: number): Value => {
      if (typeof y === "number") return new TrackedNumber(tensor(y), step, k);
      return isFloat(y.dtype) ? new Tracked(y, step, k) : y;
    };
    return Array.isArray(out) ? out.map(track) : track(out as Value, -1);
  },
};

/** A parameter outlives every trace. */
function requireConcrete(who: string, { trace }: Tensor): void {
  if (trace === null) return;
  throw new AutodiffError(`${who}: got a value that is being differentiated by ${trace.kind}, which a parameter cannot keep. Do it outside of the function.`);
}

function untracked(x: Value): Value {
  return x instanceof Tracked ? x.value : x;
}

/**
 * A tensor that records what is computed from it, in the manner of PyTorch and Tracker.jl: compute a loss, call
 * `backward(loss)`, read `grad(w)`, and step with `w.update(delta)`. What an operator returns of a function that captured
 * one is recorded, too, so that `backward` goes through it; `stopGradient(dx)` ends the record, as does reading.
 *
 * @throws AutodiffError for anything but a float tensor.
 * @example
 * const w = param(tensor([1, 2]));
 * backward(sum(square(w)));
 * grad(w).toArray() // [2, 4]
 */
export function param(x: Tensor): Param {
  if (!(x instanceof Tensor) || !isFloat(x.dtype)) {
    throw new AutodiffError(`param: expected a float tensor, got ${describe(x)}. Make one with tensor().`);
  }
  requireConcrete("param", x);
  return x instanceof Param ? x : new Param(x);
}

/**
 * The gradient that `backward` has accumulated for a parameter; zeros if none.
 *
 * @throws AutodiffError for what `param` did not make.
 * @example
 * grad(param(tensor([1, 2]))).toArray() // [0, 0]
 */
export function grad(w: Tensor): Tensor {
  if (w instanceof Param) return w.grad;
  throw new AutodiffError(`grad: expected a tensor made by param(), got ${describe(w)}.`);
}

/**
 * Adds ∂loss/∂w to the stored gradient of every parameter that the loss was computed from.
 *
 * @throws AutodiffError if the loss is not a tracked scalar.
 * @example
 * const w = param(tensor([1, 2]));
 * backward(sum(mul(w, 3)));
 * backward(sum(w));
 * grad(w).toArray() // [4, 4]
 */
export function backward(loss: Value): void {
  if (!(loss instanceof Tracked)) {
    throw new AutodiffError(`backward: expected a loss computed from param() tensors, got ${describe(loss)}.`);
  }
  if (loss.ndim !== 0) {
    throw new AutodiffError(`backward: expected a scalar loss, got shape ${showShape(loss.shape)}. Reduce with sum() or mean().`);
  }
  const cts = new Map<Step | Param, (Value | undefined)[]>();
  const give = (to: Value, ct: Value): void => {
    if (!(to instanceof Tracked)) return;
    const key = to.step ?? (to as Param);
    const slot = Math.max(to.output, 0);
    const seen = cts.get(key) ?? [];
    cts.set(key, seen);
    seen[slot] = seen[slot] === undefined ? ct : add(seen[slot], ct);
  };
  give(loss, broadcastLike(1, loss.value));
  for (const step of reachable(loss).sort((a, b) => b.id - a.id)) {
    const own = cts.get(step);
    if (own === undefined) continue;
    const { primitive, out, values, attrs, inputs } = step;
    if (!primitive.vjp) throw new AutodiffError(`backward: the primitive ${primitive.name} has no vjp rule.`);
    const maps = primitive.vjp(out, values, attrs);
    const ct: Cotangents = Array.isArray(out) ? Array.from(out, (_, k) => own[k]) : own[0]!;
    inputs.forEach((x, i) => {
      const contribution = x instanceof Tracked ? applyMap(primitive, "vjp", maps, i, inputs.length, ct) : undefined;
      if (contribution !== undefined) give(x, contribution);
    });
  }
  for (const [key, ct] of cts) if (key instanceof Param) key.accumulate(ct[0] as Tensor);
}

/** Every step that the loss depends on, without recursion: programs may be long. */
function reachable(loss: Tracked): Step[] {
  const found = new Set<Step>();
  const open = loss.step === null ? [] : [loss.step];
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    if (found.has(step)) continue;
    found.add(step);
    for (const x of step.inputs) if (x instanceof Tracked && x.step !== null) open.push(x.step);
  }
  return [...found];
}
