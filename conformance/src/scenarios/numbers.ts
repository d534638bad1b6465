import { add, exp, mul, reshape, sin, square, stack, type Value } from "@polyad/core/extend";
import { problem, type Numbers, type Problem } from "../problem.js";

const { sin: s, cos: c } = Math;
const six: Numbers = [1, 2, 3, 4, 5, 6];

/** sin kx for k = 1 … n. */
const waves = (x: Value, ks: Numbers): Value[] => ks.map((k) => sin(mul(k, x)));

const wavesOf = (ks: Numbers): Pick<Problem, "value" | "jacobian"> & { second: (x: number) => Numbers } => ({
  value: ([x]) => ks.map((k) => s(k * x!)),
  jacobian: ([x]) => ks.map((k) => [k * c(k * x!)]),
  second: (x) => ks.map((k) => -k * k * s(k * x)),
});

/** Functions of one number. */
export const numbers: readonly Problem[] = [
  problem({
    name: "number → number: sin x²",
    x: 0.42,
    f: (x) => sin(square(x)),
    value: ([x]) => [s(x! * x!)],
    jacobian: ([x]) => [[2 * x! * c(x! * x!)]],
    hessian: ([x]) => [[2 * c(x! * x!) - 4 * x! * x! * s(x! * x!)]],
    second: (x) => [2 * c(x * x) - 4 * x * x * s(x * x)],
    ops: ["sin", "square"],
  }),
  problem({
    name: "number → number: x eˣ, a value used twice",
    x: 1.5,
    f: (x) => mul(x, exp(x)),
    value: ([x]) => [x! * Math.exp(x!)],
    jacobian: ([x]) => [[(1 + x!) * Math.exp(x!)]],
    hessian: ([x]) => [[(2 + x!) * Math.exp(x!)]],
    second: (x) => [(2 + x) * Math.exp(x)],
    ops: ["mul", "exp"],
  }),
  problem({ name: "number → vector", x: 0.42, f: (x) => stack(waves(x, [1, 2])), ...wavesOf([1, 2]), ops: ["stack", "sin"] }),
  problem({ name: "number → matrix", x: 0.42, f: (x) => reshape(stack(waves(x, six)), [2, 3]), ...wavesOf(six), ops: ["reshape", "stack"] }),
  problem({ name: "number → array of numbers", x: -0.8, f: (x) => waves(x, [1, 2, 3]), ...wavesOf([1, 2, 3]), ops: ["sin", "mul"] }),
  problem({
    name: "number → tree",
    x: 0.42,
    f: (x) => ({ wave: sin(x), both: [stack(waves(x, [2, 3])), "text"], last: new Map([["four", sin(mul(4, x))]]) }),
    ...wavesOf([1, 2, 3, 4]),
  }),
  problem({ name: "number → itself", x: 0.42, f: (x) => x, value: (x) => x, jacobian: () => [[1]], hessian: () => [[0]], second: () => [0] }),
  problem({ name: "number → a constant", x: 0.42, f: (_x) => 7, value: () => [7], jacobian: () => [[0]], hessian: () => [[0]], second: () => [0] }),
  problem({
    name: "number → number: its own control flow",
    x: 0.7,
    f: (x) => [1, 2, 3].reduce<Value>((y, k) => (k === 2 ? add(mul(y, x), k) : mul(y, add(x, k))), x), // (x(x+1)x + 2)(x + 3)
    value: ([x]) => [(x! * x! * (x! + 1) + 2) * (x! + 3)],
    jacobian: ([x]) => [[4 * x! ** 3 + 12 * x! ** 2 + 6 * x! + 2]],
    hessian: ([x]) => [[12 * x! ** 2 + 24 * x! + 6]],
    second: (x) => [12 * x ** 2 + 24 * x + 6],
    ops: ["add", "mul"],
  }),
];
