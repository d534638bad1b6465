import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { add } from "../../src/primitives/add.js";
import { matmul } from "../../src/primitives/matmul.js";
import { mul } from "../../src/primitives/mul.js";
import { sin } from "../../src/primitives/sin.js";
import { generator } from "../../src/random.js";
import { Tensor, tensor, type Value } from "../../src/tensor.js";
import { Const } from "../../src/tree/activity.js";
import { compose, pipe } from "../../src/tree/compose.js";
import { flatten } from "../../src/tree/flatten.js";
import { callable, defineLayer, isLayer } from "../../src/tree/layer.js";
import { trainableLeaves } from "../../src/tree/trainable.js";
import { zeros } from "../../src/create.js";

const Affine = defineLayer(
  "Affine",
  (nIn: number, nOut: number) => ({ W: zeros([nOut, nIn]), b: zeros([nOut], "float32") }),
  (self, x: Tensor) => add(matmul(self.W, x), self.b),
);

const Poly3 = defineLayer(
  "Poly3",
  (theta: number[]) => ({ theta }),
  ({ theta }, x: Value) => add(theta[0]!, add(mul(theta[1]!, x), mul(theta[2]!, mul(x, x)))),
);

describe("defineLayer", () => {
  it("makes functions with fields", () => {
    const a = Affine(10, 5);
    expect(a).toBeInstanceOf(Function);
    expect(a).toBeInstanceOf(Affine);
    expect(a(zeros([10])).shape).toEqual([5]);
    expect(a.W.shape).toEqual([5, 10]);
    expect(Object.keys(a)).toEqual(["W", "b"]);
    expect(a.name).toBe("Affine");
    expect(Affine.name).toBe("Affine");
    expect(isLayer(a)).toBe(true);
    expect(isLayer(Affine)).toBe(false);
    expect(isLayer(Math.sin)).toBe(false);
    expect(isLayer({})).toBe(false);
  });

  it("makes layers from fields", () => {
    const a = Affine.from({ W: tensor([[1, 2]]), b: tensor([3]) });
    expect(a(tensor([1, 1])).toArray()).toEqual([6]);
    expect(Poly3([10, 1, 0.1])(5)).toBe(17.5);
    expect(Poly3.from({ theta: [10, 1, 0.1] })(5)).toBe(17.5);
    expect(() => Affine.from(null as never)).toThrow("Affine: expected an object of fields, got null.");
  });

  it("does not let fields be written", () => {
    const fields = { theta: [1, 2, 3] };
    const p = Poly3.from(fields);
    fields.theta = [];
    expect(p.theta).toEqual([1, 2, 3]);
    expect(() => Object.assign(p, { theta: [] })).toThrow(TypeError);
    expect(() => Object.assign(p, { other: 1 })).toThrow(TypeError);
  });

  it("keeps call, name and type when rebuilt", () => {
    const { leaves, def } = flatten(Poly3([10, 1, 0.1]));
    const rebuilt = def.rebuild(leaves) as ReturnType<typeof Poly3>;
    expect(rebuilt(5)).toBe(17.5);
    expect(rebuilt).toBeInstanceOf(Poly3);
    expect(rebuilt.name).toBe("Poly3");
    expect(String(rebuilt)).toBe("Poly3(theta: [10, 1, 0.1])");
  });

  it("takes fields called name, length, call, and the like", () => {
    const odd = callable({ name: tensor([1]), length: 2, call: 3, apply: 4, prototype: 5, toString: "s" }, (self, x: number) => mul(self.length, x));
    expect(odd(5)).toBe(10);
    expect(odd.name.toArray()).toEqual([1]);
    expect(odd.length).toBe(2);
    expect(flatten(odd).leaves).toEqual([odd.name, 2, 3, 4, 5, "s"]);
    expect(flatten(odd).def.paths[0]).toBe(".name");
    const rebuilt = flatten(odd).def.rebuild([1, 7, 0, 0, 0, "s"]) as typeof odd;
    expect(rebuilt(5)).toBe(35);
  });

  it("shows the function its fields as a differentiated one sees them", () => {
    const layer = callable({ a: new Float32Array([1, 2]), list: [Const(3), new Int32Array([1])], inner: Poly3([1, 0, 0]) }, (self) => self);
    const self = layer();
    expect(self.a).toBeInstanceOf(Tensor);
    expect(self.a.dtype).toBe("float32");
    expect(self.list[0]).toBe(3);
    expect(self.inner).toBe(layer.inner);
    expect(layer.a).toBeInstanceOf(Float32Array);
    layer.a[0] = 5;
    expect(layer().a.toArray()).toEqual([5, 2]);
  });

  it("names what is trained", () => {
    const Norm = defineLayer("Norm", () => ({ scale: tensor([1]), mean: tensor([0]) }), (self) => self.scale, { trainable: ["scale"] });
    const norm = Norm();
    expect(trainableLeaves([norm, 5]).map(({ leaf, index }) => [leaf, index])).toEqual([[norm.scale, 0], [5, 2]]);
    const again = flatten(norm).def.rebuild([1, 2]);
    expect(trainableLeaves(again)).toEqual([{ leaf: 1, index: 0 }]);
  });
});

