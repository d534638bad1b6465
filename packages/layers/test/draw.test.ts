import { add, callable, Chain, compose, concat, Dense, drawModel, Dropout, generator, mul, only, Parallel, relu, ShapeError, sigmoid, SkipConnection, softmax, tensor, trainMode, zeros, type Tensor } from "polyad";
import { expect, test } from "vitest";

test("the model of the guide, without an example", () => {
  expect(drawModel(Chain(Dense(1, 20, sigmoid), Dense(20, 1), only))).toBe(`flowchart TD
  n0(["input"])
  n1["Dense(1 => 20, σ)<br/>40 parameters"]
  n0 --> n1
  n2["Dense(20 => 1)<br/>21 parameters"]
  n1 --> n2
  n3["only"]
  n2 --> n3
  n4(["output"])
  n3 --> n4`);
});

test("branches and joins, with what goes along the arrows", () => {
  const model = Chain({ body: SkipConnection(Chain(Dense(3, 3, relu), Dense(3, 3)), add), heads: Parallel((...ys: readonly Tensor[]) => concat(ys, { axis: -1 }), Dense(3, 2), Dense(3, 1)), last: softmax });
  expect(drawModel(model, zeros([5, 3], "float32"))).toBe(`flowchart TD
  n0(["input"])
  n1["Dense(3 => 3, relu)<br/>12 parameters"]
  n0 -->|"float32[5, 3]"| n1
  n2["Dense(3 => 3)<br/>12 parameters"]
  n1 -->|"float32[5, 3]"| n2
  n3["add"]
  n2 -->|"float32[5, 3]"| n3
  n0 -->|"float32[5, 3]"| n3
  n4["Dense(3 => 2)<br/>8 parameters"]
  n3 -->|"float32[5, 3]"| n4
  n5["Dense(3 => 1)<br/>4 parameters"]
  n3 -->|"float32[5, 3]"| n5
  n6["(anonymous)"]
  n4 -->|"float32[5, 2]"| n6
  n5 -->|"float32[5, 1]"| n6
  n7["softmax"]
  n6 -->|"float32[5, 3]"| n7
  n8(["output"])
  n7 -->|"float32[5, 3]"| n8`);
});

test("several inputs, one connection folded over three, and numbers", () => {
  const text = drawModel(Parallel(add, relu, relu, relu), 1, 2, -3);
  expect(text.match(/\(\["input \d"\]\)/g)).toEqual(['(["input 0"])', '(["input 1"])', '(["input 2"])']);
  expect(text.match(/-->\|"number"\| n6/g)).toHaveLength(3);
  const split = Chain((x: Tensor) => [x, x.mul(2)], Parallel(mul, relu, sigmoid));
  expect(drawModel(split, zeros([2]))).toContain('n1 -->|"float64[2]"| n2\n  n3["σ"]\n  n1 -->|"float64[2]"| n3');
});

test("compose from the inside, layers that occur twice, own layers with layers in them, quotation marks", () => {
  const shared = Dense(2, 2);
  const text = drawModel(Chain(compose(softmax, shared), shared, callable({ inner: shared, s: 'a "b"' }, (self, x: Tensor) => self.inner(x))));
  expect(text).toContain('n1["Dense(2 => 2)<br/>6 parameters"]\n  n0 --> n1\n  n2["softmax"]\n  n1 --> n2\n  n3["Dense(2 => 2)<br/>the same as n1"]\n  n2 --> n3');
  expect(text).toMatch(/n4\["callable\(inner: Dense\(2 => 2\), s: #quot;a \\#quot;b\\#quot;#quot;\)<br\/>6 parameters"\]/);
  expect(drawModel(Chain(relu, relu)).match(/\["relu"\]/g)).toHaveLength(2);
});

test("draws in testMode, changes no generator, and passes errors on", () => {
  const rng = generator(1);
  const model = trainMode(Chain(Dense(2, 2), Dropout(0.5, rng)));
  expect(drawModel(model, tensor([1, 2], null, "float32"))).toContain('"Dropout(0.5)"');
  expect(rng.state()).toEqual(generator(1).state());
  expect(() => drawModel(model, zeros([3], "float32"))).toThrow(ShapeError);
});
