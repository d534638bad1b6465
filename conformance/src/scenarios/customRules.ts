import { add, customRule, definePrimitive, mul, round, shapeOf, square, sum, tensor, type Value } from "@polyad/core/extend";
import { problem, type Numbers, type Problem } from "../problem.js";

/** Rounded, with the derivative of the identity: the derivative of what it computes is 0. */
const straight = customRule((x: Value) => round(x), { jvp: () => [(dx) => dx], vjp: () => [(ct) => ct] });

/** x y, with three times the derivative by x, and none by y. */
const lopsided = customRule((x: Value, y: Value) => mul(x, y), {
  jvp: (_out, [, y]) => [(dx) => mul(3, mul(dx, y)), null],
  vjp: (_out, [, y]) => [(ct) => mul(3, mul(ct, y)), null],
});

/** x³: a primitive that no engine knows. */
const cube = definePrimitive<[Value], Value, null, (x: Value) => Value>({
  name: "the suite's cube",
  elementwise: true,
  shape: ([x]) => shapeOf(x),
  composite: ([x]) => mul(x, square(x)),
  jvp: (_out, [x]) => [(dx) => mul(3, mul(dx, square(x)))],
  vjp: (_out, [x]) => [(ct) => mul(3, mul(ct, square(x)))],
});

/** (x², x³): a primitive of two results. */
const powers = definePrimitive<[Value], [Value, Value], null, (x: Value) => [Value, Value]>({
  name: "the suite's powers",
  shape: ([x]) => [shapeOf(x), shapeOf(x)],
  composite: ([x]) => [square(x), mul(x, square(x))],
  jvp: (_out, [x]) => [(dx) => [mul(2, mul(dx, x)), mul(3, mul(dx, square(x)))]],
  vjp: (_out, [x]) => [
    (cts) => {
      const slopes = [() => mul(2, x), () => mul(3, square(x))];
      return cts.flatMap((ct, k) => (ct === undefined ? [] : [mul(ct, slopes[k]!())])).reduce((a, b) => add(a, b)); // not all of them are zero
    },
  ],
});

const weights: Numbers = [1, -0.5, 2];
const total = (x: Numbers): number => x.reduce((a, b) => a + b, 0);
const diagonal = (x: Numbers): Numbers[] => x.map((d, i) => x.map((_, j) => (i === j ? d : 0)));

/** Rules of the user's own: an engine takes them for what they say. */
export const customRules: readonly Problem[] = [
  problem({
    name: "customRule: rounded, with the derivative of the identity",
    kink: true,
    x: tensor([0.625, -1.375, 2.25]),
    f: (x) => sum(mul([...weights], square(straight(x)))),
    value: (x) => [total(x.map((v, i) => weights[i]! * Math.round(v) ** 2))],
    jacobian: (x) => [x.map((v, i) => 2 * weights[i]! * Math.round(v))],
    hessian: () => diagonal(weights.map((w) => 2 * w)),
  }),
  problem({
    name: "customRule: a product, with three times one derivative and none by the other",
    kink: true,
    x: { a: tensor([0.5, 3]), b: tensor([2, -1]) },
    f: ({ a, b }) => lopsided(a, b),
    value: ([a, b, c, d]) => [a! * c!, b! * d!],
    jacobian: ([, , c, d]) => [[3 * c!, 0, 0, 0], [0, 3 * d!, 0, 0]],
  }),
  problem({
    name: "definePrimitive: a cube",
    x: tensor([0.5, -1.25, 0.75]),
    f: (x) => sum(mul([...weights], cube(x))),
    value: (x) => [total(x.map((v, i) => weights[i]! * v ** 3))],
    jacobian: (x) => [x.map((v, i) => 3 * weights[i]! * v * v)],
    hessian: (x) => diagonal(x.map((v, i) => 6 * weights[i]! * v)),
  }),
  problem({
    name: "definePrimitive: a square and a cube at once",
    x: tensor([0.5, -1.25, 0.75]),
    f: (x) => {
      const [two, three] = powers(x);
      return sum(mul([...weights], add(mul(0.5, two), three)));
    },
    value: (x) => [total(x.map((v, i) => weights[i]! * (v ** 2 / 2 + v ** 3)))],
    jacobian: (x) => [x.map((v, i) => weights[i]! * (v + 3 * v * v))],
    hessian: (x) => diagonal(x.map((v, i) => weights[i]! * (1 + 6 * v))),
  }),
  problem({
    name: "definePrimitive: a cube of a number",
    x: 1.25,
    f: (x) => cube(x),
    value: ([x]) => [x! ** 3],
    jacobian: ([x]) => [[3 * x! * x!]],
    hessian: ([x]) => [[6 * x!]],
    second: (x) => [6 * x],
  }),
];
