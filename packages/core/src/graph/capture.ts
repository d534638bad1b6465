import type { TypedArray, DType } from "../dtype.js";
import type { Device } from "../device.js";
import { AutodiffError } from "../errors.js";
import type { AnyPrimitive, Aval, Output } from "../primitive.js";
import type { Shape } from "../shape.js";
import { hostDevice, type Tensor, type Value } from "../tensor.js";
import { Trace, Tracer, withTrace } from "../trace.js";
import type { Equation, FlatGraph, GraphValue, Variable } from "./graph.js";

/** Writes primitives down without computing anything: values are known by shape and dtype only. */
class CaptureTrace extends Trace {
  readonly kind = "capture";
  readonly equations: Equation[] = [];
  private count = 0;

  process(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown): Output {
    const avals = primitive.infer(inputs, attrs);
    const results = (Array.isArray(avals) ? avals : [avals]).map((aval: Aval) => this.variable(aval));
    this.equations.push({ primitive, attrs, inputs: inputs.map((x) => this.operand(x)), outputs: results.map((r) => r.variable) });
    return Array.isArray(avals) ? results : results[0]!;
  }

  /** A value as an operand of an equation: a variable, or a constant that was captured. */
  operand(x: Value): GraphValue {
    return x instanceof CaptureTracer && x.trace === this ? x.variable : x;
  }

  variable({ shape, dtype, weak }: Aval): CaptureTracer {
    return new CaptureTracer(this, { id: this.count++, shape, dtype, weak });
  }
}

class CaptureTracer extends Tracer {
  constructor(
    readonly trace: CaptureTrace,
    readonly variable: Variable,
  ) {
    super();
  }

  get primal(): Tensor {
    throw this.unknown();
  }

  override get weak(): boolean {
    return this.variable.weak;
  }

  override get shape(): Shape {
    return this.variable.shape;
  }

  override get dtype(): DType {
    return this.variable.dtype;
  }

  override get device(): Device {
    return hostDevice;
  }

  override dataSync(): TypedArray {
    throw this.unknown();
  }

  override data(): Promise<TypedArray> {
    return Promise.reject(this.unknown());
  }

  private unknown(): AutodiffError {
    return new AutodiffError(
      "A value was read while a graph was being captured, when only shapes and dtypes are known. Choose by value with " +
        "where(condition, a, b), or use an eager engine (AutoTape, AutoForward), where reading works.",
    );
  }
}

/** The program that `f` runs on values of these shapes and dtypes. */
export function capture(f: (xs: readonly Value[]) => readonly Value[], avals: readonly Aval[]): FlatGraph {
  return withTrace(
    () => new CaptureTrace(),
    (trace) => {
      const inputs = avals.map((aval) => trace.variable(aval));
      const outputs = f(inputs).map((y) => trace.operand(y));
      return { inputs: inputs.map((x) => x.variable), equations: trace.equations, outputs };
    },
  );
}
