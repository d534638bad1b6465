import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { mul } from "../../src/primitives/mul.js";
import { tensor, type Tensor } from "../../src/tensor.js";
import { callable } from "../../src/tree/layer.js";
import { Grads, params } from "../../src/tree/params.js";

const [W, b, c] = [tensor([[1, 2]]), tensor([3]), tensor([1])];

describe("params", () => {
  it("finds every float tensor once, in order", () => {
    const model = callable({ W, b, p: 0.5, act: Math.sin, ints: tensor([1], null, "int32"), tied: [W] }, () => 0);
    const ps = params(b, model, W);
    expect([...ps]).toEqual([b, W]);
    expect(ps.size).toBe(2);
    expect(ps.has(W)).toBe(true);
    expect(ps.has(c)).toBe(false);
    expect(params(callable({ act: Math.sin }, () => 0)).size).toBe(0);
  });

  it("is a set", () => {
    const ps = params(W).add(b, [c]).delete(b);
    expect([...ps]).toEqual([W, c]);
    expect([...ps.union(params(b, W))]).toEqual([W, c, b]);
    expect([...ps.intersect(params(c))]).toEqual([c]);
    expect(inspect(params(b))).toBe("Params(Tensor(float64[1], [3]))");
  });

  it("leaves out what a layer does not train", () => {
    expect([...params(callable({ W, b }, () => 0, { trainable: ["b"] }))]).toEqual([b]);
  });

  it("refuses what has no identity, naming tensor()", () => {
    expect(() => params(3)).toThrow("params: expected float tensors and models of them, got the number 3 as argument 0. Closures capture parameters by identity: make one with tensor()");
    expect(() => params(W, [1, 2])).toThrow("got an array of length 2 as argument 1");
    expect(() => params(callable({ theta: [1] }, () => 0))).toThrow("make one with tensor()");
    expect(() => params({ W, data: new Float64Array(2) })).toThrow("got a Float64Array of length 2 as argument 0, at .data.");
    expect(() => params(new Int32Array(2))).toThrow("got an Int32Array");
    expect(() => params(tensor([1], null, "int32"))).toThrow("got an int32 tensor");
  });
});

describe("Grads", () => {
  const grads = new Grads(params(W, b), new Map<Tensor, Tensor>([[b, tensor([7])], [W, tensor([[5, 6]])]]));

  it("reads by identity", () => {
    expect(grads.get(W).toArray()).toEqual([[5, 6]]);
    expect(grads.has(b)).toBe(true);
    expect(grads.has(c)).toBe(false);
    expect(grads.size).toBe(2);
    expect([...grads].map(([x]) => x)).toEqual([W, b]);
    expect([...grads.entries()].map(([x]) => x)).toEqual([W, b]);
    expect(() => grads.get(5 as never)).toThrow("Only tensors can be differentiated with params, got the number 5.");
    expect(() => grads.get(c)).toThrow("is not among the parameters");
  });

  it("prints its entries", () => {
    expect(String(grads)).toBe("Grads(Tensor(float64[1, 2], [[5, 6]]), Tensor(float64[1], [7]))");
    expect(inspect(grads)).toBe(String(grads));
  });

  it("has an algebra", () => {
    const read = (g: Grads): unknown => [g.get(W).toArray(), g.get(b).toArray()];
    expect(read(grads.map((g) => mul(g, g)))).toEqual([[[25, 36]], [49]]);
    expect(read(grads.plus(1))).toEqual([[[6, 7]], [8]]);
    expect(read(grads.plus(grads))).toEqual([[[10, 12]], [14]]);
    expect(read(grads.minus(1))).toEqual([[[4, 5]], [6]]);
    expect(read(grads.scale(2))).toEqual([[[10, 12]], [14]]);
    expect(read(grads.scale(grads))).toEqual([[[25, 36]], [49]]);
    const some = new Grads(params(b, W), new Map([[b, tensor([2])]]));
    expect(read(grads.minus(some))).toEqual([[[5, 6]], [5]]);
    expect(read(some.minus(grads))).toEqual([[[-5, -6]], [-5]]);
    expect(read(some.scale(grads))).toEqual([[[0, 0]], [14]]);
    expect(() => grads.plus(new Grads(params(c), new Map()))).toThrow("Grads.plus: expected gradients by the same parameters");
  });
});
