import { fmap, mul, Tensor, tensor, type DType, type Shape, type Traced, type Value } from "@polyad/core/extend";
import { narrowest, numbersIn, tensorOf } from "./tree.js";

/** A row of numbers, and rows of these. */
export type Numbers = readonly number[];
export type Rows = readonly Numbers[];
export type AnyFunction = (...args: never[]) => unknown;

/**
 * A function whose value and derivatives are known in closed form: on the numbers of x's float leaves in order, giving
 * the numbers of its result's.
 */
export interface Problem {
  readonly name: string;
  /** Differentiated in its first argument; later ones are constants. */
  readonly f: AnyFunction;
  readonly x: unknown;
  /** Of the same form as x, elsewhere. */
  readonly elsewhere: unknown;
  readonly consts: readonly unknown[];
  readonly value: (x: Numbers) => Numbers;
  /** One row for each number of the result. */
  readonly jacobian: (x: Numbers) => Rows;
  /** Of a function with one number as result. */
  readonly hessian?: ((x: Numbers) => Rows) | undefined;
  /** f″ of a function of one number. */
  readonly second?: ((x: number) => Numbers) | undefined;
  readonly ops: readonly string[];
  /** Too many numbers for a Hessian from samples of f: it is asked for products with it only. */
  readonly large: boolean;
  /** x lies on a kink, where conventions decide. */
  readonly kink: boolean;
  /** Its numbers are beyond float32. */
  readonly precise: boolean;
  /** Condition number: by how much rounding of what enters may show in the result; 1 unless said. */
  readonly condition: number;
}

export interface Given<X, C extends readonly unknown[], Y> {
  readonly name: string;
  readonly f: (x: Traced<X>, ...consts: C) => Y;
  readonly x: X;
  readonly elsewhere?: X;
  readonly consts?: C;
  readonly value: (x: Numbers) => Numbers;
  readonly jacobian: (x: Numbers) => Rows;
  readonly hessian?: (x: Numbers) => Rows;
  readonly second?: (x: number) => Numbers;
  readonly ops?: readonly string[];
  readonly large?: boolean;
  readonly kink?: boolean;
  readonly precise?: boolean;
  readonly condition?: number;
}

/** A problem as its author types it; the rest of the suite knows trees of numbers only. */
export function problem<X, Y, C extends readonly unknown[] = readonly []>(given: Given<X, C, Y>): Problem {
  const { x, elsewhere = moved(x), consts = [], ops = [], large = false, kink = false, precise = false, condition = 1 } = given;
  return { ...given, x, elsewhere, consts, ops, large, kink, precise, condition };
}

/** A tree of the same form at another point: every float becomes 0.75 of itself, and an eighth. */
export function moved(tree: unknown): unknown {
  const move = (x: number): number => 0.75 * x + 0.125;
  return fmap((leaf: unknown) => {
    if (typeof leaf === "number") return move(leaf);
    if (leaf instanceof Float64Array || leaf instanceof Float32Array) return leaf.map(move);
    if (!(leaf instanceof Tensor)) return leaf;
    const data = leaf.dataSync();
    return data instanceof Float64Array || data instanceof Float32Array ? tensor(data.map(move), leaf.shape) : leaf;
  }, tree);
}

/** What was prepared for a tree refuses these, by what is wrong with them. */
export function misfits(tree: unknown): Readonly<Record<string, unknown>> {
  return {
    "another size": resized(tree, ({ shape: [first = 1, ...rest] }) => [first + 1, ...rest]),
    "another rank": resized(tree, ({ shape }) => [...shape, 1]),
    "another tree": [tree],
  };
}

/** A tree of ones whose tensors have other shapes; a number is a tensor, too, and a typed array one longer. */
function resized(tree: unknown, shape: (x: Tensor) => Shape): unknown {
  const ones = (to: Shape, dtype: DType): Tensor => tensorOf(new Array<number>(to.reduce((a, b) => a * b, 1)).fill(1), to, dtype);
  return fmap((leaf: unknown) => {
    if (typeof leaf === "number") return ones(shape(tensor(leaf)), "float64");
    if (leaf instanceof Tensor) return ones(shape(leaf), leaf.dtype);
    if (leaf instanceof Float64Array) return new Float64Array(leaf.length + 1);
    if (leaf instanceof Float32Array) return new Float32Array(leaf.length + 1);
    return leaf instanceof Int32Array ? new Int32Array(leaf.length + 1) : leaf;
  }, tree);
}

/** The same function of x in float32. */
export function inFloat32(given: Problem): Problem {
  const [x, elsewhere, ...consts] = [given.x, given.elsewhere, ...given.consts].map(toFloat32);
  return { ...given, name: `${given.name}, float32`, x, elsewhere, consts };
}

function toFloat32(tree: unknown): unknown {
  return fmap((leaf: unknown) => {
    if (leaf instanceof Float64Array) return Float32Array.from(leaf);
    return leaf instanceof Tensor && leaf.dtype === "float64" ? tensor(Float32Array.from(leaf.dataSync()), leaf.shape) : leaf;
  }, tree);
}

/** Three times a function that gives one number or tensor: a constant passed along. */
export function withConstant(given: Problem): Problem {
  const f = (x: never, ...[c, ...rest]: [Value, ...never[]]): Value => mul(c, given.f(...([x, ...rest] as never[])) as Value);
  return { ...scaled(given, 3), name: `${given.name}, with a constant`, f: f as AnyFunction, consts: [3, ...given.consts] };
}

/** Three times such a function: a constant captured by a closure. */
export function closing(given: Problem): Problem {
  const three = tensorOf([3], [], narrowest(given.x));
  const f = (...args: never[]): Value => mul(three, given.f(...args) as Value);
  return { ...scaled(given, 3), name: `${given.name}, in a closure`, f };
}

function scaled(given: Problem, c: number): Problem {
  const row = (xs: Numbers): Numbers => xs.map((x) => c * x);
  const { hessian, second } = given;
  return {
    ...given,
    value: (x) => row(given.value(x)),
    jacobian: (x) => given.jacobian(x).map(row),
    hessian: hessian && ((x) => hessian(x).map(row)),
    second: second && ((x) => row(second(x))),
  };
}

/** The value of f outside of every engine, on arguments as f sees them: typed arrays as tensors. */
export function plainValue({ f, consts }: Problem, x: unknown): unknown {
  const inside = fmap((leaf: unknown) => (leaf instanceof Float64Array || leaf instanceof Float32Array || leaf instanceof Int32Array ? tensor(leaf) : leaf), x);
  return Reflect.apply(f, undefined, [inside, ...consts]);
}

/** How many numbers a tree holds. */
export function sizeOfTree(tree: unknown): number {
  return numbersIn(tree).length;
}
