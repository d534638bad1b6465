import { expect, test } from "vitest";
import { pullback } from "../packages/backend-tape/src/tape.js";
import { capture, exp, isVariable, matmul, mul, sum, tensor, topK, where, type Equation, type GraphValue, type Tensor, type Value } from "@polyad/core/extend";

// A sketch of an ONNX lowering: what a captured graph must say for a compiled engine to be written over it. It covers the
// primitives that a function of the hardest few and its captured gradient use, and checks the result to be well-formed.

interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, unknown>>;
}

class Lowering {
  readonly nodes: Node[] = [];
  readonly initializers = new Map<string, { dtype: string; shape: readonly number[] }>();

  name(x: GraphValue): string {
    if (isVariable(x)) return `v${x.id}`;
    const name = `c${this.initializers.size}`;
    this.initializers.set(name, typeof x === "number" ? { dtype: "float64", shape: [] } : { dtype: x.dtype, shape: x.shape });
    return name;
  }

  /** An int64 constant, as ONNX takes shapes, axes and counts. */
  ints(values: readonly number[]): string {
    const name = `c${this.initializers.size}`;
    this.initializers.set(name, { dtype: "int64", shape: [values.length] });
    return name;
  }

  emit(op: string, inputs: readonly string[], attributes?: Readonly<Record<string, unknown>>, outputs: readonly string[] = [`t${this.nodes.length}`]): string {
    this.nodes.push({ op, inputs, outputs, ...(attributes && { attributes }) });
    return outputs[0]!;
  }
}

type Rule = (to: Lowering, e: Equation, inputs: readonly string[], outputs: readonly string[]) => void;

const simple = (op: string): Rule => (to, _e, inputs, outputs) => void to.emit(op, inputs, undefined, outputs);
const withShape = (op: string): Rule => (to, e, [x], outputs) => void to.emit(op, [x!, to.ints(e.outputs[0]!.shape)], undefined, outputs);
const rank = (x: GraphValue): number => (typeof x === "number" ? 0 : x.shape.length);

const rules: Readonly<Record<string, Rule>> = {
  add: simple("Add"),
  mul: simple("Mul"),
  neg: simple("Neg"),
  exp: simple("Exp"),
  reshape: withShape("Reshape"),
  broadcastTo: withShape("Expand"),
  cast: (to, e, inputs, outputs) => void to.emit("Cast", inputs, { to: e.outputs[0]!.dtype }, outputs),
  where: (to, _e, [cond, x, y], outputs) => void to.emit("Where", [to.emit("Cast", [cond!], { to: "bool" }), x!, y!], undefined, outputs),
  sum: (to, e, [x], outputs) => {
    const { axis, keepDims } = e.attrs as { axis: readonly number[]; keepDims: boolean };
    to.emit("ReduceSum", [x!, to.ints(axis)], { keepdims: Number(keepDims) }, outputs);
  },
  matmul: (to, e, inputs, outputs) => {
    const { transposeA, transposeB } = e.attrs as { transposeA: boolean; transposeB: boolean };
    const operand = (i: number, flag: boolean): string => {
      if (!flag) return inputs[i]!;
      const n = rank(e.inputs[i]!);
      return to.emit("Transpose", [inputs[i]!], { perm: [...Array.from({ length: n - 2 }, (_, k) => k), n - 1, n - 2] });
    };
    to.emit("MatMul", [operand(0, transposeA), operand(1, transposeB)], undefined, outputs);
  },
  topK: (to, e, [x], outputs) => {
    const { k, axis } = e.attrs as { k: number; axis: number };
    to.emit("TopK", [x!, to.ints([k])], { axis, largest: 1, sorted: 1 }, outputs);
  },
  gather: (to, e, inputs, outputs) => void to.emit("Gather", inputs, { axis: (e.attrs as { axis: number }).axis }, outputs),
  // Adding at equal positions is a ScatterElements with a reduction, over indices expanded to the updates' shape.
  scatterAdd: (to, e, inputs, outputs) => void to.emit("ScatterElements", inputs, { axis: (e.attrs as { axis: number }).axis, reduction: "add" }, outputs),
  less: simple("Less"),
};

const x = tensor([[1, 2], [3, -1]]);
const w = tensor([[0.5, -1, 2], [1, 0.25, -0.5]]);
const f = ([a, b]: readonly Value[]): readonly Value[] => {
  const h = matmul(a as Tensor, b as Tensor);
  const [top] = topK(where(tensor([[true, false, true], [false, true, true]]), exp(mul(h, 0.1)), mul(h, h)), 2);
  return [sum(mul(top, top))];
};

test.each(["value", "gradient"])("the captured %s lowers to a well-formed program", (what) => {
  const avals = [x, w].map(({ shape, dtype }) => ({ shape, dtype, weak: false }));
  const graph = capture(what === "value" ? f : (xs) => pullback(f, xs).pull([tensor(1)]) as readonly Value[], avals);
  const to = new Lowering();
  for (const e of graph.equations) {
    const rule = rules[e.primitive.name];
    expect(rule, `no rule for ${e.primitive.name}`).toBeDefined();
    rule!(to, e, e.inputs.map((v) => to.name(v)), e.outputs.map((v) => `v${v.id}`));
  }
  const known = new Set([...graph.inputs.map((v) => `v${v.id}`), ...to.initializers.keys()]);
  for (const { inputs, outputs, op } of to.nodes) {
    for (const name of inputs) expect(known.has(name), `${op} reads ${name} before it is computed`).toBe(true);
    for (const name of outputs) {
      expect(known.has(name), `${name} is computed twice`).toBe(false);
      known.add(name);
    }
  }
  for (const y of graph.outputs) expect(isVariable(y) && known.has(`v${y.id}`)).toBe(true);
  expect(graph.outputs.map((y) => (isVariable(y) ? y.shape : []))).toEqual(what === "value" ? [[]] : [[2, 2], [2, 3]]);
});
