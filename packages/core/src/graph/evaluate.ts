import type { Output } from "../primitive.js";
import type { Value } from "../tensor.js";
import { bind } from "../trace.js";
import { isVariable, type FlatGraph, type GraphValue } from "./graph.js";

/** Runs a graph on values: numbers, tensors, or tracers of any engine. */
export function evaluateGraph({ inputs, equations, outputs }: FlatGraph, xs: readonly Value[]): Value[] {
  const values: Value[] = [];
  inputs.forEach((v, i) => (values[v.id] = xs[i]!));
  const read = (x: GraphValue): Value => (isVariable(x) ? values[x.id]! : x);
  for (const { primitive, attrs, inputs: operands, outputs: results } of equations) {
    const out: Output = bind(primitive, operands.map(read), attrs);
    if (Array.isArray(out)) results.forEach((v, k) => (values[v.id] = (out as readonly Value[])[k]!));
    else values[results[0]!.id] = out as Value;
  }
  return outputs.map(read);
}
