import { AutodiffError, PreparationMismatchError } from "../errors.js";
import type { Aval } from "../primitive.js";
import { describe, kindOf, shapeOf, Tensor, tensor, type Value } from "../tensor.js";
import { isTypedArray } from "../dtype.js";
import { sameShape } from "../shape.js";
import { hasStandIn } from "../trace.js";
import { matrixTrace } from "../ops/matrixTrace.js";
import type { ArrayLike } from "../convert.js";
import { isConst } from "../tree/activity.js";
import { flatten, structureDifference, type TreeDef } from "../tree/flatten.js";
import { scope } from "../tree/scope.js";
import { vendorLeaf } from "../tree/vendor.js";
import type { Args, Traced } from "../types.js";
import { capture } from "./capture.js";
import { drawDot, drawMermaid } from "./draw.js";
import { evaluateGraph } from "./evaluate.js";
import { isVariable, type Equation, type FlatGraph, type GraphValue, type Variable } from "./graph.js";
import { optimize } from "./passes.js";
import { printGraph, showAval } from "./print.js";

/**
 * The program that f runs on arguments of these shapes and dtypes, as a list of primitives. Numbers, tensors and typed
 * arrays in the arguments become its inputs; strings, functions and `Const(...)` are fixed, and so is what f captures.
 * Nothing is computed, so f may not read a value.
 *
 * @throws AutodiffError if f reads a value (use `where` to choose by one), or is asynchronous.
 * @example
 * trace((x, y) => add(mul(x, x), y), 2, 3).toString()
 * // graph(x: number, y: number) {
 * //   a = mul(x, x)   : number
 * //   b = add(a, y)   : number
 * //   return b
 * // }
 */
export function trace<T extends readonly unknown[], R>(f: (...args: Args<T>) => R, ...args: T): Graph<T, R>;
/** The sum of a matrix's main diagonal: `trace` means both, as in mathematics and in programming; see `matrixTrace`. */
export function trace(matrix: Tensor | ArrayLike): Tensor;
export function trace<T extends readonly unknown[], R>(f: ((...args: Args<T>) => R) | Tensor | ArrayLike, ...args: T): Graph<T, R> | Tensor {
  if (f instanceof Tensor || Array.isArray(f)) return matrixTrace(f);
  if (typeof f !== "function") throw new AutodiffError(`trace: expected a function to capture, or a matrix, got ${describe(f)}.`);
  const slots = new Slots(args, parameterNames(f, args.length));
  let output: Output | null = null;
  const flat = capture((xs) => {
    output = outputOf(f(...(slots.rebuild(xs) as Args<T>)));
    return output.values;
  }, slots.avals);
  return new Graph(flat, slots, output!);
}

/** What a graph takes for the arguments that it was captured on: the like, or what stands for them inside a function. */
export type Accepted<T extends readonly unknown[]> = { [K in keyof T]: T[K] | Traced<T[K]> };

/** A captured program between trees. */
export class Graph<T extends readonly unknown[] = readonly unknown[], R = unknown> implements FlatGraph {
  /** Constants that passes computed with. */
  private readonly used: readonly Tensor[];

  /** Use `trace(f, ...args)`. */
  constructor(
    private readonly flat: FlatGraph,
    private readonly slots: Slots,
    private readonly output: Omit<Output, "values">,
    /** As captured: passes compute with constants, and share those that are equal. */
    private readonly original: FlatGraph = flat,
  ) {
    this.used = flat === original ? [] : constantsOf(original);
  }

  /** One variable for each number, tensor and typed array in the arguments. */
  get inputs(): readonly Variable[] {
    return this.flat.inputs;
  }

  /** Where each input lies in the arguments, as `model.layers[0].weight`. */
  get inputNames(): readonly string[] {
    return this.slots.names;
  }

  get equations(): readonly Equation[] {
    return this.flat.equations;
  }

  get outputs(): readonly GraphValue[] {
    return this.flat.outputs;
  }

  /** Number of equations. */
  get size(): number {
    return this.flat.equations.length;
  }

  /**
   * Runs the program on other values; tracers of any engine may be among them.
   * @throws PreparationMismatchError unless structure, shapes, dtypes and fixed parts are those of the capture.
   */
  evaluate(...args: Accepted<T>): R {
    // A constant that is one of the `params` of a gradient is a constant no more.
    const flat = this.used.some(hasStandIn) ? this.original : this.flat;
    return scope(() => this.output.rebuild(evaluateGraph(flat, this.slots.read(args))) as R);
  }

  /** The same program without what no result needs, what is computed twice, and what depends on constants alone. */
  optimize(): Graph<T, R> {
    return new Graph(optimize(this.flat), this.slots, this.output, this.original);
  }

  toString(): string {
    return printGraph(this.flat, this.inputNames);
  }

  /** The graph in Graphviz's language. */
  toDot(): string {
    return drawDot(this.flat, this.inputNames);
  }

  /** The graph in Mermaid's language. */
  toMermaid(): string {
    return drawMermaid(this.flat, this.inputNames);
  }
}

/** The tensors that a program computes with. */
function constantsOf({ equations }: FlatGraph): readonly Tensor[] {
  const operands = new Set(equations.flatMap((equation) => equation.inputs));
  return [...operands].filter((x): x is Tensor => !isVariable(x) && typeof x !== "number");
}

/** The leaves of the arguments: which are inputs, and what the others are. */
class Slots {
  /** What is known of each input. */
  readonly avals: readonly Aval[];
  readonly names: readonly string[];
  private readonly leaves: readonly unknown[];
  private readonly def: TreeDef;
  private readonly paths: readonly string[];
  /** For each leaf, its place among the inputs; -1 for what is fixed. */
  private readonly places: readonly number[];

