import { describe, expect, test } from "vitest";
import { zeros } from "../../src/create.js";
import type { FlatFunction } from "../../src/backend.js";
import { capture } from "../../src/graph/capture.js";
import { evaluateGraph } from "../../src/graph/evaluate.js";
import type { FlatGraph } from "../../src/graph/graph.js";
import { eliminateDeadCode, fixInputs, foldConstants, optimize, shareSubexpressions } from "../../src/graph/passes.js";
import { printGraph } from "../../src/graph/print.js";
import { trace } from "../../src/graph/trace.js";
import { definePrimitive } from "../../src/primitive.js";
import { add } from "../../src/primitives/add.js";
import { broadcastTo } from "../../src/primitives/broadcastTo.js";
import { concat } from "../../src/primitives/concat.js";
import { cos } from "../../src/primitives/cos.js";
import { gather } from "../../src/primitives/gather.js";
import { matmul } from "../../src/primitives/matmul.js";
import { mul } from "../../src/primitives/mul.js";
import { reshape } from "../../src/primitives/reshape.js";
import { sin } from "../../src/primitives/sin.js";
import { slice } from "../../src/primitives/slice.js";
import { sub } from "../../src/primitives/sub.js";
import { sum } from "../../src/primitives/sum.js";
import { tanh } from "../../src/primitives/tanh.js";
import { topK } from "../../src/primitives/topK.js";
import { transpose } from "../../src/primitives/transpose.js";
import { where } from "../../src/primitives/where.js";
import { generator, rand, randn, type RandomGenerator } from "../../src/random.js";
import { kindOf, shapeOf, Tensor, tensor, type Value } from "../../src/tensor.js";
import { pullback } from "../../../backend-tape/src/tape.js";

function captured(f: FlatFunction, xs: readonly Value[]): FlatGraph {
  return capture(f, xs.map((x) => ({ shape: shapeOf(x), dtype: typeof x === "number" ? "float64" : x.dtype, weak: kindOf(x) === "number" })));
}

const names = (graph: FlatGraph): string[] => graph.equations.map((e) => e.primitive.name);
const print = (graph: FlatGraph): string => printGraph(graph, graph.inputs.map((_, i) => `x${i}`));

/** Bit for bit: kinds, shapes and elements, telling 0 from -0. */
const bits = (ys: readonly Value[]): unknown[] => ys.map((y) => (typeof y === "number" ? y : { dtype: y.dtype, shape: y.shape, data: y.dataSync() }));

describe("dead code", () => {
  test("what no output needs is dropped, a result of several is kept for one of them", () => {
    const graph = captured(([x]) => {
      sin(mul(x!, 2));
      const [, at] = topK(x!, 1);
      return [at];
    }, [tensor([1, 2])]);
    expect(names(graph)).toEqual(["mul", "sin", "topK"]);
    expect(names(eliminateDeadCode(graph))).toEqual(["topK"]);
    expect(eliminateDeadCode(captured(([x, y]) => [sin(x!), y!], [1, 2])).inputs.length).toBe(2);
  });
});

