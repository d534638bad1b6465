import * as core from "@polyad/core/extend";
import { Const } from "@polyad/core/extend";
import { plainValue, sizeOfTree, type AnyFunction, type Numbers, type Problem, type Rows } from "./problem.js";
import { derivativeLike, jacobianLike, numbersIn, valueLike } from "./tree.js";

/** A public operator, and what it must give of a problem. */
export interface Operator {
  readonly name: string;
  readonly order: 1 | 2;
  readonly call: Function;
  readonly prepare?: Function;
  readonly applies: (problem: Problem) => boolean;
  /** What stands between x and the constants. */
  readonly seeds: (at: At) => readonly unknown[];
  /** Later arguments are active unless marked. */
  readonly marks?: boolean;
  readonly expected: (at: At) => unknown;
}

/** A problem at a point: everything about it in closed form. */
export interface At {
  readonly problem: Problem;
  readonly x: unknown;
  /** In the form of the result; its numbers are not used. */
  readonly y: unknown;
  readonly numbers: Numbers;
  readonly jacobian: Rows;
}

export function at(problem: Problem, x: unknown): At {
  const numbers = numbersIn(x);
  return { problem, x, y: plainValue(problem, x), numbers, jacobian: problem.jacobian(numbers) };
}

const always = (): boolean => true;
const scalar = (p: Problem): boolean => {
  const y = plainValue(p, p.x);
  return typeof y === "number" || (y instanceof core.Tensor && y.ndim === 0 && y.dtype.startsWith("float"));
};
const twice = (p: Problem): boolean => p.hessian !== undefined && scalar(p);
const whole = (p: Problem): boolean => twice(p) && !p.large;
const ofNumber = (p: Problem): boolean => typeof p.x === "number" && p.consts.length === 0;
const twiceOfNumber = (p: Problem): boolean => ofNumber(p) && p.second !== undefined;

/** Seeds that float32 holds exactly, of no symmetry. */
const tangent = (n: number, k = 0): Numbers => Array.from({ length: n }, (_, i) => ((i + k) % 2 === 0 ? 1 : -1) * (0.5 + 0.25 * ((i * (k + 3)) % 5)));
const dot = (a: Numbers, b: Numbers): number => a.reduce((total, x, i) => total + x * b[i]!, 0);
const times = (rows: Rows, v: Numbers): Numbers => rows.map((row) => dot(row, v));
const transposed = (rows: Rows, columns: number): Rows => Array.from({ length: columns }, (_, j) => rows.map((row) => row[j]!));

const val = ({ problem, y, numbers }: At): unknown => valueLike(y, problem.value(numbers));
const grad = ({ x, jacobian, problem }: At): unknown => [derivativeLike(x, jacobian[0]!), ...problem.consts.map(() => null)];
const pushed = ({ y, x, jacobian }: At, k = 0): unknown => derivativeLike(y, times(jacobian, tangent(sizeOfTree(x), k)));
const pulled = ({ x, y, jacobian }: At): unknown => derivativeLike(x, times(transposed(jacobian, sizeOfTree(x)), tangent(sizeOfTree(y), 1)));
const hessianOf = ({ problem, numbers }: At): Rows => problem.hessian!(numbers);
const curved = (at: At, k = 0): unknown => derivativeLike(at.x, times(hessianOf(at), tangent(sizeOfTree(at.x), k)));
const secondOf = ({ problem, y, x }: At): unknown => derivativeLike(y, problem.second!(x as number));
const column = ({ y, jacobian }: At): unknown => derivativeLike(y, jacobian.map((row) => row[0]!));
const square = ({ x }: At, rows: Rows): unknown => jacobianLike(x, x, rows);

const none = (): unknown[] => [];
const along = ({ x }: At): unknown[] => [derivativeLike(x, tangent(sizeOfTree(x)))];
const alongTwo = ({ x }: At): unknown[] => [[0, 1].map((k) => derivativeLike(x, tangent(sizeOfTree(x), k)))];
const against = ({ y }: At): unknown[] => [derivativeLike(y, tangent(sizeOfTree(y), 1))];

