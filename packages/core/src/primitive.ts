import { allocate, floatOf, isFloat, promote, type DType } from "./dtype.js";
import { AutodiffError, UnsupportedError } from "./errors.js";
import { sizeOf, type Shape } from "./shape.js";
import { HostTensor, kindOf, type Tensor, type Value } from "./tensor.js";
import { bind } from "./trace.js";

/** The operands of a primitive, in order. */
export type Inputs = readonly Value[];

/** One value, or several. */
export type Output = Value | readonly Value[];

/** The operands as the host sees them. */
export type Hosted<In extends Inputs> = { readonly [K in keyof In]: In[K] extends Tensor ? HostTensor : number | HostTensor };

type PerOutput<Out, T> = Out extends readonly Value[] ? readonly T[] : T;

/** The cotangent of a result; of several results, some may be absent, which is zero. */
export type Cotangent<Out> = Out extends readonly Value[] ? { readonly [K in keyof Out]: Out[K] | undefined } : Out;

/** One linear map per operand, `null` where an operand carries no derivative. */
export type TangentMaps<In extends Inputs, Out> = { readonly [K in keyof In]: ((dx: In[K]) => Out) | null };
export type CotangentMaps<In extends Inputs, Out> = { readonly [K in keyof In]: ((ct: Cotangent<Out>) => In[K]) | null };

/**
 * How a result's dtype follows from the operands': the widest ("promote"), the widest but int32 for bool ("numeric"),
 * the widest but float64 for int and bool ("float"), or a fixed one. Numbers are weak: they decide only among themselves.
 */
export type DTypeRule = "promote" | "numeric" | "float" | DType;

/** A primitive: shape rule, host evaluation and derivative rules in one place. See CONTRIBUTING.md. */
export interface PrimitiveDefinition<In extends Inputs, Out extends Output, Attrs> {
  readonly name: string;
  /** Shape of each result. Throws a ShapeError that names the primitive. */
  shape(inputs: In, attrs: Attrs): PerOutput<Out, Shape>;
  /** dtype of each result; "promote" unless said. */
  readonly dtype?: PerOutput<Out, DTypeRule> | { (attrs: Attrs): DTypeRule };
  /** An operand that only decides, as the condition of `where`, and has no say in the result's dtype. */
  readonly decides?: number;
  /** Host evaluation into a fresh zeroed result of the inferred shape and dtype. */
  compute?(out: PerOutput<Out, HostTensor>, inputs: Hosted<In>, attrs: Attrs): void;
  /** Host evaluation that makes its own result: to share storage, or to give plain numbers. */
  evaluate?(inputs: Hosted<In>, attrs: Attrs): Out;
  /** The primitive in terms of others, for engines and devices that do not know it. */
  composite?(inputs: In, attrs: Attrs): Out;
  /** Forward rule at `inputs`: maps from an operand's tangent to the result's. */
  jvp?(out: Out, inputs: In, attrs: Attrs): TangentMaps<In, Out>;
  /** Reverse rule at `inputs`: maps from the result's cotangent to an operand's. */
  vjp?(out: Out, inputs: In, attrs: Attrs): CotangentMaps<In, Out>;
  /** Piecewise constant: the derivative is zero wherever there is one, and there are no rules. */
  readonly constant?: boolean;
  /** Number of operands, so that `xs.map(sin)` and `xs.reduce(add)` ignore what else JavaScript passes; any if absent. */
  readonly arity?: number;
  /** Broadcasts, and gives a plain number when all operands are plain numbers. */
  readonly elementwise?: boolean;
  /** Elementwise, and its derivative is infinite or NaN at some points, or overflows: forward mode sees to it that a zero tangent gives zero there. */
  readonly singular?: boolean;
  /** Whether the result stands for a plain number; else only an elementwise primitive of numbers gives one. */
  weak?(attrs: Attrs): boolean;
  /**
   * The primitive with a leading batch axis on every `batched` operand and on the result. Without a rule, or where
   * it gives null, a loop over the batch is derived.
   */
  batch?(inputs: In, batched: readonly boolean[], attrs: Attrs, size: number): Out | null;
  /** Attributes as graphs and messages print them; JSON unless said. */
  print?(attrs: Attrs): string;
}

/** Shape, dtype and weakness: what is known of a value before it is computed. */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Stands for a plain number. */
  readonly weak: boolean;
}

