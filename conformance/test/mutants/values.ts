import { add, cast, isFloat, kindOf, logicalOr, mul, sign, sin, sub, Tensor, type AnyPrimitive, type CorePrimitiveName, type Value, type Output, corePrimitives } from "@polyad/core/extend";
import { between } from "./between.js";
import { meddled, present, pulled, pushed, variant, type Base, type Mutant } from "./mutant.js";

/** An engine under which a primitive has another value. */
function valued(base: Base, name: CorePrimitiveName, change: (out: Value, inputs: readonly Value[]) => Value, everything = false): Mutant["make"] {
  const right: AnyPrimitive = corePrimitives[name];
  const wrong: AnyPrimitive = { ...right, name, evaluate: (inputs, attrs): Output => change(right.evaluate(inputs, attrs) as Value, inputs) };
  return () => meddled(base, () => ({ everything, primitive: (primitive) => (primitive === right ? wrong : primitive) }));
}

/** Rounded to float32, in the dtype that it has. */
function rounded(x: Value): Value {
  if (typeof x === "number") return Math.fround(x);
  return kindOf(x) === "float64" ? cast(cast(x, "float32"), "float64") : kindOf(x) === "number" ? cast(cast(cast(x, "float64"), "float32"), "number") : x;
}

/** Wrong values under tracing, and precision that is lost. */
export const wrongValues: readonly Mutant[] = [
  {
    name: "mod of integers under tracing",
    defect: "the remainder of traced integers has the sign of the dividend, as in C",
    by: /scenarios: activity: integers computed from x/,
    make: valued("tape", "mod", (out, [x, y]) => (kindOf(out) === "int32" ? truncated(out, x!, y!) : out), true),
  },
  {
    name: "mod under tracing",
    defect: "the remainder has the sign of the dividend, as in C",
    by: /^(laws: traced value = plain value: mod|scenarios: points: mod.*)$/,
    make: valued("forward", "mod", (out, [x, y]) => truncated(out, x!, y!)),
  },
  {
    name: "comparisons under tracing hold",
    defect: "x > 0 is true whatever x, as `if (x > 0)` is in jax-js",
    by: /^(laws: traced value = plain value: greater|scenarios: points: greater.*)$/,
    make: () => meddled("tape", () => ({ result: (out, { name }) => (name === "greater" ? logicalOr(out, 1) : out) })),
  },
  {
    name: "traced values read as positive",
    defect: "if (x.item() > 0) takes the true branch while tracing",
    by: /scenarios: activity: f branches on values/,
    make: () => meddled("tape", () => ({ reading: (data) => data.map(Math.abs) })),
  },
  {
    name: "traced values become numbers",
    defect: "x > 0 and +x read a traced value in silence, without its derivative",
    by: /errors: a traced value refuses to become a plain number/,
    make: () => meddled("tape", () => ({ coerces: true })),
  },
  {
    name: "a sine of float32 accuracy",
    defect: "sin is right to seven digits in float64",
    by: /^scenarios: (in ulps: sin,|number → number: sin x²)/,
    make: valued("tape", "sin", rounded),
  },
  {
    name: "a cosine that is wrong far out",
    defect: "cos of large arguments is reduced by a π of float64 only, in the derivative of sin",
    by: /scenarios: in ulps: sin, derivative 1/,
    make: () =>
      meddled("tape", () => ({
        primitive: (primitive) =>
          primitive === corePrimitives.sin
            ? { ...primitive, name: "sin", vjp: (_out, [x]) => [(ct) => mul(ct as Value, sin(sub(Math.PI / 2, x!)))] }
            : primitive,
      })),
  },
  {
    name: "gradients of float32 accuracy",
    defect: "every gradient is rounded to float32",
    by: /scenarios: .*: gradient/,
    make: () => pulled((grads) => present(grads, rounded)),
  },
  {
    name: "tangents of eleven digits",
    defect: "every tangent is off by one part in 10¹¹",
    by: /scenarios: .*: (pushforward|gradient)/,
    make: () => pushed((right) => ({ ...right, tangents: right.tangents.map((t) => present(t, (dy) => mul(1 + 1e-11, dy))) })),
  },
  {
    name: "values in float32",
    defect: "the value beside the gradient is rounded to float32",
    by: /scenarios: .*: (withgradient|valueAnd)/,
    make: () => variant("tape", ({ pullback }) => ({ pullback: (f, xs, ad) => {
      const right = pullback!(f, xs, ad);
      return { ...right, ys: right.ys.map(rounded) };
    } })),
  },
  {
    name: "float32 promoted by numbers",
    defect: "a traced number promotes the float32 tensor that it meets",
    by: /laws: traced value = plain value: /,
    make: () =>
      meddled("tape", () => ({
        operand: (x, { tracer }) => (kindOf(tracer) === "number" && typeof x === "object" ? cast(x, "float64") : x),
      })),
  },
  {
    name: "numbers come back as tensors",
    defect: "a function of numbers has a scalar tensor as its value under tracing",
    by: /^(scenarios: number → .*: (withgradient|valueAnd)|laws: traced value)/,
    make: () => variant("tape", ({ pullback }) => ({ pullback: (f, xs, ad) => {
      const right = pullback!(f, xs, ad);
      return { ...right, ys: right.ys.map((y) => (typeof y === "number" ? cast(y, "float64") : y)) };
    } })),
  },
  {
    name: "integers come back as floats",
    defect: "auxiliary results of int32 are float64 under tracing",
    by: /^(scenarios: activity: auxiliary|laws: traced value = plain value: )/,
    make: () => variant("tape", ({ pullback }) => ({ pullback: (f, xs, ad) => {
      const right = pullback!(f, xs, ad);
      return { ...right, ys: right.ys.map((y) => (y instanceof Tensor && !isFloat(y.dtype) ? cast(y, "float64") : y)) };
    } })),
  },
  {
    name: "values of the point before",
    defect: "auxiliary results are those of the first call",
    by: /scenarios: .*: (withgradient|valueAnd)/,
    make: () => {
      const first = new Map<string, readonly Value[]>();
      return variant("tape", ({ pullback }) => ({ pullback: (f, xs, ad) => {
        const names: string[] = [];
        const right = pullback!(between(f, { result: (out, { name }) => (names.push(name), out) }), xs, ad);
        const key = `${names.join()} ${right.ys.map((y) => `${kindOf(y)} ${typeof y === "number" ? "" : y.shape.join()}`).join(";")}`;
        if (right.ys.some((y) => typeof y === "object" && y.trace !== null)) return right;
        if (!first.has(key)) first.set(key, right.ys);
        return { ...right, ys: first.get(key)! };
      } }));
    },
  },
];

/** The remainder with the sign of the dividend, from the one with the sign of the divisor. */
function truncated(out: Value, x: Value, y: Value): Value {
  const differs = mul(sign(out), sign(x));
  return add(out, mul(mul(0.5, sub(mul(differs, differs), differs)), mul(-1, y)));
}