/** Every operator of core. */
export const operators: readonly Operator[] = [
  { name: "gradient", order: 1, call: core.gradient, prepare: core.prepareGradient, applies: scalar, seeds: none, marks: true, expected: grad },
  { name: "withgradient", order: 1, call: core.withgradient, prepare: core.prepareWithgradient, applies: scalar, seeds: none, marks: true, expected: (p) => ({ val: val(p), grad: grad(p) }) },
  { name: "derivative", order: 1, call: core.derivative, prepare: core.prepareDerivative, applies: ofNumber, seeds: none, expected: column },
  { name: "valueAndDerivative", order: 1, call: core.valueAndDerivative, applies: ofNumber, seeds: none, expected: (p) => ({ val: val(p), derivative: column(p) }) },
  { name: "jacobian", order: 1, call: core.jacobian, prepare: core.prepareJacobian, applies: always, seeds: none, expected: ({ y, x, jacobian }) => jacobianLike(y, x, jacobian) },
  { name: "valueAndJacobian", order: 1, call: core.valueAndJacobian, applies: always, seeds: none, expected: (p) => ({ val: val(p), jacobian: jacobianLike(p.y, p.x, p.jacobian) }) },
  { name: "pushforward", order: 1, call: core.pushforward, prepare: core.preparePushforward, applies: always, seeds: along, expected: (p) => pushed(p) },
  { name: "pushforward of two", order: 1, call: core.pushforward, applies: always, seeds: alongTwo, expected: (p) => [pushed(p), pushed(p, 1)] },
  { name: "valueAndPushforward", order: 1, call: core.valueAndPushforward, applies: always, seeds: along, expected: (p) => ({ val: val(p), tangent: pushed(p) }) },
  { name: "pullback", order: 1, call: core.pullback, prepare: core.preparePullback, applies: always, seeds: against, expected: pulled },
  { name: "valueAndPullback", order: 1, call: core.valueAndPullback, applies: always, seeds: against, expected: (p) => ({ val: val(p), grad: pulled(p) }) },
  { name: "secondDerivative", order: 2, call: core.secondDerivative, prepare: core.prepareSecondDerivative, applies: twiceOfNumber, seeds: none, expected: secondOf },
  {
    name: "valueDerivativeAndSecondDerivative", order: 2, call: core.valueDerivativeAndSecondDerivative, applies: twiceOfNumber, seeds: none,
    expected: (p) => ({ val: val(p), derivative: column(p), secondDerivative: secondOf(p) }),
  },
  { name: "hessian", order: 2, call: core.hessian, prepare: core.prepareHessian, applies: whole, seeds: none, expected: (p) => square(p, hessianOf(p)) },
  {
    name: "valueGradientAndHessian", order: 2, call: core.valueGradientAndHessian, applies: whole, seeds: none,
    expected: (p) => ({ val: val(p), grad: derivativeLike(p.x, p.jacobian[0]!), hessian: square(p, hessianOf(p)) }),
  },
  { name: "hvp", order: 2, call: core.hvp, prepare: core.prepareHvp, applies: twice, seeds: along, expected: (p) => curved(p) },
  { name: "hvp of two", order: 2, call: core.hvp, applies: twice, seeds: alongTwo, expected: (p) => [curved(p), curved(p, 1)] },
  { name: "gradientAndHvp", order: 2, call: core.gradientAndHvp, applies: twice, seeds: along, expected: (p) => ({ grad: derivativeLike(p.x, p.jacobian[0]!), hvp: curved(p) }) },
];

/** What follows f and the engine in a call, at a point. */
export function argumentsOf({ seeds, marks }: Operator, point: At): unknown[] {
  const { consts } = point.problem;
  return [point.x, ...seeds(point), ...(marks === true ? consts.map((c) => Const(c)) : consts)];
}

/** The same for a prepared operator, which takes bare values. */
export function bareArguments({ seeds }: Operator, point: At): unknown[] {
  return [point.x, ...seeds(point), ...point.problem.consts];
}

/** Calls an operator, whatever its types. */
export function apply(operator: Function, f: AnyFunction, ad: core.ADType, args: readonly unknown[]): unknown {
  return Reflect.apply(operator, undefined, [f, ad, ...args]);
}