/** A primitive of whatever signature, as traces, devices and tables see it. */
export interface AnyPrimitive {
  readonly name: string;
  readonly constant: boolean;
  readonly elementwise: boolean;
  readonly singular: boolean;
  /** Number of operands, where it is fixed. */
  readonly arity?: number | undefined;
  infer(inputs: Inputs, attrs: unknown): Aval | readonly Aval[];
  evaluate(inputs: Inputs, attrs: unknown): Output;
  readonly composite: ((inputs: Inputs, attrs: unknown) => Output) | undefined;
  readonly jvp: ((out: Output, inputs: Inputs, attrs: unknown) => readonly (((dx: Value) => Output) | null)[]) | undefined;
  readonly vjp: ((out: Output, inputs: Inputs, attrs: unknown) => readonly (((ct: Cotangents) => Value | undefined) | null)[]) | undefined;
  readonly batch: ((inputs: Inputs, batched: readonly boolean[], attrs: unknown, size: number) => Output | null) | undefined;
  print(attrs: unknown): string;
}

/** The cotangent of one result, or of each of several. */
export type Cotangents = Value | readonly (Value | undefined)[];

/** A primitive is the op that its callers see, carrying its rules. */
export type Primitive<Op> = Op & AnyPrimitive;

/**
 * Defines a primitive. `parse` turns the public op's arguments into operands and attributes, or into the result where
 * there is nothing to do; without it every argument is an operand.
 *
 * @throws AutodiffError without a name or a shape rule.
 * @example
 * const cube = definePrimitive<[Value], Value, null, (x: Value) => Value>({
 *   name: "cube",
 *   elementwise: true,
 *   shape: ([x]) => shapeOf(x),
 *   composite: ([x]) => mul(x, square(x)),
 *   jvp: (_out, [x]) => [(dx) => mul(dx, mul(3, square(x)))],
 *   vjp: (_out, [x]) => [(ct) => mul(ct, mul(3, square(x)))],
 * });
 */
export function definePrimitive<In extends Inputs, Out extends Output, Attrs, Op extends (...args: never[]) => Output>(
  definition: PrimitiveDefinition<In, Out, Attrs> & { parse?(...args: Parameters<Op>): readonly [In, Attrs] | Value },
): Primitive<Op> {
  const { name, parse, arity } = definition;
  if (typeof name !== "string" || typeof definition.shape !== "function") {
    throw new AutodiffError(`definePrimitive: expected { name, shape, … }, with shape(inputs, attrs) giving the shape of each result; ${name ? `${name} lacks that` : "there is no name"}.`);
  }
  const rules = erase(definition);
  // Named by its key: to redefine `name` would make V8 look up every other property of the function in a dictionary.
  const { [name]: call } = parse
    ? {
        [name]: (...args: Parameters<Op>): Output => {
          const parsed = parse(...args);
          return Array.isArray(parsed) ? bind(primitive, parsed[0] as In, parsed[1]) : (parsed as Value);
        },
      }
    : { [name]: (...inputs: Value[]): Output => bind(primitive, arity === undefined ? inputs : operands(inputs, arity), null) };
  const primitive = Object.assign(call!, rules) as Function as Primitive<Op>;
  return primitive;
}

/** The first `count` arguments; one that is missing is left for `bind` to refuse. */
function operands(args: readonly Value[], count: number): readonly Value[] {
  return args.length === count ? args : Array.from({ length: count }, (_, i) => args[i]!);
}

