import type { Output } from "../primitive.js";
import { sizeOf } from "../shape.js";
import { hostDevice, Tensor, type Value } from "../tensor.js";
import { at } from "../trace.js";
import { isVariable, type Equation, type FlatGraph, type GraphValue } from "./graph.js";

/**
 * Passes take a graph and give another that computes the same, bit for bit, from the same inputs. They keep the
 * numbers of variables, so that a value can be followed through them.
 */

/** Elements up to which a constant is computed beforehand, or compared by value. */
const foldLimit = 4096;
const compareLimit = 64;

/** All passes, in the order in which one round reaches a fixpoint: nothing is left for a second. */
export function optimize(graph: FlatGraph): FlatGraph {
  return eliminateDeadCode(shareSubexpressions(foldConstants(eliminateDeadCode(graph))));
}

/** Without the equations on which no output depends. Inputs stay, also unused ones. */
export function eliminateDeadCode(graph: FlatGraph): FlatGraph {
  const needed = new Set<number>();
  const need = (x: GraphValue): void => {
    if (isVariable(x)) needed.add(x.id);
  };
  graph.outputs.forEach(need);
  const equations: Equation[] = [];
  for (let i = graph.equations.length - 1; i >= 0; i--) {
    const equation = graph.equations[i]!;
    if (!equation.outputs.some((v) => needed.has(v.id))) continue;
    equation.inputs.forEach(need);
    equations.push(equation);
  }
  return { ...graph, equations: equations.reverse() };
}

/** With each expression computed once: the same primitive of the same operands with the same attributes. */
export function shareSubexpressions(graph: FlatGraph): FlatGraph {
  const keys = new Keys();
  const first = new Map<string, Equation>();
  return rewrite(graph, (equation) => {
    const key = keys.ofEquation(equation);
    const same = first.get(key);
    if (same === undefined) first.set(key, equation);
    return same?.outputs ?? null;
  });
}

/**
 * With everything computed that depends on constants alone. A result of more than `limit` elements stays an equation,
 * unless it is no larger than its operands; so does what throws, to throw when it is run, and what an enclosing trace
 * or another device computes.
 */
export function foldConstants(graph: FlatGraph, limit: number = foldLimit): FlatGraph {
  return rewrite(graph, ({ primitive, attrs, inputs, outputs }) => {
    let size = 0;
    for (const x of inputs) {
      if (isVariable(x) || !isPlain(x)) return null;
      size += typeof x === "number" ? 1 : x.size;
    }
    if (outputs.some(({ shape }) => sizeOf(shape) > Math.max(limit, size))) return null;
    try {
      const out: Output = at(null, () => primitive.evaluate(inputs as readonly Value[], attrs));
      return Array.isArray(out) ? (out as readonly Value[]) : [out as Value];
    } catch {
      return null;
    }
  });
}

/** With some inputs, by position, fixed to values; the others remain. */
export function fixInputs(graph: FlatGraph, fixed: ReadonlyMap<number, Value>): FlatGraph {
  const known = new Map<number, GraphValue>();
  graph.inputs.forEach((v, i) => {
    const value = fixed.get(i);
    if (value !== undefined) known.set(v.id, value);
  });
  return rewrite({ ...graph, inputs: graph.inputs.filter((v) => !known.has(v.id)) }, () => null, known);
}

/** Walks the equations in order; where `replace` gives values for an equation's results, these take its place. */
function rewrite(
  { inputs, equations, outputs }: FlatGraph,
  replace: (equation: Equation) => readonly GraphValue[] | null,
  known: Map<number, GraphValue> = new Map(),
): FlatGraph {
  const read = (x: GraphValue): GraphValue => (isVariable(x) ? (known.get(x.id) ?? x) : x);
  const kept: Equation[] = [];
  for (const original of equations) {
    const changes = original.inputs.some((x) => read(x) !== x);
    const equation = changes ? { ...original, inputs: original.inputs.map(read) } : original;
    const values = replace(equation);
    if (values === null) kept.push(equation);
    else equation.outputs.forEach((v, k) => known.set(v.id, values[k]!));
  }
  return { inputs, equations: kept, outputs: outputs.map(read) };
}

/** A number or a tensor in host memory that no trace watches. */
function isPlain(x: Value): boolean {
  return typeof x === "number" || (x.trace === null && x.device === hostDevice);
}

/** Texts that are equal where values are interchangeable. */
class Keys {
  private readonly identities = new Map<unknown, number>();

  ofEquation({ primitive, inputs, attrs }: Equation): string {
    return `${this.identity(primitive)}(${inputs.map((x) => this.operand(x)).join()})${this.attribute(attrs)}`;
  }

  private operand(x: GraphValue): string {
    return isVariable(x) ? `v${x.id}` : this.attribute(x);
  }

  /** Numbers, strings, arrays and plain objects by what they hold, small tensors too; everything else by identity. */
  private attribute(x: unknown): string {
    if (typeof x === "number") return Object.is(x, -0) ? "-0" : String(x);
    if (typeof x === "string") return JSON.stringify(x);
    if (typeof x !== "object" || x === null) return typeof x === "function" || typeof x === "symbol" ? this.identity(x) : String(x);
    if (x instanceof Tensor) {
      if (!isPlain(x) || x.size > compareLimit) return this.identity(x);
      return `${x.dtype}[${x.shape.join()}](${Array.from(x.dataSync(), (v) => this.attribute(v)).join()})`;
    }
    if (Array.isArray(x)) return `[${x.map((part) => this.attribute(part)).join()}]`;
    if (Object.getPrototypeOf(x) !== Object.prototype) return this.identity(x);
    const entries = Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${this.attribute(value)}`).join()}}`;
  }

  private identity(x: unknown): string {
    const known = this.identities.get(x) ?? this.identities.size;
    this.identities.set(x, known);
    return `@${known}`;
  }
}