  constructor(
    args: readonly unknown[],
    private readonly parameters: readonly string[],
  ) {
    const { leaves, def } = flatten(args);
    const avals: Aval[] = [];
    this.places = scope(() =>
      leaves.map((leaf) => {
        const value = asInput(leaf);
        return value === undefined ? -1 : avals.push(avalOf(value)) - 1;
      }),
    );
    this.avals = avals;
    this.leaves = leaves.map((leaf, i) => (this.places[i]! < 0 ? leaf : null));
    this.def = def;
    this.paths = def.paths.map((path) => this.named(path));
    this.names = this.paths.filter((_, i) => this.places[i]! >= 0);
  }

  /** A path in the list of arguments as one from a parameter. */
  private named(path: string): string {
    return path.replace(/^\[(\d+)\]/, (_, i: string) => this.parameters[Number(i)]!);
  }

  /** The arguments, as f takes them, around values for the inputs. */
  rebuild(xs: readonly Value[]): readonly unknown[] {
    const leaf = (x: unknown, i: number): unknown => (this.places[i]! < 0 ? (isConst(x) ? x.value : x) : xs[this.places[i]!]);
    return this.def.rebuild(this.leaves.map(leaf)) as readonly unknown[];
  }

  /** The inputs among other arguments, which must be like the captured ones. */
  read(args: readonly unknown[]): Value[] {
    if (args.length !== this.parameters.length) {
      throw new PreparationMismatchError(`Graph.evaluate: expected ${this.parameters.length} arguments, got ${args.length}.`);
    }
    const { leaves, def } = flatten(args);
    const difference = structureDifference(this.def, def);
    if (difference !== null) {
      throw new PreparationMismatchError(
        `Graph.evaluate: the arguments are built unlike those of the capture, at ${this.named(difference)}. Capture again with trace().`,
      );
    }
    const values: Value[] = [];
    const wrong: string[] = [];
    leaves.forEach((leaf, i) => {
      const value = asInput(leaf);
      const expected = this.avals[this.places[i]!];
      if (expected === undefined ? isFixed(this.leaves[i], leaf) : value !== undefined && isLike(value, expected)) {
        if (expected !== undefined) values.push(value!);
      } else {
        const want = expected === undefined ? `${describe(constant(this.leaves[i]))}, which is fixed` : showAval(expected);
        wrong.push(`  ${this.paths[i]}: expected ${want}, got ${value === undefined ? describe(constant(leaf)) : showAval(avalOf(value))}`);
      }
    });
    if (wrong.length === 0) return values;
    throw new PreparationMismatchError(
      `Graph.evaluate: ${wrong.length} of ${leaves.length} parts of the arguments are unlike those of the capture:\n` +
        `${wrong.join("\n")}\nCapture again with trace().`,
    );
  }
}

/** What f returned: its values, and how to put others in their places. */
interface Output {
  readonly values: readonly Value[];
  rebuild(values: readonly Value[]): unknown;
}

function outputOf(y: unknown): Output {
  if (y instanceof Promise) {
    y.catch(() => {}); // it will fail by using traced values too late; the error that counts is this one
    throw new AutodiffError("trace: f returned a promise. It must be synchronous: read data before, and pass it as an argument.");
  }
  const { leaves, def } = flatten(y);
  const places: number[] = [];
  leaves.forEach((leaf, i) => {
    if (typeof leaf === "number" || leaf instanceof Tensor) places.push(i);
  });
  const rest = leaves.slice();
  for (const i of places) rest[i] = null;
  return {
    values: places.map((i) => leaves[i] as Value),
    rebuild: (values) => {
      const full = rest.slice();
      places.forEach((i, k) => (full[i] = values[k]));
      return def.rebuild(full);
    },
  };
}

/** A leaf as an input: a number, or a tensor of what is numeric. */
function asInput(leaf: unknown): Value | undefined {
  if (typeof leaf === "number" || leaf instanceof Tensor) return leaf;
  return isTypedArray(leaf) ? tensor(leaf) : vendorLeaf(leaf)?.toTensor();
}

function avalOf(x: Value): Aval {
  return { shape: shapeOf(x), dtype: typeof x === "number" ? "float64" : x.dtype, weak: kindOf(x) === "number" };
}

function isLike(x: Value, { shape, dtype, weak }: Aval): boolean {
  return kindOf(x) === (weak ? "number" : dtype) && sameShape(shapeOf(x), shape);
}

/** Whether a fixed part is still the same, by identity. */
function isFixed(a: unknown, b: unknown): boolean {
  return isConst(a) === isConst(b) && Object.is(constant(a), constant(b));
}

function constant(x: unknown): unknown {
  return isConst(x) ? x.value : x;
}

/** The names of f's parameters where its source shows them plainly, else x0, x1, … */
function parameterNames(f: Function, count: number): string[] {
  const source = Function.prototype.toString.call(f);
  const list = /^(?:async\s+)?(?:function\b\s*[\w$]*\s*)?\(([^()]*)\)|^(?:async\s+)?([\w$]+)\s*=>/.exec(source);
  const found = (list?.[1] ?? list?.[2] ?? "").split(",").map((part) => /^\s*([A-Za-z_$][\w$]*)\s*(?:$|=)/.exec(part)?.[1]);
  return Array.from({ length: count }, (_, i) => (found.includes(undefined) ? undefined : found[i]) ?? `x${i}`);
}
