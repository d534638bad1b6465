import { asValue, type Operand } from "./convert.js";
import { AutodiffError, ShapeError } from "./errors.js";
import { capture } from "./graph/capture.js";
import { isVariable } from "./graph/graph.js";
import { outside } from "./graph/outside.js";
import { definePrimitive, type AnyPrimitive, type Aval, type CotangentMaps, type Primitive, type TangentMaps } from "./primitive.js";
import { sameShape, showShape } from "./shape.js";
import { describe, kindOf, shapeOf, Tensor, type Value } from "./tensor.js";
import { bind } from "./trace.js";

/** The derivative of a function, given by hand: one linear map per argument, `null` where there is none. */
export interface CustomRules<In extends readonly Value[], R extends Value = Value> {
  /** Maps from an argument's tangent to the result's, for engines of forward mode. */
  jvp?(out: R, inputs: In): TangentMaps<In, R>;
  /** Maps from the result's cotangent to an argument's, for engines of reverse mode. */
  vjp?(out: R, inputs: In): CotangentMaps<In, R>;
}

/**
 * f with a derivative of your own, in every engine that works by rules: for one that is more accurate or cheaper than
 * the composite's, or deliberately another, as for a straight-through estimator. An engine whose rule is missing
 * refuses; one that samples, as finite differences do, sees f alone. Rules are written in ops, which can be differentiated
 * again: what they read by `item()` or `toArray()` is a constant to derivatives of higher order.
 *
 * @throws UnsupportedError when an engine needs the rule that was not given; ShapeError for a map whose result is not of the
 *   shape that it belongs to.
 * @example
 * const straight = customRule((x: Value) => round(x), { jvp: () => [(dx) => dx], vjp: () => [(ct) => ct] });
 * straight(1.7) // 2
 */
export function customRule<In extends readonly Value[], R extends Value>(
  f: (...xs: In) => R,
  rules: CustomRules<In, R>,
): (...xs: { [K in keyof In]: In[K] | Extract<Operand, In[K]> }) => R {
  if (typeof f !== "function" || typeof rules !== "object" || rules === null) {
    throw new AutodiffError(`customRule: expected a function and its rules, customRule(f, { jvp, vjp }), got ${describe(f)} and ${describe(rules)}.`);
  }
  const name = f.name === "" ? "customRule" : f.name;
  // Outside of every trace, so that a traced value which f captured, and which no rule knows of, is an error.
  const run = (inputs: In): R => outside(name, null, (xs) => [scalarOrTensor(f(...(xs as In)))], inputs)[0] as R;
  const scalarOrTensor = (y: unknown): Value => {
    if (typeof y === "number" || y instanceof Tensor) return y;
    throw new AutodiffError(`${name}: a function with customRule() must return a number or a Tensor, got ${describe(y)}.`);
  };
  const primitive: Primitive<(...xs: Value[]) => R> = definePrimitive<In, R, null, (...xs: Value[]) => R>({
    name,
    shape: (inputs) => result(inputs).shape as never,
    evaluate: (inputs) => run(inputs as readonly Value[] as In),
    composite: (inputs) => f(...inputs),
    ...(rules.jvp && { jvp: (out, inputs) => checked("jvp", rules.jvp!(out, inputs), () => out) }),
    ...(rules.vjp && { vjp: (out, inputs) => checked("vjp", rules.vjp!(out, inputs), (i) => inputs[i]!) }),
  });
  /** Maps that refuse to give anything of another shape: it might broadcast, and be wrong in silence. */
  function checked(rule: "jvp" | "vjp", maps: TangentMaps<In, R> | CotangentMaps<In, R>, like: (i: number) => Value): never {
    if (!Array.isArray(maps)) throw new AutodiffError(`${name}: its ${rule} rule must return an array with one map per operand, or null where there is no derivative, got ${describe(maps)}.`);
    const given: readonly (((d: Value) => Value) | null)[] = maps;
    return given.map((map, i) => map && ((d: Value) => {
      const part = map(d);
      const [got, expected] = [part === undefined ? [] : shapeOf(part), shapeOf(like(i))];
      if (sameShape(got, expected)) return part;
      const whose = rule === "jvp" ? "the result's" : `operand ${i}'s`;
      throw new ShapeError(`${name}: the map of operand ${i} in its ${rule} rule gave shape ${showShape(got)}, and ${whose} is ${showShape(expected)}.`);
    })) as never;
  }
  const result = (inputs: readonly Value[]): Aval => {
    const avals = inputs.map((x) => ({ shape: shapeOf(x), dtype: typeof x === "number" ? ("float64" as const) : x.dtype, weak: kindOf(x) === "number" }));
    const [y] = capture((xs) => [scalarOrTensor(f(...(xs as In)))], avals).outputs;
    if (isVariable(y!)) return y;
    return { shape: shapeOf(y!), dtype: typeof y === "number" ? "float64" : y!.dtype, weak: kindOf(y!) === "number" };
  };
  const known: AnyPrimitive = Object.assign(primitive, { infer: (inputs: readonly Value[]) => result(inputs) });
  return (...xs) => bind(known, xs.map((x) => asValue(name, x)), null) as R;
}
