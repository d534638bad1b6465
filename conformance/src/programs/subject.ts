import * as core from "@polyad/core";
import { Const, SecondOrder, Tensor, type ADType, type Value } from "@polyad/core";
import { run, type Engines, type RunOptions } from "./evaluate.js";
import { harvest, kindOf, numbersOf, plant, shapeOf, sizeOf, valueOf, type Leaf, type Literal, type Program } from "./program.js";

/** What is asked of an engine. */
export type Operator = "value" | "gradient" | "prepared gradient" | "pushforward" | "pullback" | "hvp" | "trace" | "gradient of the trace";

/** A question: an operator, the engine that answers it, and those of operators inside the program. */
export interface Question {
  readonly operator: Operator;
  readonly ad: ADType;
  readonly nested: Engines;
}

/** One number, tensor or typed array of an answer. */
export interface Entry {
  /** What it is: "number", "float64[2, 3]", "Float32Array[4]", "null". */
  readonly form: string;
  readonly numbers: readonly number[];
}

/** Results of f where the operator gives them, then derivatives: one entry per leaf, or per result. */
export interface Answer {
  readonly values: readonly Entry[] | null;
  readonly derivatives: readonly Entry[];
}

/** A program as a function of trees, with the direction and the cotangents along which it is differentiated. */
export class Subject {
  readonly args: readonly unknown[];
  readonly xs: readonly Value[];
  /** One per leaf, null for constants. */
  readonly directions: readonly (Literal | null)[];
  /** One per result. */
  readonly weights: readonly Literal[];

  constructor(
    readonly program: Program,
    engines: Engines,
    private readonly options: RunOptions = {},
  ) {
    const { leaves } = program;
    this.xs = leaves.map((leaf) => valueOf(leaf.value, options.widen));
    this.args = this.arguments((leaf) => leaf);
    this.directions = leaves.map(({ value, constant }, k) => (constant === true ? null : { ...value, data: value.data.map((_, i) => pattern(i + 3 * k + 1)) }));
    this.weights = weightsOf(run(program.body, this.xs, engines, options));
  }

  /** The arguments, with something made of each leaf, and of what is an argument by itself. */
  private arguments(of: (leaf: Leaf) => Leaf, alone: (leaf: Leaf) => Leaf = (leaf) => leaf): readonly unknown[] {
    const { args, leaves } = this.program;
    return args.map((tree) => plant(tree, (k) => stored(typeof tree === "number" ? alone(of(leaves[k]!)) : of(leaves[k]!), this.options)));
  }

  /** The results at the program's own arguments. */
  plain(nested: Engines): Entry[] {
    return run(this.program.body, this.xs, nested, this.options).map(entryOf);
  }

  answer({ operator, ad, nested }: Question): Answer {
    const { args } = this;
    const f = (...trees: readonly unknown[]): Value | Value[] => this.results(trees, nested);
    const loss = (...trees: readonly unknown[]): Value => this.loss(trees, nested);
    const ofAll = <R>(g: (...trees: readonly unknown[]) => R) => (trees: readonly unknown[]): R => g(...trees);
    switch (operator) {
      case "value":
        return { values: this.plain(nested), derivatives: [] };
      case "gradient": {
        const { val, grad } = core.withgradient(loss as () => Value, ad, ...args) as { val: Value; grad: readonly unknown[] };
        return { values: [entryOf(val)], derivatives: this.perLeaf(grad) };
      }
      case "prepared gradient": {
        // Prepared and used elsewhere first: nothing of that may show here.
        const prepared = core.prepareGradient(loss as () => Value, ad, ...this.arguments(moved));
        const at = (of: (leaf: Leaf) => Leaf): readonly unknown[] => Reflect.apply(prepared, undefined, this.arguments(of, bare)) as readonly unknown[];
        const [, grad] = [at(moved), at((leaf) => leaf)];
        return { values: null, derivatives: this.perLeaf(grad) };
      }
      case "pushforward": {
        const { val, tangent } = core.valueAndPushforward(ofAll(f), ad, args, this.direction()) as { val: unknown; tangent: unknown };
        return { values: this.perResult(val), derivatives: this.perResult(tangent) };
      }
      case "pullback": {
        const cts = this.weights.map((w) => valueOf(w, this.options.widen));
        const { val, grad } = core.valueAndPullback(ofAll(f), ad, args, cts.length === 1 ? cts[0] : cts) as { val: unknown; grad: readonly unknown[] };
        return { values: this.perResult(val), derivatives: this.perLeaf(grad) };
      }
      case "hvp": {
        const product: unknown = core.hvp(ofAll(loss), SecondOrder(ad, nested[0]), args, this.direction());
        return { values: null, derivatives: this.perLeaf(product as readonly unknown[]) };
      }
      case "trace":
        return { values: this.perResult(core.trace(f, ...args).optimize().evaluate(...args)), derivatives: [] };
      case "gradient of the trace": {
        const graph = core.trace((...trees: readonly unknown[]) => core.gradient(loss as () => Value, ad, ...trees) as unknown, ...args);
        return { values: null, derivatives: this.perLeaf(graph.optimize().evaluate(...args) as readonly unknown[]) };
      }
    }
  }

