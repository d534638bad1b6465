import * as p from "@polyad/core/extend";
import { broadcastLike, kindOf, Tracer, unbroadcast, type AnyPrimitive, type CorePrimitiveName, type Inputs, type Value } from "@polyad/core/extend";
import { meddled, type Base, type Mutant } from "./mutant.js";

const known: ReadonlySet<AnyPrimitive> = new Set<AnyPrimitive>(Object.values(p.corePrimitives));

/** An engine that has another rule for every primitive that is not core's. */
function foreign(base: Base, rules: (right: AnyPrimitive) => Rules): Mutant["make"] {
  return () => meddled(base, () => ({ primitive: (primitive) => (known.has(primitive) ? primitive : { ...primitive, name: primitive.name, ...rules(primitive) }) }));
}

/** A primitive's two rules, of which one may be left as it was. */
export type Rules = Partial<Pick<AnyPrimitive, "jvp" | "vjp">>;

/** An engine that has another rule for some primitives. */
export function ruled(base: Base, rules: Partial<Record<CorePrimitiveName, Rules | ((right: AnyPrimitive) => Rules)>>): Mutant["make"] {
  const substitutes = new Map<AnyPrimitive, AnyPrimitive>();
  for (const [name, change] of Object.entries(rules)) {
    const right: AnyPrimitive = p.corePrimitives[name as CorePrimitiveName];
    substitutes.set(right, { ...right, name, ...(typeof change === "function" ? change(right) : change) });
  }
  return () => meddled(base, () => ({ primitive: (primitive) => substitutes.get(primitive) ?? primitive }));
}

type Diagonal = ((v: Value) => Value) | null;

/** Both rules of an elementwise primitive, from its partial derivatives as core's own are made. */
export function elementwise(partials: (out: Value, xs: Inputs) => readonly Diagonal[]): Rules {
  return {
    jvp: (out, xs) => partials(out as Value, xs).map((map) => map && ((dx) => broadcastLike(map(dx), out as Value))),
    vjp: (out, xs) => partials(out as Value, xs).map((map, i) => map && ((ct) => unbroadcast(map(ct as Value), xs[i]!))),
  };
}

const { mul } = p;