/** The one place where operand and attribute types are forgotten: from here on `name` says what they were. */
function erase<In extends Inputs, Out extends Output, Attrs>(typed: PrimitiveDefinition<In, Out, Attrs>): Omit<AnyPrimitive, "name"> {
  const d = typed as PrimitiveDefinition<Inputs, Output, unknown>;
  const { name, elementwise = false } = d;

  const infer = (inputs: Inputs, attrs: unknown): Aval | readonly Aval[] => {
    const shapes = d.shape(inputs, attrs) as Shape | readonly Shape[];
    const rules = typeof d.dtype === "function" ? d.dtype(attrs) : (d.dtype ?? "promote");
    const deciding = d.decides === undefined ? inputs : inputs.filter((_, i) => i !== d.decides);
    const aval = (shape: Shape, rule: DTypeRule): Aval => {
      const numbers = elementwise && inputs.every((x) => kindOf(x) === "number");
      const dtype = numbers ? null : inferDType(name, deciding, rule);
      return { shape, dtype: dtype ?? "float64", weak: d.weak?.(attrs) ?? numbers };
    };
    if (typeof rules === "string") return aval(shapes as Shape, rules);
    return rules.map((rule, i) => aval((shapes as readonly Shape[])[i]!, rule));
  };

  const evaluate = (inputs: Inputs, attrs: unknown): Output => {
    if (d.evaluate) return d.evaluate(inputs as Hosted<Inputs>, attrs);
    if (!d.compute) {
      if (d.composite) return d.composite(inputs, attrs);
      throw new UnsupportedError(`${name}: has no evaluation. Give definePrimitive() a compute, evaluate or composite.`);
    }
    const out = allocateResult({ infer }, inputs, attrs);
    d.compute(out, inputs as Hosted<Inputs>, attrs);
    const numbers = elementwise && !Array.isArray(out) && inputs.every((x) => typeof x === "number");
    return numbers ? (out as HostTensor).elements[0]! : out;
  };

  return {
    constant: d.constant ?? false,
    elementwise,
    singular: d.singular ?? false,
    arity: d.arity,
    infer,
    evaluate,
    composite: d.composite,
    jvp: d.jvp as AnyPrimitive["jvp"],
    vjp: d.vjp as AnyPrimitive["vjp"],
    batch: d.batch,
    print: d.print ?? ((attrs) => (attrs === null ? "" : JSON.stringify(attrs))),
  };
}

/**
 * What one operand adds to a result's tangent, or a cotangent to one operand's: its map of a rule's list, applied.
 * Absent where there is no derivative.
 *
 * @throws AutodiffError unless the rule gave one map, or null, per operand, and the map a value.
 */
export function applyMap<V extends Cotangents, R>(
  { name }: Pick<AnyPrimitive, "name">,
  rule: "jvp" | "vjp",
  maps: readonly (((v: V) => R | undefined) | null)[],
  i: number,
  count: number,
  v: V,
): R | undefined {
  const map = maps[i];
  if (map === null) return undefined;
  if (map === undefined || maps.length !== count) {
    throw new AutodiffError(`${name}: its ${rule} rule gave ${maps.length} maps for ${count} operands. Give one per operand: a linear map, or null where there is no derivative.`);
  }
  const part = map(v);
  if (part === undefined && !Array.isArray(v)) {
    throw new AutodiffError(`${name}: the map of operand ${i} in its ${rule} rule returned nothing. Return a value; a rule says null in place of a map where there is no derivative.`);
  }
  return part;
}

/** Zeroed host storage for what a primitive will return. */
export function allocateResult(primitive: Pick<AnyPrimitive, "infer">, inputs: Inputs, attrs: unknown): HostTensor | HostTensor[] {
  const avals = primitive.infer(inputs, attrs);
  return Array.isArray(avals) ? avals.map(empty) : empty(avals as Aval);
}

function empty({ shape, dtype }: Aval): HostTensor {
  return new HostTensor(shape, dtype, allocate(dtype, sizeOf(shape)));
}

/** The dtype of a result, null where only numbers decide. */
function inferDType(who: string, inputs: Inputs, rule: DTypeRule): DType | null {
  if (rule !== "promote" && rule !== "numeric" && rule !== "float") return rule;
  let dtype: DType | null = null;
  for (const x of inputs) {
    const kind = kindOf(x);
    if (kind !== "number") dtype = dtype === null ? kind : promote(dtype, kind);
  }
  if (dtype === null) return null;
  if (rule === "float") return floatOf(dtype);
  if (isFloat(dtype)) return dtype;
  return withNumbers(who, inputs, rule === "numeric" ? "int32" : dtype);
}

/** int32 with a whole number stays int32; anything else would be silently truncated. */
function withNumbers(who: string, inputs: Inputs, dtype: DType): DType {
  let result = dtype;
  for (const x of inputs) {
    if (kindOf(x) !== "number") continue;
    if (typeof x !== "number" || (x | 0) !== x) {
      const what = typeof x === "number" ? `the number ${x}` : "a traced number, which may not be whole";
      throw new AutodiffError(`${who}: ${dtype} tensor with ${what}: the result would be truncated. Use cast(x, "float64") first.`);
    }
    result = "int32";
  }
  return result;
}
