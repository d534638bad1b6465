import { expect, test } from "vitest";
import { exp, matmul, mul, sum, tensor, topK, where, type Value, Tensor, sin, stack, slice } from "@polyad/core";
import { evaluateGraph } from "../packages/core/src/graph/evaluate.js";
import { capture } from "../packages/core/src/graph/capture.js";
import { pullback } from "../packages/backend-tape/src/tape.js";
import { pushforward } from "../packages/backend-forward/src/dual.js";
import "@polyad/backend-tape";

const f = ([x, w]: readonly Value[]): readonly Value[] => {
  const h = matmul(x as Tensor, w as Tensor);
  const e = where(tensor([[1, 0, 1], [0, 1, 1]]), exp(mul(h, 0.1)), mul(h, h));
  const [top] = topK(e, 2);
  return [sum(mul(top, top))];
};
const x = tensor([[1, 2], [3, -1]]);
const w = tensor([[0.5, -1, 2], [1, 0.25, -0.5]]);
const near = (a: Value | undefined, b: Value | undefined) => {
  const read = (v: Value | undefined) => (typeof v === "number" ? [v] : [...v!.dataSync()]);
  read(a).forEach((v, i) => expect(v).toBeCloseTo(read(b)[i]!, 10));
};

test("tape and forward agree, batch and single", () => {
  const { ys, pull } = pullback(f, [x, w]);
  const [dx, dw] = pull([1]);
  const basis = Array.from({ length: 4 }, (_, i) => [tensor([0, 1, 2, 3].map((j) => Number(i === j)), [2, 2]), undefined]);
  const fw = pushforward(f, [x, w], basis);
  near(fw.ys[0], ys[0]);
  near(stack(fw.tangents.map((t) => t[0]!)), dx);
  const one = pushforward(f, [x, w], [[undefined, w]]);
  near(one.tangents[0]![0], sum(mul(w, dw!)));
});
test("three deep scalar", () => {
  const d = (g: (x: Value) => Value) => (x: Value) => pullback(([t]) => [g(t!)], [x]).pull([1])[0]!;
  const D = (g: (x: Value) => Value) => (x: Value) => pushforward(([t]) => [g(t!)], [x], [[1]]).tangents[0]![0]!;
  const g = (t: Value) => mul(t, exp(mul(t, t)));
  const third = (t: number) => Math.exp(t * t) * (8 * t ** 4 + 24 * t ** 2 + 6);
  for (const h of [d(d(d(g))), D(D(D(g))), d(D(d(g))), D(d(D(g)))]) expect((h(0.7) as number) / third(0.7)).toBeCloseTo(1, 12);
  // perturbation confusion
  expect(D((a) => mul(a, D((b) => mul(a, b))(1)))(3)).toBe(6);
  expect(d((a) => mul(a, D((b) => mul(a, b))(1)))(3)).toBe(6);
});
test("capture", () => {
  const g = capture(f, [x, w].map((t) => ({ shape: t.shape, dtype: t.dtype, weak: false })));
  near(evaluateGraph(g, [x, w])[0], f([x, w])[0]);
  const grad = capture((xs) => pullback(f, xs).pull([1]) as Value[], [x, w].map((t) => ({ shape: t.shape, dtype: t.dtype, weak: false })));
  near(evaluateGraph(grad, [x, w])[1], pullback(f, [x, w]).pull([1])[1]);
  expect(g.equations.map((e) => e.primitive.name)).toMatchInlineSnapshot(`
    [
      "matmul",
      "mul",
      "exp",
      "mul",
      "where",
      "topK",
      "mul",
      "sum",
    ]
  `);
});
test("slices and stacks of scalars", () => {
  const g = ([a]: readonly Value[]) => [sum(stack([slice(a as Tensor, 0), sin(slice(a as Tensor, 1)), 3]))];
  near(pullback(g, [tensor([1, 2])]).pull([1])[0], tensor([1, Math.cos(2)]));
});
