import { describe, expect, expectTypeOf, test } from "vitest";
import { PreparationMismatchError } from "../../src/errors.js";
import { trace, type Graph } from "../../src/graph/trace.js";
import { add } from "../../src/primitives/add.js";
import { exp } from "../../src/primitives/exp.js";
import { matmul } from "../../src/primitives/matmul.js";
import { mul } from "../../src/primitives/mul.js";
import { neg } from "../../src/primitives/neg.js";
import { reshape } from "../../src/primitives/reshape.js";
import { sin } from "../../src/primitives/sin.js";
import { slice } from "../../src/primitives/slice.js";
import { sum } from "../../src/primitives/sum.js";
import { topK } from "../../src/primitives/topK.js";
import { where } from "../../src/primitives/where.js";
import { ones, zeros } from "../../src/create.js";
import { Tensor, tensor, type Value } from "../../src/tensor.js";
import { Const } from "../../src/tree/activity.js";
import { pullback } from "../../../backend-tape/src/tape.js";
import { pushforward } from "../../../backend-forward/src/dual.js";

const x = tensor([[1, 2, 3], [4, 5, 6]]);

describe("printing", () => {
  test("equations, attributes, types", () => {
    const graph = trace((x: Tensor, w: Value) => {
      const h = matmul(x, x, { transposeB: true });
      const [top, at] = topK(mul(h, w), 1);
      return [sum(top, { axis: 0, keepDims: true }), at];
    }, x, 2);
    expect(String(graph)).toMatchInlineSnapshot(`
      "graph(x: float64[2, 3], w: number) {
        a = matmul(x, x, transposeB: true)      : float64[2, 2]
        b = mul(a, w)                           : float64[2, 2]
        (c, d) = topK(b, k: 1, axis: 1)         : float64[2, 1], int32[2, 1]
        e = sum(c, axis: [0], keepDims: true)   : float64[1, 1]
        return (e, d)
      }"
    `);
  });

  test("constants: numbers and scalars in place, others by number", () => {
    const w = tensor([1, 2, 3]);
    const b = ones([20, 2, 3], "float32");
    const graph = trace((x: Tensor) => {
      const y = add(mul(x, w), mul(w, 0.5));
      return [add(add(y, w), b), add(tensor(2), x), 1, w];
    }, x);
    expect(String(graph)).toMatchInlineSnapshot(`
      "graph(x: float64[2, 3]) {
        const1 = [1, 2, 3]       : float64[3]
        const2 = [0.5, 1, 1.5]   : float64[3]
        const3 = …               : float32[20, 2, 3]
        a = mul(x, const1)       : float64[2, 3]
        b = add(a, const2)       : float64[2, 3]
        c = add(b, const1)       : float64[2, 3]
        d = add(c, const3)       : float64[20, 2, 3]
        e = add(float64(2), x)   : float64[2, 3]
        return (d, e, 1, const1)
      }"
    `);
  });

  test("names: parameters and paths, letters that are not taken", () => {
    const model = { layers: [{ W: x, b: 1, act: "relu" }] };
    const graph = trace((c: { layers: { W: Tensor; b: Value }[] }, b: Value) => {
      const [layer] = c.layers as [{ W: Tensor; b: Value }];
      return add(add(layer.W, layer.b), neg(b));
    }, model, 3);
    expect(String(graph)).toMatchInlineSnapshot(`
      "graph(c.layers[0].W: float64[2, 3], c.layers[0].b: number, b: number) {
        a = add(c.layers[0].W, c.layers[0].b)   : float64[2, 3]
        d = neg(b)                              : number
        e = add(a, d)                           : float64[2, 3]
        return e
      }"
    `);
    expect(graph.inputNames).toEqual(["c.layers[0].W", "c.layers[0].b", "b"]);
    expect(trace((...xs: Value[]) => add(xs[0]!, xs[1]!), 1, 2).inputNames).toEqual(["x0", "x1"]);
    expect(trace(function f(a: Value, b: Value = 2) { return add(a, b); }, 1, 2).inputNames).toEqual(["a", "b"]);
    const many = trace((start: Value) => Array.from({ length: 30 }).reduce<Value>((y) => sin(y), start), 1);
    expect(String(many)).toContain("\n  ad = sin(ac)     : number\n  return ad\n");
  });

  test("long heads are broken", () => {
    const graph = trace((first: Tensor, second: Tensor, third: Tensor) => add(add(first, second), third), zeros([100, 100, 100]), zeros([100, 100, 100]), zeros([100, 100, 100]));
    expect(String(graph)).toMatchInlineSnapshot(`
      "graph(
        first: float64[100, 100, 100],
        second: float64[100, 100, 100],
        third: float64[100, 100, 100],
      ) {
        a = add(first, second)   : float64[100, 100, 100]
        b = add(a, third)        : float64[100, 100, 100]
        return b
      }"
    `);
  });

  test("a program without equations", () => {
    expect(String(trace((x: Value) => x, 1))).toBe("graph(x: number) {\n  return x\n}");
    expect(String(trace(() => null))).toBe("graph() {\n  return ()\n}");
  });

  test("drawings", () => {
    const graph = trace((x: Tensor) => ({ loss: sum(mul(sin(x), 0.5), { axis: 1 }), label: "a" }), x);
    expect(graph.toDot()).toMatchInlineSnapshot(`
      "digraph {
        n0 [shape=box, label="x"]
        n1 [shape=ellipse, label="sin(·)"]
        n2 [shape=ellipse, label="mul(·, 0.5)"]
        n3 [shape=ellipse, label="sum(·, axis: [1])"]
        n4 [shape=doublecircle, label="out"]
        n0 -> n1 [label="float64[2, 3]"]
        n1 -> n2 [label="float64[2, 3]"]
        n2 -> n3 [label="float64[2, 3]"]
        n3 -> n4 [label="float64[2]"]
      }"
    `);
    expect(graph.toMermaid()).toMatchInlineSnapshot(`
      "flowchart TD
        n0["x"]
        n1("sin(·)")
        n2("mul(·, 0.5)")
        n3("sum(·, axis: [1])")
        n4(("out"))
        n0 -->|"float64[2, 3]"| n1
        n1 -->|"float64[2, 3]"| n2
        n2 -->|"float64[2, 3]"| n3
        n3 -->|"float64[2]"| n4"
    `);
  });
});

