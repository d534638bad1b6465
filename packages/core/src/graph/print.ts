import type { Aval } from "../primitive.js";
import { showShape } from "../shape.js";
import { describe, showElements, Tensor } from "../tensor.js";
import { isVariable, type Equation, type FlatGraph, type GraphValue } from "./graph.js";

/** Longest text of a constant's elements, and of a head on one line. */
const elementsWidth = 48;
const headWidth = 100;
/** Column up to which types are aligned. */
const typeColumn = 72;

/** A graph as text: one equation a line, results named a, b, …, types at the right. */
export function printGraph(graph: FlatGraph, inputNames: readonly string[]): string {
  const names = new Names(graph, inputNames);
  const inputs = graph.inputs.map((v) => `${names.of(v)}: ${showAval(v)}`);
  const head = `graph(${inputs.join(", ")}) {`;
  const rows = graph.equations.map((equation) => [
    `${tuple(equation.outputs.map((v) => names.of(v)))} = ${names.call(equation, (x) => names.of(x))}`,
    equation.outputs.map(showAval).join(", "),
  ] as const);
  const result = tuple(graph.outputs.map((x) => names.of(x)));
  const all = [...names.constants, ...rows];
  const width = all.reduce((most, [left]) => (left.length <= typeColumn ? Math.max(most, left.length) : most), 0);
  return [
    head.length <= headWidth ? head : `graph(\n${inputs.map((x) => `  ${x},\n`).join("")}) {`,
    ...all.map(([left, type]) => `  ${left.padEnd(width)}   : ${type}`),
    `  return ${result}`,
    "}",
  ].join("\n");
}

/** What graphs call their values: inputs by the names given, results by letters, larger constants by number. */
export class Names {
  /** The declarations of constants, and their types. */
  readonly constants: readonly (readonly [string, string])[];
  private readonly variables = new Map<number, string>();
  private readonly tensors = new Map<Tensor, string>();

  constructor({ inputs, equations, outputs }: FlatGraph, inputNames: readonly string[]) {
    inputs.forEach((v, i) => this.variables.set(v.id, inputNames[i] ?? `x${i}`));
    const taken = new Set([...this.variables.values()].map((name) => /^[^.[]*/.exec(name)![0]));
    const constants: (readonly [string, string])[] = [];
    const declare = (x: GraphValue): void => {
      if (typeof x === "number" || isVariable(x) || this.tensors.has(x) || inline(x) !== null) return;
      const name = `const${constants.length + 1}`;
      this.tensors.set(x, name);
      constants.push([`${name} = ${elementsOf(x)}`, showAval(x)]);
    };
    let count = 0;
    for (const equation of equations) {
      equation.inputs.forEach(declare);
      for (const v of equation.outputs) {
        let name = letters(count++);
        while (taken.has(name)) name = letters(count++);
        this.variables.set(v.id, name);
      }
    }
    outputs.forEach(declare);
    this.constants = constants;
  }

  of(x: GraphValue): string {
    if (typeof x === "number") return showNumber(x);
    if (isVariable(x)) return this.variables.get(x.id) ?? `?${x.id}`;
    return this.tensors.get(x) ?? inline(x) ?? showAval(x);
  }

  /** `matmul(x, w, transposeB: true)`, with operands named by `show`. */
  call({ primitive, inputs, attrs }: Equation, show: (x: GraphValue) => string): string {
    const custom = primitive.print(attrs);
    const text = custom === JSON.stringify(attrs) ? showAttributes(attrs) : custom;
    return `${primitive.name}(${[...inputs.map(show), ...(text === "" ? [] : [text])].join(", ")})`;
  }
}

/** `float64[2, 3]`, or `number` for what stands for a plain number. */
export function showAval({ shape, dtype, weak }: Aval): string {
  return weak ? "number" : `${dtype}${showShape(shape)}`;
}

function tuple(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `(${names.join(", ")})`;
}

/** a, b, …, z, aa, ab, … */
function letters(n: number): string {
  const last = String.fromCharCode(97 + (n % 26));
  return n < 26 ? last : letters(Math.floor(n / 26) - 1) + last;
}

/** Readable scalars stand where they are used. */
function inline(x: Tensor): string | null {
  if (x.ndim > 0 || x.trace !== null || x.device.reads !== "sync") return null;
  return `${x.dtype}(${showNumber(x.item())})`;
}

function elementsOf(x: Tensor): string {
  if (x.trace !== null) return `traced by ${x.trace.kind}`;
  if (x.device.reads !== "sync") return `on ${x.device.name}`;
  const text = showElements(x.shape, x.dataSync());
  return text.length <= elementsWidth ? text : "…";
}

function showNumber(x: number): string {
  return Object.is(x, -0) ? "-0" : String(x);
}

/** `axis: [0], keepDims: true`; flags that are off go without saying. */
function showAttributes(attrs: unknown): string {
  if (attrs === null || attrs === undefined) return "";
  if (typeof attrs !== "object" || Array.isArray(attrs) || attrs instanceof Tensor) return show(attrs);
  return entries(attrs).join(", ");
}

function entries(x: object): string[] {
  return Object.entries(x).filter(([, value]) => value !== false && value !== undefined).map(([key, value]) => `${key}: ${show(value)}`);
}

function show(x: unknown): string {
  if (typeof x === "number") return showNumber(x);
  if (typeof x === "string") return JSON.stringify(x);
  if (Array.isArray(x)) return `[${x.map(show).join(", ")}]`;
  if (x instanceof Tensor) return showAval(x);
  if (typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype) return `{ ${entries(x).join(", ")} }`;
  return typeof x === "boolean" || x === null ? String(x) : describe(x);
}