describe("common subexpressions", () => {
  const shared = (f: FlatFunction, ...xs: Value[]): string[] => names(shareSubexpressions(captured(f, xs)));

  test("the same primitive of the same operands, through several levels", () => {
    expect(shared(([x]) => [add(sin(mul(x!, 2)), sin(mul(x!, 2)))], 1)).toEqual(["mul", "sin", "add"]);
    expect(shared(([x]) => [...topK(x!, 1), ...topK(x!, 1)], tensor([1, 2]))).toEqual(["topK"]);
  });

  test("attributes count", () => {
    const x = tensor([[1, 2], [3, 4]]);
    expect(shared(([x]) => [sum(x!, { axis: 0 }), sum(x!, { axis: 1 }), sum(x!, { axis: [-2] })], x)).toEqual(["sum", "sum"]);
    expect(shared(([x]) => [slice(x as Tensor, [0, 1]), slice(x as Tensor, [0, 1, 1]), slice(x as Tensor, [1, 2])], x)).toEqual(["slice", "slice"]);
  });

  test("constants: numbers by value, small tensors too, large ones by identity", () => {
    expect(shared(([x]) => [mul(x!, 0), mul(x!, -0), mul(x!, 0), mul(x!, NaN), mul(x!, NaN)], 1)).toEqual(["mul", "mul", "mul"]);
    expect(shared(([x]) => [mul(x!, [1, 2]), mul(x!, [1, 2]), mul(x!, new Float32Array([1, 2])), mul(x!, [[1, 2]])], 1).length).toBe(3);
    const [a, b] = [zeros([1000]), zeros([1000])];
    expect(shared(([x]) => [mul(x!, a), mul(x!, b), mul(x!, a)], 1).length).toBe(2);
  });

  test("functions in attributes by identity", () => {
    const apply = definePrimitive<readonly [Value], Value, { f: (x: number) => number }, (x: Value, f: (x: number) => number) => Value>({
      name: "apply",
      elementwise: true,
      parse: (x, f) => [[x], { f }],
      shape: ([x]) => shapeOf(x),
      evaluate: ([x], { f }) => f(x as number),
    });
    const double = (x: number): number => 2 * x;
    expect(shared(([x]) => [apply(x!, double), apply(x!, double), apply(x!, (y) => 2 * y)], 1)).toEqual(["apply", "apply"]);
  });
});

describe("constants", () => {
  test("what depends on fixed inputs alone is computed", () => {
    const f: FlatFunction = ([x, k]) => [mul(x!, add(sin(k!), 1)), cos(k!)];
    const graph = foldConstants(fixInputs(captured(f, [tensor([1, 2]), 0.5]), new Map([[1, 0.5]])));
    expect(names(graph)).toEqual(["mul"]);
    expect(graph.inputs.length).toBe(1);
    expect(graph.outputs[1]).toBe(Math.cos(0.5));
    expect(bits(evaluateGraph(graph, [tensor([1, 2])]))).toEqual(bits(f([tensor([1, 2]), 0.5])));
  });

  test("large results stay equations, unless their operands are as large", () => {
    const f: FlatFunction = ([x]) => [broadcastTo(x!, [1e7])];
    const graph = fixInputs(captured(f, [tensor(1)]), new Map([[0, tensor(1)]]));
    expect(names(optimize(graph))).toEqual(["broadcastTo"]);
    const small: FlatFunction = ([x]) => [sum(mul(x!, 2))];
    const folded = foldConstants(fixInputs(captured(small, [zeros([10_000])]), new Map([[0, zeros([10_000])]])));
    expect(names(folded)).toEqual([]);
    expect(names(foldConstants(graph, 1e8))).toEqual([]);
  });

  test("what throws, throws when it is run", () => {
    const f: FlatFunction = ([x, at]) => [gather(x!, at!)];
    const [x, at] = [tensor([1, 2]), tensor([7], null, "int32")];
    const graph = optimize(fixInputs(captured(f, [x, at]), new Map([[0, x], [1, at]])));
    expect(names(graph)).toEqual(["gather"]);
    expect(() => evaluateGraph(graph, [])).toThrow("gather");
  });

  test("values of an enclosing trace are left to it", () => {
    const run: FlatFunction = ([a]) => {
      const graph = fixInputs(captured(([x, k]) => [mul(sin(k!), x!)], [1, 1]), new Map([[1, a!]]));
      expect(names(optimize(graph))).toEqual(["sin", "mul"]);
      return evaluateGraph(optimize(graph), [2]);
    };
    expect(pullback(run, [0.5]).pull([1])[0]).toBeCloseTo(2 * Math.cos(0.5), 15);
  });
});

