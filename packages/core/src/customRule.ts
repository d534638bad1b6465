import { asValue, type Operand } from "./convert.js";
import { capture } from "./graph/capture.js";
import { isVariable } from "./graph/graph.js";
import { definePrimitive, type AnyPrimitive, type Aval, type CotangentMaps, type Primitive, type TangentMaps } from "./primitive.js";
import { kindOf, shapeOf, type Value } from "./tensor.js";
import { at, bind } from "./trace.js";

/** The derivative of a function, given by hand: one linear map per argument, `null` where there is none. */
export interface CustomRules<In extends readonly Value[]> {
  /** Maps from an argument's tangent to the result's, for engines of forward mode. */
  jvp?(out: Value, inputs: In): TangentMaps<In, Value>;
  /** Maps from the result's cotangent to an argument's, for engines of reverse mode. */
  vjp?(out: Value, inputs: In): CotangentMaps<In, Value>;
}

/**
 * f with a derivative of your own, in every engine: for one that is more accurate or cheaper than the composite's, or
 * deliberately another, as for a straight-through estimator. An engine whose rule is missing refuses.
 *
 * @throws UnsupportedError when an engine needs the rule that was not given.
 * @example
 * const straight = customRule((x: Value) => round(x), { jvp: () => [(dx) => dx], vjp: () => [(ct) => ct] });
 * straight(1.7) // 2
 */
export function customRule<In extends readonly Value[], R extends Value>(
  f: (...xs: In) => R,
  rules: CustomRules<In>,
): (...xs: { [K in keyof In]: In[K] | Extract<Operand, In[K]> }) => R {
  const name = f.name === "" ? "customRule" : f.name;
  // Outside of every trace, so that a traced value which f captured, and which no rule knows of, is an error.
  const run = (inputs: In): Value => at(null, () => f(...inputs));
  const primitive: Primitive<(...xs: Value[]) => Value> = definePrimitive<In, Value, null, (...xs: Value[]) => Value>({
    name,
    shape: (inputs) => result(inputs).shape as never,
    evaluate: (inputs) => run(inputs as readonly Value[] as In),
    composite: (inputs) => f(...inputs),
    ...rules,
  });
  const result = (inputs: readonly Value[]): Aval => {
    const avals = inputs.map((x) => ({ shape: shapeOf(x), dtype: typeof x === "number" ? ("float64" as const) : x.dtype, weak: kindOf(x) === "number" }));
    const [y] = capture((xs) => [f(...(xs as In))], avals).outputs;
    if (isVariable(y!)) return y;
    return { shape: shapeOf(y!), dtype: typeof y === "number" ? "float64" : y!.dtype, weak: kindOf(y!) === "number" };
  };
  const known: AnyPrimitive = Object.assign(primitive, { infer: (inputs: readonly Value[]) => result(inputs) });
  return (...xs) => bind(known, xs.map((x) => asValue(name, x)), null) as R;
}