/** Wrong rules of elementwise primitives. */
export const wrongRules: readonly Mutant[] = [
  {
    name: "sin′ = −cos",
    defect: "a wrong sign in the rule of sin",
    by: /scenarios: in ulps: sin, derivative 1/,
    make: ruled("tape", { sin: elementwise((_out, [x]) => [(v) => p.neg(mul(v, p.cos(x!)))]) }),
  },
  {
    name: "cos′ = sin, forward",
    defect: "a wrong sign in the rule of cos",
    by: /laws: pushforward = limit of differences: cos$/,
    make: ruled("forward", { cos: elementwise((_out, [x]) => [(v) => mul(v, p.sin(x!))]) }),
  },
  {
    name: "exp saves its output",
    defect: "exp keeps its result as a constant, as TensorFlow.js does: first order right, second wrong",
    by: /^(scenarios: (in ulps: exp, derivative 2|number → number: x eˣ.*: hvp)|laws: hvp = limit of differences of the gradient: exp)$/,
    make: ruled("tape", { exp: elementwise((out) => [(v) => mul(v, p.stopGradient(out))]) }),
  },
  {
    name: "tanh saves its output",
    defect: "tanh keeps its result as a constant: first order right, second wrong",
    by: /laws: hvp = limit of differences of the gradient: tanh$/,
    make: ruled("tape", { tanh: elementwise((out) => [(v) => mul(v, p.sub(1, p.square(p.stopGradient(out))))]) }),
  },
  {
    name: "sigmoid saves its output, forward",
    defect: "sigmoid keeps its result as a constant: first order right, second wrong",
    by: /laws: hvp = limit of differences of the gradient: sigmoid$/,
    make: ruled("forward", { sigmoid: elementwise((out) => [(v) => mul(v, mul(p.stopGradient(out), p.sub(1, p.stopGradient(out))))]) }),
  },
  {
    name: "a closed set of primitives",
    defect: "what goes through a primitive that is not core's has a gradient of zero",
    by: /scenarios: (customRule|definePrimitive): /,
    make: foreign("tape", () => ({ vjp: (_out, xs) => xs.map((x) => () => mul(0, x)) })),
  },
  {
    name: "the first result of others' primitives only",
    defect: "of the results of a primitive that is not core's, the cotangents of all but the first are dropped",
    by: /scenarios: definePrimitive: a square and a cube/,
    make: foreign("tape", ({ vjp }) => ({
      vjp: (out, xs, attrs) => vjp!(out, xs, attrs).map((map) => map && ((ct) => map(Array.isArray(ct) ? (ct as readonly unknown[]).map((c, i) => (i === 0 ? c : undefined)) as never : ct))),
    })),
  },
  {
    name: "rules of others ignored, forward",
    defect: "a primitive that is not core's is differentiated by what it computes, not by its rule",
    by: /scenarios: customRule: /,
    make: foreign("forward", ({ composite }) => ({
      jvp: (_out, xs, attrs) =>
        xs.map((x, i) => (dx) => p.pushforward((moving: Value) => composite!(xs.map((y, k) => (k === i ? moving : y)), attrs) as Value, p.AutoForward(), x, dx) as Value),
    })),
  },
  {
    name: "rules of others filled up",
    defect: "of a rule that gives too few maps, the missing ones are zeros",
    by: /errors: a rule with too few maps/,
    make: foreign("tape", ({ vjp }) => ({
      vjp: (out, xs, attrs) => {
        const maps = vjp!(out, xs, attrs);
        return xs.map((_, i) => maps[i] ?? null);
      },
    })),
  },
  {
    name: "max in float32",
    defect: "the derivative of a maximum along axes is twice as large in float32",
    by: /laws: (derivatives|hvp) in float32 .*: max$/,
    make: ruled("tape", {
      max: ({ vjp }) => ({ vjp: (out, xs, attrs) => vjp!(out, xs, attrs).map((map) => map && ((ct) => (kindOf(xs[0]!) === "float32" ? mul(2, map(ct)!) : map(ct)))) }),
    }),
  },
  {
    name: "relu by a mask",
    defect: "the cotangent times 0 or 1, so that 0·∞ is NaN where relu is flat",
    by: /scenarios: infinite slopes: relu/,
    make: ruled("tape", { relu: elementwise((_out, [x]) => [(v) => mul(v, p.where(p.greater(x!, 0), 1, 0))]) }),
  },
  {
    name: "relu′(0) = 1 inside of a derivative",
    defect: "the convention at the kink, where another derivative is being taken",
    by: /scenarios: points: relu, .*, inside of another derivative/,
    make: ruled("tape", { relu: elementwise((_out, [x]) => [(v) => p.where((x instanceof Tracer ? p.greaterEqual : p.greater)(x!, 0), v, 0)]) }),
  },
  {
    name: "relu′(0) = 1",
    defect: "the convention at the kink",
    by: /scenarios: points: relu/,
    make: ruled("tape", { relu: elementwise((_out, [x]) => [(v) => p.where(p.greaterEqual(x!, 0), v, 0)]) }),
  },
  {
    name: "abs′(0) = 1, forward",
    defect: "the convention at the kink",
    by: /scenarios: points: abs/,
    make: ruled("forward", { abs: elementwise((_out, [x]) => [(v) => p.where(p.greaterEqual(x!, 0), v, p.neg(v))]) }),
  },
  {
    name: "maximum gives a tie to the first",
    defect: "[1, 0] in the place of [½, ½]",
    by: /scenarios: points: maximum/,
    make: ruled("tape", {
      maximum: elementwise((_out, [x, y]) => [(v) => p.where(p.greaterEqual(x!, y!), v, 0), (v) => p.where(p.greater(y!, x!), v, 0)]),
    }),
  },
  {
    name: "clamp on the open interval",
    defect: "derivative 0 at the ends of the interval",
    by: /scenarios: points: clamp/,
    make: ruled("tape", {
      clamp: ({ vjp }) => ({
        vjp: (out, xs, attrs) => [
          (ct) => unbroadcast(p.where(p.logicalAnd(p.less(xs[1]!, xs[0]!), p.less(xs[0]!, xs[2]!)), ct as Value, 0), xs[0]!),
          ...vjp!(out, xs, attrs).slice(1),
        ],
      }),
    }),
  },
  {
    name: "pow by its own result",
    defect: "∂xʸ/∂x = y·xʸ/x, NaN at x = 0",
    by: /scenarios: (points: pow|x² at 0|.*x² )/,
    make: ruled("forward", {
      pow: elementwise((out, [x, y]) => [(v) => mul(v, mul(y!, p.div(out, x!))), (v) => mul(v, mul(out, p.log(p.where(p.equal(x!, 0), 1, x!))))]),
    }),
  },
  {
    name: "pow by a bare logarithm",
    defect: "∂xʸ/∂y = xʸ ln x, NaN at x = 0",
    by: /scenarios: points: pow/,
    make: ruled("tape", { pow: elementwise((out, [x, y]) => [(v) => mul(v, mul(y!, p.pow(x!, p.sub(y!, 1)))), (v) => mul(v, mul(out, p.log(x!)))]) }),
  },
  {
    name: "where gives both branches the derivative",
    defect: "the branch not chosen receives the whole cotangent",
    by: /scenarios: points: where/,
    make: ruled("tape", { where: elementwise(() => [null, (v) => v, (v) => v]) }),
  },
  {
    name: "where by a mask",
    defect: "the branch not chosen receives 0·∞, which is NaN, where the cotangent is infinite",
    by: /scenarios: activity: the branch not chosen/,
    make: ruled("tape", {
      where: elementwise((_out, [cond]) => [null, (v) => mul(v, p.cast(p.notEqual(cond!, 0), "float64")), (v) => mul(v, p.cast(p.equal(cond!, 0), "float64"))]),
    }),
  },
  {
    name: "mod of a quotient that was truncated",
    defect: "d mod(x, y)/dy by the quotient rounded towards 0: wrong only where x/y < 0",
    by: /scenarios: points: mod/,
    make: ruled("tape", {
      mod: elementwise((_out, [x, y]) => {
        const q = p.div(x!, y!);
        return [(v) => v, (v) => p.neg(mul(v, mul(p.sign(q), p.floor(p.abs(q)))))];
      }),
    }),
  },
  {
    name: "tanh′ = 1 − tanh²",
    defect: "loses all digits where tanh saturates",
    by: /scenarios: in ulps: tanh, derivative 1/,
    make: ruled("tape", { tanh: elementwise((out) => [(v) => mul(v, p.sub(1, p.square(out)))]) }),
  },
  {
    name: "sigmoid′ = σ (1 − σ)",
    defect: "loses all digits where the sigmoid saturates",
    by: /scenarios: in ulps: sigmoid, derivative 1/,
    make: ruled("forward", { sigmoid: elementwise((out) => [(v) => mul(v, mul(out, p.sub(1, out)))]) }),
  },
  {
    name: "log′ by a difference",
    defect: "a rule that is right to 10 digits only",
    by: /scenarios: in ulps: log, derivative 1/,
    make: ruled("forward", {
      log: elementwise((_out, [x]) => [(v) => mul(v, p.div(p.sub(p.log(mul(x!, 1 + 1e-5)), p.log(mul(x!, 1 - 1e-5))), mul(x!, 2e-5)))]),
    }),
  },
];
