import { isVariable, type FlatGraph, type GraphValue } from "./graph.js";
import { Names, showAval } from "./print.js";

interface Drawing {
  readonly nodes: readonly { readonly id: string; readonly label: string; readonly kind: "input" | "equation" | "output" }[];
  /** From where a value comes to where it goes. */
  readonly edges: readonly { readonly from: string; readonly to: string; readonly label: string }[];
}

/** A graph in Graphviz's language: `dot -Tsvg`. */
export function drawDot(graph: FlatGraph, inputNames: readonly string[]): string {
  const { nodes, edges } = draw(graph, inputNames);
  const quote = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const shapes = { input: "box", equation: "ellipse", output: "doublecircle" } as const;
  return [
    "digraph {",
    ...nodes.map(({ id, label, kind }) => `  ${id} [shape=${shapes[kind]}, label=${quote(label)}]`),
    ...edges.map(({ from, to, label }) => `  ${from} -> ${to} [label=${quote(label)}]`),
    "}",
  ].join("\n");
}

/** A graph in Mermaid's language, which Markdown viewers draw. */
export function drawMermaid(graph: FlatGraph, inputNames: readonly string[]): string {
  const { nodes, edges } = draw(graph, inputNames);
  const quote = (text: string): string => `"${text.replaceAll('"', "#quot;")}"`;
  const around = { input: ["[", "]"], equation: ["(", ")"], output: ["((", "))"] } as const;
  return [
    "flowchart TD",
    ...nodes.map(({ id, label, kind }) => `  ${id}${around[kind][0]}${quote(label)}${around[kind][1]}`),
    ...edges.map(({ from, to, label }) => `  ${from} -->|${quote(label)}| ${to}`),
  ].join("\n");
}

/** Inputs, equations and outputs; constants are written into the equations that use them. */
function draw(graph: FlatGraph, inputNames: readonly string[]): Drawing {
  const names = new Names(graph, inputNames);
  const source = new Map<number, string>();
  const nodes: Drawing["nodes"][number][] = [];
  const edges: Drawing["edges"][number][] = [];
  const add = (label: string, kind: "input" | "equation" | "output", operands: readonly GraphValue[]): string => {
    const id = `n${nodes.length}`;
    nodes.push({ id, label, kind });
    for (const x of operands) if (isVariable(x)) edges.push({ from: source.get(x.id)!, to: id, label: showAval(x) });
    return id;
  };
  const placeholder = (x: GraphValue): string => (isVariable(x) ? "·" : names.of(x));
  for (const v of graph.inputs) source.set(v.id, add(names.of(v), "input", []));
  for (const equation of graph.equations) {
    const id = add(names.call(equation, placeholder), "equation", equation.inputs);
    for (const v of equation.outputs) source.set(v.id, id);
  }
  graph.outputs.forEach((x, i) => add(isVariable(x) ? `out${graph.outputs.length === 1 ? "" : i}` : names.of(x), "output", [x]));
  return { nodes, edges };
}