describe("evaluating", () => {
  test("gives what f gives, in f's form", () => {
    class Point {
      constructor(readonly at: Value, readonly label: string) {}
      shifted(by: number): Value {
        return add(this.at, by);
      }
    }
    const f = (p: { a: Value; b: { t: Tensor; s: string } }, k: Value): { sum: Value; list: unknown[]; map: Map<string, Value>; point: Point } => ({
      sum: add(p.a, k),
      list: [sum(p.b.t), p.b.s, null, 3],
      map: new Map([["k", neg(k)]]),
      point: new Point(exp(p.a), "p"),
    });
    const graph = trace(f, { a: 1, b: { t: x, s: "text" } }, 2);
    const result = graph.evaluate({ a: 5, b: { t: mul(x, 2), s: "text" } }, 7);
    expect(result.sum).toBe(12);
    expect(result.list).toEqual([tensor(42), "text", null, 3]);
    expect(result.map.get("k")).toBe(-7);
    expect(result.point).toBeInstanceOf(Point);
    expect(result.point.at).toBe(Math.exp(5));
    expect(graph.size).toBe(4);
    expect([graph.inputs.length, graph.equations.length, graph.outputs.length]).toEqual([3, 4, 5]);
    expectTypeOf(graph.evaluate).returns.toHaveProperty("map");
  });

  test("typed arrays are tensors inside, numbers stay numbers", () => {
    const graph = trace((x, k) => add(mul(x, 2), k), new Float32Array([1, 2]), 3);
    const y = graph.evaluate(new Float32Array([5, 6]), 1);
    expect(y).toEqual(tensor(new Float32Array([11, 13])));
    expectTypeOf(graph).toEqualTypeOf<Graph<[Float32Array<ArrayBuffer>, number], Tensor>>();
  });

  test("outputs may be inputs or constants", () => {
    const graph = trace((x: Value) => [x, 4, x], 2);
    expect(graph.evaluate(7)).toEqual([7, 4, 7]);
  });

  test("what f captures is constant, once by identity", () => {
    let k = 2;
    const w = tensor([1, 2, 3]);
    const graph = trace((x: Tensor) => mul(add(mul(x, w), w), k), x);
    k = 100;
    expect(graph.evaluate(ones([2, 3]))).toEqual(tensor([[4, 8, 12], [4, 8, 12]]));
    const constants = graph.equations.flatMap((e) => e.inputs).filter((v) => v instanceof Tensor);
    expect(constants).toEqual([w, w]);
    expect(constants[0]).toBe(constants[1]);
  });

  test("Const arguments are constants, too", () => {
    const w = tensor([1, 2, 3]);
    const graph = trace((x, w) => mul(x, w), x, Const(w));
    expect(graph.inputs.length).toBe(1);
    expect(graph.evaluate(x, Const(w)).shape).toEqual([2, 3]);
    expect(() => graph.evaluate(x, Const(tensor([1, 2, 3])))).toThrow("w: expected a float64 tensor of shape [3], which is fixed, got a float64 tensor of shape [3]");
  });

  test("with tracers of other engines, which differentiate it", () => {
    const f = (x: Value): Value => mul(sin(x), exp(x));
    const graph = trace(f, 1);
    const derivative = (x: number): number => Math.exp(x) * (Math.sin(x) + Math.cos(x));
    expect(pullback(([t]) => [graph.evaluate(t!)], [0.3]).pull([1])[0]).toBeCloseTo(derivative(0.3), 14);
    expect(pushforward(([t]) => [graph.evaluate(t!)], [0.3], [[1]]).tangents[0]![0]).toBeCloseTo(derivative(0.3), 14);
    // and inside another capture
    const outer = trace((x: Value) => graph.evaluate(neg(x)), 2);
    expect(outer.size).toBe(4);
    expect(outer.evaluate(-0.3)).toBe(f(0.3));
  });

  test("a captured value of an enclosing trace is a constant that stays differentiable inside that trace", () => {
    const run = ([a]: readonly Value[]): Value[] => {
      const graph = trace((x: Value) => mul(mul(a!, a!), x), 1);
      expect(graph.size).toBe(1);
      return [graph.evaluate(5)];
    };
    expect(pullback(run, [3]).pull([1])).toEqual([30]);
    let kept: Graph<[number], Value> | null = null;
    pullback(([a]) => [(kept = trace((x) => mul(a!, x), 1)).evaluate(1)], [3]);
    expect(() => kept!.evaluate(1)).toThrow("mul: a value traced by tape was used after that had finished.");
    expect(String(kept)).toContain("mul(const1, x)");
  });

  test("the derivative of f is a program, too", () => {
    const f = (x: Value): Value => mul(x, mul(x, x));
    const third = trace((x: Value) => pullback(([t]) => pullback(([s]) => [f(s!)], [t!]).pull([1]) as Value[], [x]).pull([1])[0]!, 2);
    expect(third.evaluate(5)).toBe(30);
  });
});