describe("printing", () => {
  it("shows dtypes, shapes and small values, functions by name, on Node's console too", () => {
    const layer = callable({ W: zeros([5, 10]), b: tensor(new Float32Array(2)), act: sin, data: new Float64Array([1]), o: { n: 1, s: "t" }, f: () => 0 }, (self) => self.W);
    const text = 'callable(W: float64[5, 10], b: float32[2] [0, 0], act: sin, data: float64[1] [1], o: { n: 1, s: "t" }, f: f)';
    expect(String(layer)).toBe(text);
    expect(inspect(layer)).toBe(text);
    expect(String(Affine(10, 1))).toBe("Affine(W: float64[1, 10] [[0, 0, 0, …, 0, 0, 0]], b: float32[1] [0])");
    expect(String(callable({ p: Poly3([1, 2, 3]), l: [Math.sin] }, () => 0))).toBe("callable(p: Poly3(theta: [1, 2, 3]), l: [sin])");
    expect(String(callable({ c: Const(3), g: generator(1), day: new Date(NaN) }, () => 0))).toBe("callable(c: Const, g: RandomGenerator, day: Invalid Date)");
  });

  it("prints as it is told", () => {
    const Dense = defineLayer("Dense", (n: number, m: number) => ({ n, m }), (_self, x: number) => x, { show: ({ n, m }) => `Dense(${n} => ${m})` });
    expect(String(Dense(2, 3))).toBe("Dense(2 => 3)");
    expect(String(compose(Dense(3, 1), Dense(2, 3)))).toBe("compose(Dense(3 => 1), Dense(2 => 3))");
  });
});

describe("compose and pipe", () => {
  const reciprocal = (x: number): number => 1 / x;

  it("has the fields outer and inner", () => {
    const poly4 = compose(Poly3([1, 0.5, 0]), Poly3([10, 1, 0.1]));
    expect(poly4(5)).toBe(9.75);
    expect(poly4.outer.theta).toEqual([1, 0.5, 0]);
    expect(poly4.inner.theta).toEqual([10, 1, 0.1]);
    expect(flatten(poly4).def.mirror([1, 2, 3, 4, 5, 6])).toStrictEqual({ outer: { theta: [1, 2, 3] }, inner: { theta: [4, 5, 6] } });
    expect(isLayer(poly4)).toBe(true);
  });

  it("composes plain functions", () => {
    const f = compose(reciprocal, Math.sin);
    expect(f(Math.PI / 6)).toBeCloseTo(2, 14);
    expect(String(f)).toBe("compose(reciprocal, sin)");
  });

  it("nests to the left", () => {
    const f = compose(reciprocal, Math.sqrt, Math.abs);
    expect(f(-4)).toBe(0.5);
    expect(f.outer.outer).toBe(reciprocal);
    expect(f.outer.inner).toBe(Math.sqrt);
    expect(f.inner).toBe(Math.abs);
  });

  it("pipes", () => {
    expect(pipe(5, Poly3([10, 1, 0.1]))).toBe(17.5);
  });
});
