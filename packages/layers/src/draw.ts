import { functor, isLayer, Tensor } from "@polyad/core";
import { Chain } from "./chain.js";
import { inputsFor, join, listOf, type Fn, type Fns } from "./layerFunctions.js";
import { testMode } from "./mode.js";
import { Parallel } from "./parallel.js";
import { showActivation } from "./show.js";
import { parameterCount } from "./size.js";
import { SkipConnection } from "./skipConnection.js";

/**
 * A picture of a model in Mermaid's language, which Markdown viewers draw: a box for each layer, with its number of
 * parameters, and arrows along which the data go. Chain, Parallel, SkipConnection and compose are drawn by their parts;
 * any other layer is one box. With example inputs, arrows say what goes along them: the model is applied once, in testMode.
 *
 * @throws what the model throws for the example.
 * @see `trace(f, ...args).toMermaid()`, which draws the primitives of any function.
 * @example
 * drawModel(Chain(Dense(2, 3, relu), softmax), zeros([5, 2], "float32"))
 * // flowchart TD
 * //   n0(["input"])
 * //   n1["Dense(2 => 3, relu)<br/>9 parameters"]
 * //   n0 -->|"float32[5, 2]"| n1
 * //   n2["softmax"]
 * //   n1 -->|"float32[5, 3]"| n2
 * //   n3(["output"])
 * //   n2 -->|"float32[5, 3]"| n3
 */
export function drawModel(model: Function, ...inputs: readonly unknown[]): string {
  const drawing = new Drawing();
  const starts = inputs.length === 0 ? [undefined] : inputs;
  const wires = starts.map((y, i): Wire => ({ node: drawing.node(starts.length === 1 ? "input" : `input ${i}`, ["([", "])"]), y, known: inputs.length > 0 }));
  const end = drawing.apply(testMode(model) as Fn, wires);
  drawing.arrows([end], drawing.node("output", ["([", "])"]));
  return drawing.lines.join("\n");
}

/** What comes out of a node. */
interface Wire {
  readonly node: string;
  readonly y: unknown;
  /** Whether y was computed: not without an example. */
  readonly known: boolean;
}

class Drawing {
  readonly lines = ["flowchart TD"];
  private readonly seen = new Map<unknown, string>();
  private count = 0;

  /** f of what comes along wires, as its parts or as one box. */
  apply(f: Fn, wires: readonly Wire[]): Wire {
    if (isPart(f, Chain)) return listOf(f.layers as Fns).reduce((now, layer) => [this.apply(layer, now)], wires)[0]!;
    if (isComposed(f)) return this.apply(f.outer, [this.apply(f.inner, wires)]);
    if (isPart(f, SkipConnection)) return this.box(f.connection as Fn, [this.apply(f.layer as Fn, wires), ...wires]);
    if (isPart(f, Parallel)) {
      const layers = listOf(f.layers as Fns);
      const [{ node, y, known }] = wires as [Wire];
      const several = wires.length === 1 && Array.isArray(y) ? y.map((part: unknown): Wire => ({ node, y: part, known })) : wires;
      const xs = inputsFor("Parallel", layers.length, several) as readonly Wire[];
      return this.box(f.connection as Fn, layers.map((layer, i) => this.apply(layer, [xs[i]!])), (...ys) => join("Parallel", f.connection as Fn, ys));
    }
    return this.box(f, wires);
  }

  node(label: string, [open, close]: readonly [string, string]): string {
    const id = `n${this.count++}`;
    this.lines.push(`  ${id}${open}${quoted(label)}${close}`);
    return id;
  }

  arrows(wires: readonly Wire[], to: string): void {
    for (const { node, y, known } of wires) this.lines.push(`  ${node} -->${known ? `|${quoted(kind(y))}|` : ""} ${to}`);
  }

  private box(f: Fn, wires: readonly Wire[], call: Fn = f): Wire {
    const first = this.seen.get(f);
    const node = this.node(isLayer(f) && first !== undefined ? `${head(f)}<br/>the same as ${first}` : withParameters(f), ["[", "]"]);
    if (first === undefined) this.seen.set(f, node);
    this.arrows(wires, node);
    const known = wires.every((wire) => wire.known);
    return { node, y: known ? call(...wires.map(({ y }) => y)) : undefined, known };
  }
}

function isPart<T>(f: Fn, type: { readonly prototype: T }): f is Fn & T {
  return type.prototype !== null && Object.prototype.isPrototypeOf.call(type.prototype, f);
}

function isComposed(f: Fn): f is Fn & { readonly outer: Fn; readonly inner: Fn } {
  return isLayer(f) && f[functor]()?.kind === "compose";
}

function withParameters(f: Fn): string {
  const count = parameterCount(f);
  return count === 0 ? head(f) : `${head(f)}<br/>${count === 1 ? "1 parameter" : `${count} parameters`}`;
}

/** A layer in one line. */
function head(f: Fn): string {
  if (!isLayer(f)) return showActivation(f);
  const [line, ...more] = String(f).split("\n") as [string, ...string[]];
  return more.length === 0 ? line : `${line}…)`;
}

function kind(y: unknown): string {
  if (y instanceof Tensor) return `${y.dtype}[${y.shape.join(", ")}]`;
  return Array.isArray(y) ? y.map(kind).join(", ") : typeof y;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', "#quot;")}"`;
}