describe("refusals", () => {
  const byValue = "A value was read while a graph was being captured, when only shapes and dtypes are known. Choose by value with where(condition, a, b)";

  test("reading a value names where()", () => {
    expect(() => trace((x: Tensor) => (x.item() > 0 ? x : neg(x)), tensor(1))).toThrow(byValue);
    expect(() => trace((x: Tensor) => x.toArray(), x)).toThrow(byValue);
    expect(() => trace((x: Tensor) => x.dataSync(), x)).toThrow(byValue);
    expect(() => trace((x: Value) => ((x as number) > 0 ? x : 0), 1)).toThrow("A traced value was used where JavaScript needs a plain number");
    expect(trace((x: Tensor) => where(x, x, 0), x).size).toBe(1);
    expect(trace((x: Tensor) => reshape(x, [x.size]), x).evaluate(x).shape).toEqual([6]);
  });

  test("an asynchronous f", async () => {
    expect(() => trace(async (x: Tensor) => sum(x), x)).toThrow("trace: f returned a promise. It must be synchronous");
    expect(() => trace(async (x: Tensor) => (await x.data())[0], x)).toThrow("trace: f returned a promise.");
    await new Promise((done) => setTimeout(done));
  });

  test("no function, and values that escaped", () => {
    // @ts-expect-error neither a function nor a matrix
    expect(() => trace("f")).toThrow('trace: expected a function to capture, or a matrix, got the string "f".');
    expect(trace(tensor([[1, 2], [3, 4]])).item()).toBe(5);
    let escaped: Tensor | null = null;
    trace((x: Tensor) => (escaped = sin(x)), x);
    expect(() => sin(escaped!)).toThrow("sin: a value traced by capture was used after that had finished.");
  });

  test("arguments unlike the captured ones: every part is named", () => {
    const graph = trace((model: { W: Tensor; b: Value; act: string }, x: Tensor) => add(mul(model.W, x), model.b), { W: x, b: 1, act: "relu" }, tensor(1));
    const call = (...args: readonly unknown[]): unknown => (graph.evaluate as (...args: readonly unknown[]) => unknown).call(graph, ...args);
    const wrong = (): unknown => call({ W: slice(x, 0), b: tensor(1), act: "tanh" }, new Float32Array(1));
    expect(wrong).toThrow(PreparationMismatchError);
    expect(wrong).toThrowErrorMatchingInlineSnapshot(`
      [PreparationMismatchError: Graph.evaluate: 4 of 4 parts of the arguments are unlike those of the capture:
        model.W: expected float64[2, 3], got float64[3]
        model.b: expected number, got float64[]
        model.act: expected the string "relu", which is fixed, got the string "tanh"
        x: expected float64[], got float32[1]
      Capture again with trace().]
    `);
    expect(() => call({ W: x, b: 1, act: "relu" })).toThrow("Graph.evaluate: expected 2 arguments, got 1.");
    expect(() => call({ W: x, b: [1], act: "relu" }, tensor(1))).toThrow("the arguments are built unlike those of the capture, at model.b: ");
    expect(() => call({ W: x, b: null, act: 3 }, tensor(1))).toThrow('model.b: expected number, got null\n  model.act: expected the string "relu", which is fixed, got number');
  });
});