  /** The direction, a tree like the list of arguments. */
  direction(): readonly unknown[] {
    const { args, leaves } = this.program;
    return args.map((tree) =>
      plant(tree, (k) => {
        const direction = this.directions[k];
        return direction ? stored({ form: leaves[k]!.form, value: direction }, this.options) : null;
      }),
    );
  }

  private results(trees: readonly unknown[], nested: Engines): Value | Value[] {
    const leaves: unknown[] = [];
    this.program.args.forEach((tree, i) => harvest(tree, trees[i], leaves));
    const ys = run(this.program.body, leaves as Value[], nested, this.options);
    return ys.length === 1 ? ys[0]! : ys;
  }

  /** The results weighted and added up; a lone scalar is its own loss. */
  private loss(trees: readonly unknown[], nested: Engines): Value {
    const ys = this.results(trees, nested);
    if (!Array.isArray(ys) && shapeOf(ys).length === 0) return ys;
    const terms = (Array.isArray(ys) ? ys : [ys]).map((y, k) => core.sum(core.mul(valueOf(this.weights[k]!, this.options.widen), y)));
    return terms.reduce((total, term) => core.add(total, term));
  }

  private perLeaf(grads: readonly unknown[]): Entry[] {
    const found: unknown[] = [];
    this.program.args.forEach((tree, i) => harvest(tree, grads[i], found));
    return this.program.leaves.map((_, k) => entryOf(found[k]));
  }

  private perResult(y: unknown): Entry[] {
    return (Array.isArray(y) ? y : [y]).map(entryOf);
  }
}

/** A leaf near by: as far from kinks as programs stay. */
export function moved(leaf: Leaf): Leaf {
  return { ...leaf, value: { ...leaf.value, data: leaf.value.data.map((x, i) => x * (1 + pattern(i + 1) / 256)) } };
}

/** A leaf without its mark, as prepared operators take it where it is an argument by itself. */
export function bare({ form, value }: Leaf): Leaf {
  return { form, value };
}

/** What a gradient of a leaf must be. */
export function formOf({ form, value, constant }: Leaf): string {
  if (constant === true) return "null";
  if (form === "number") return "number";
  const dimensions = `[${value.shape.join(", ")}]`;
  return form === "tensor" ? `${value.kind}${dimensions}` : `${value.kind === "float32" ? "Float32Array" : "Float64Array"}${dimensions}`;
}

function entryOf(x: unknown): Entry {
  if (x === null || x === undefined) return { form: String(x), numbers: [] };
  if (typeof x === "number") return { form: "number", numbers: [x] };
  if (x instanceof Tensor) {
    return { form: x.trace === null ? `${kindOf(x)}[${x.shape.join(", ")}]` : String(x), numbers: numbersOf(x) };
  }
  if (x instanceof Float64Array || x instanceof Float32Array) return { form: `${x.constructor.name}[${x.length}]`, numbers: Array.from(x) };
  return { form: typeof x, numbers: [] };
}

/** A leaf as it stands in the arguments. */
function stored({ form, value, constant }: Leaf, { widen = false }: RunOptions): unknown {
  const x = form === "typedArray" ? (value.kind === "float32" && !widen ? Float32Array.from(value.data) : Float64Array.from(numbersOf(valueOf(value)))) : valueOf(value, widen);
  return constant === true ? Const(x) : x;
}

/** Cotangents of the results: 1 for a lone scalar. */
function weightsOf(ys: readonly Value[]): Literal[] {
  const alone = ys.length === 1 && shapeOf(ys[0]!).length === 0;
  return ys.map((y, k) => ({ kind: kindOf(y), shape: shapeOf(y), data: Array.from({ length: sizeOf(y) }, (_, i) => (alone ? 1 : pattern(i + 5 * k))) }));
}

/** Numbers in [−1, 1] without a pattern that sums could hide, exact in float32. */
function pattern(i: number): number {
  const x = Math.round(64 * Math.cos(2.3 * i + 0.4));
  return (x === 0 ? 1 : x) / 64;
}