/** A random program over matrices [3, 3], vectors and numbers, with repetitions, dead code and constants: all drawn before it runs. */
function randomProgram(g: RandomGenerator): FlatFunction {
  const draws = Array.from({ length: 200 }, () => g.uniform());
  return (xs) => {
    const r = [...xs];
    let drawn = 0;
    const below = (n: number): number => Math.floor(n * draws[drawn++]!);
    const pick = (): Value => r[below(r.length)]!;
    const square = (): Tensor => {
      const x = pick();
      return typeof x !== "number" && x.size === 9 ? x : broadcastTo(x, [3, 3]);
    };
    const constants: readonly Value[] = [2, -0, 0.5, tensor([[1, 0, 2], [0, 1, 0], [3, 0, 1]]), tensor(new Float32Array([1, 2, 3]))];
    const steps: readonly (() => Value | readonly Value[])[] = [
      () => sin(pick()),
      () => mul(pick(), pick()),
      () => add(pick(), constants[below(constants.length)]!),
      () => sub(constants[below(constants.length)]!, pick()),
      () => matmul(square(), square(), { transposeA: below(2) === 1, transposeB: below(2) === 1 }),
      () => transpose(square()),
      () => sum(square(), { axis: below(2) }),
      () => sum(square(), { axis: below(2), keepDims: true }),
      () => where(sub(pick(), pick()), pick(), pick()),
      () => slice(square(), [0, 3, 1], below(3)),
      () => slice(concat([reshape(square(), [9]), [1, 2]]), [1, 10, 3]),
      () => topK(square(), 3),
    ];
    for (let i = 0; i < 25; i++) {
      const out = steps[below(steps.length)]!();
      // float results only: int32 indices do not mix with fractions
      r.push(...(Array.isArray(out) ? (out as readonly Value[]).slice(0, 1) : [out as Value]));
    }
    return [r[r.length - 1]!, pick(), pick()];
  };
}

describe("every pass computes the same, bit for bit", () => {
  const passes = { eliminateDeadCode, shareSubexpressions, foldConstants, optimize };
  const g = generator(2024);

  test.each(Object.entries(passes))("%s, on random programs", (_, pass) => {
    for (let i = 0; i < 40; i++) {
      const program = randomProgram(g);
      const xs: Value[] = [randn(g, [3, 3]), randn(g, [3, 3], { dtype: "float32" }), rand(g, []).item(), randn(g, [3])];
      const whole = captured(program, xs);
      const fixed = new Map([[1, xs[1]!], [2, xs[2]!]].slice(0, g.below(3)) as [number, Value][]);
      const graph = fixInputs(whole, fixed);
      const inputs = xs.filter((_, k) => !fixed.has(k));
      const before = print(graph);
      const after = pass(graph);
      expect(print(graph)).toBe(before);
      expect(bits(evaluateGraph(graph, inputs))).toEqual(bits(program(xs)));
      expect(bits(evaluateGraph(after, inputs))).toEqual(bits(program(xs)));
      expect(after.equations.length).toBeLessThanOrEqual(graph.equations.length);
      expect(names(pass(after))).toEqual(names(after));
      // no pass finds more to do after all of them
      for (const other of Object.values(passes)) expect(names(other(optimize(graph)))).toEqual(names(optimize(graph)));
    }
  });

  test("the gradient of a network's loss", () => {
    const params = { W1: randn(g, [5, 3]), b1: zeros([5]), W2: randn(g, [2, 5]), b2: zeros([2]) };
    const [x, y] = [randn(g, [4, 3]), randn(g, [4, 2])];
    type Params = typeof params;
    const loss = ({ W1, b1, W2, b2 }: Params, x: Tensor, y: Tensor): Value => {
      const h = tanh(add(matmul(x, W1, { transposeB: true }), b1));
      const r = sub(add(matmul(h, W2, { transposeB: true }), b2), y);
      return mul(sum(mul(r, r)), 0.5);
    };
    const gradient = (p: Params, x: Tensor, y: Tensor): Value[] => {
      const keys = Object.keys(p) as (keyof Params)[];
      const flat: FlatFunction = (ws) => [loss(Object.fromEntries(keys.map((k, i) => [k, ws[i]])) as Params, x, y)];
      return pullback(flat, keys.map((k) => p[k])).pull([1]) as Value[];
    };
    const graph = trace(gradient, params, x, y);
    const fast = graph.optimize();
    expect(bits(fast.evaluate(params, x, y))).toEqual(bits(gradient(params, x, y)));
    expect(fast.size).toBeLessThan(graph.size);
    expect(fast.optimize().size).toBe(fast.size);
  });
});
