import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import {
  abs, add, any, argmax, AutoForward, AutoTape, cast, concat, cumsum, equal, exp, gather, gradient, greater, log1p, logicalAnd, logicalNot, matmul, max, maximum, mean, min, mod, mul, neg, pow, prod,
  pullback, pushforward, reshape, scatterAdd, ShapeError, sign, sin, slice, softmax, sort, square, sub, sum, tan, tensor, tile, toDevice, transpose, where, withgradient, type Tensor, type Value,
} from "polyad";
import { AutoTfjs, ready, tfjs } from "@polyad/backend-tfjs";

/** What once came out wrong on a device of TensorFlow.js, in silence mostly. */

const ints = (...elements: number[]): Tensor => tensor(Int32Array.from(elements), [elements.length]);
const bools = (...elements: number[]): Tensor => tensor(elements.map((e) => e === 1) as never as number[], null, "bool");
const floats = (...elements: number[]): Tensor => tensor(Float32Array.from(elements), [elements.length]);

describe.each(["cpu", "wasm"] as const)("%s", (name) => {
  const ad = AutoTfjs({ device: name });
  beforeAll(() => ready(ad));
  // All that a test makes is freed after it.
  beforeEach(() => tf.engine().startScope("test"));
  afterEach(() => tf.engine().endScope());

  const there = (x: Tensor): Tensor => toDevice(x, tfjs(name));
  /** Elements of a result, which must be on the device. */
  const read = (y: Value): number[] => {
    const t = y as Tensor;
    expect(t.device).toBe(tfjs(name));
    return Array.from(t.dataSync());
  };

  describe("integers, which kernels took for float32", () => {
    const [x, y] = [ints(16777217, -16777219, 123456789), ints(1, 3, 987654321)];

    it.each([
      ["add", add(x, y), [16777218, -16777216, 1111111110]],
      ["add 1", add(x, 1), [16777218, -16777218, 123456790]],
      ["sub", sub(x, y), [16777216, -16777222, -864197532]],
      ["mul 3", mul(x, 3), [50331651, -50331657, 370370367]],
      ["neg", neg(x), [-16777217, 16777219, -123456789]],
      ["abs", abs(x), [16777217, 16777219, 123456789]],
      ["maximum", maximum(x, y), [16777217, 3, 987654321]],
      ["mod 16777216", mod(x, 16777216), [1, 16777213, 6016277]],
      ["cumsum", cumsum(x), [16777217, -2, 123456787]],
      ["sort", sort(x), [-16777219, 16777217, 123456789]],
    ] as const)("%s", (op, onHost, expected) => {
      expect([...(onHost as Tensor).dataSync()], "host").toEqual(expected);
      const ops: Record<string, (a: Tensor, b: Tensor) => Value> = {
        add, sub, neg, abs, maximum, cumsum: (a) => cumsum(a), sort: (a) => sort(a),
        "add 1": (a) => add(a, 1), "mul 3": (a) => mul(a, 3), "mod 16777216": (a) => mod(a, 16777216),
      };
      const result = ops[op]!(there(x), there(y)) as Tensor;
      expect(result.dtype).toBe("int32");
      expect(read(result)).toEqual(expected);
    });

    it("sums, products, extrema and their places", () => {
      const a = there(x);
      expect([sum(a), prod(there(ints(3, 5592405, 1))), max(a), min(a), argmax(a)].map((r) => read(r)[0])).toEqual([123456787, 16777215, 123456789, -16777219, 2]);
    });

    it("products of matrices", () => {
      const a = there(tensor(Int32Array.of(16777217, 1, 2, 3), [2, 2]));
      expect(read(matmul(a, there(tensor(Int32Array.of(1, 0, 1, 1), [2, 2]))))).toEqual([16777218, 1, 5, 3]);
    });

    it("chosen, gathered, joined, turned", () => {
      const a = there(x);
      expect(read(where(greater(a, 0), a, 16777219))).toEqual([16777217, 16777219, 123456789]);
      expect(read(gather(a, there(ints(-1, 0))))).toEqual([123456789, 16777217]);
      expect(read(concat([a, there(y)]))).toEqual([16777217, -16777219, 123456789, 1, 3, 987654321]);
      expect(read(slice(a, [null, null, -1]))).toEqual([123456789, -16777219, 16777217]);
      expect(read(tile(a, [2]))).toEqual([16777217, -16777219, 123456789, 16777217, -16777219, 123456789]);
      expect(read(scatterAdd(a, there(ints(0, 0)), there(ints(1, 1))))).toEqual([16777219, -16777219, 123456789]);
      expect(read(equal(a, 16777216))).toEqual([0, 0, 0]);
    });

    it("arithmetic of truth values counts", () => {
      const b = there(bools(1, 0, 1));
      expect(read(add(b, b))).toEqual([2, 0, 2]);
      expect(read(sum(b))).toEqual([2]);
      expect(read(logicalNot(b))).toEqual([0, 1, 0]);
      expect(read(logicalAnd(b, there(bools(1, 1, 0))))).toEqual([1, 0, 0]);
      expect(read(any(b))).toEqual([1]);
      expect(slice(b, [null, null, -1]).dtype).toBe("bool");
    });
  });

  // The wasm kernel keeps a right operand as it packed it, by its data, which a reshaped tensor shares.
  it("products by the same data in two shapes", () => {
    const [a, b, d] = [there(tensor([[1, 2], [3, 4]])), there(floats(1, 2)), there(tensor([[3], [5]]))];
    for (let again = 0; again < 2; again++) {
      expect(read(matmul(a, b))).toEqual([5, 11]);
      expect(read(matmul(d, b.reshape([1, 2])))).toEqual([3, 6, 5, 10]);
      expect(read(matmul(a, b.reshape([2, 1])))).toEqual([5, 11]);
    }
    const f = (x: Tensor, y: Tensor): Value => add(sum(mul(matmul(x, y), [0.5, -2])), sum(mul(matmul(y, x, { transposeA: true, transposeB: true }), [3, 0.25])));
    const args = [tensor([[-2, -2], [1, 1]]), tensor([1, 2])] as const;
    for (const engine of [ad, AutoTape()]) {
      const grads = gradient(f, engine as AutoTape, there(args[0]), there(args[1]));
      gradient(f, AutoTape(), ...args).forEach((g, i) => expect(read(grads[i]!)).toEqual(Array.from(g.dataSync())));
    }
  });

  it("more than six axes", () => {
    const shape = [2, 1, 3, 1, 2, 1, 2];
    const x = tensor(Float64Array.from({ length: 24 }, (_, i) => i - 3.5), shape);
    const a = there(x);
    expect(read(sum(a))).toEqual([192]);
    expect(read(sum(a, { axis: [0, 2, 4] }))).toEqual([90, 102]);
    expect(read(max(a, { axis: 6 }))).toEqual(Array.from({ length: 12 }, (_, i) => 2 * i - 2.5));
    expect(read(transpose(a))).toEqual(Array.from(transpose(x).dataSync()));
    expect(read(mul(a, a))).toEqual(Array.from(square(x).dataSync()));
    for (const engine of [ad, AutoTape()]) {
      const grads = gradient((v: Tensor) => sum(mul(max(v, { axis: 0 }), mul(2, min(v, { axis: 6 })).reshape([2, 1, 3, 1, 2, 1]))), engine, a);
      expect(read(grads[0])).toEqual(Array.from(gradient((v: Tensor) => sum(mul(max(v, { axis: 0 }), mul(2, min(v, { axis: 6 })).reshape([2, 1, 3, 1, 2, 1]))), AutoTape(), x)[0].dataSync()));
    }
  });

  it("integers and truth values of more than six axes become floats", () => {
    const shape = [2, 1, 2, 1, 1, 1, 2];
    const x = there(tensor(Int32Array.from({ length: 8 }, (_, i) => i - 3), shape));
    expect(read(cast(x, "float32"))).toEqual([-3, -2, -1, 0, 1, 2, 3, 4]);
    expect(read(cast(greater(x, 0), "float32"))).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(read(mean(x))).toEqual([0.5]);
    expect(read(softmax(mul(x, 0), { axis: 0 }))).toEqual(new Array(8).fill(0.5));
  });

  it("slices of scalars", () => {
    const x = there(tensor(5));
    expect(read(slice(x))).toEqual([5]);
    expect(read(gradient((v: Tensor) => square(slice(v)), ad, x)[0])).toEqual([10]);
  });

  it("indices out of range are errors", () => {
    const x = there(floats(1, 2, 3));
    for (const at of [3, -4]) {
      const index = there(ints(at));
      expect(() => gather(x, index)).toThrow(ShapeError);
      expect(() => gather(x, index)).toThrow(`gather: index ${at} is out of range for an axis of length 3.`);
      expect(() => scatterAdd(x, index, there(floats(1)))).toThrow(`scatterAdd: index ${at} is out of range for an axis of length 3.`);
    }
  });

  it("sin, tan, log1p and sign of small and of large numbers, to a few units in the last place", () => {
    const rows: readonly (readonly [(x: Tensor) => Tensor, (x: number) => number, readonly number[]])[] = [
      [sin, Math.sin, [1e-20, 1e-7, 1e-4, 0.1, 1e6, 1e10, 1e20]],
      [tan, Math.tan, [1e-20, 1e-4, 1.5, 1e6]],
      [log1p, Math.log1p, [1e-20, -1e-8, 1e-7, 1e-4, -0.5, 3, 1e20]],
      [sign, Math.sign, [1e-20, -1e-8, 0, 5, -1e30]],
    ];
    for (const [f, exact, points] of rows) {
      const at = Float32Array.from(points);
      read(f(there(tensor(at)))).forEach((y, i) => expect(Math.abs(y - exact(at[i]!)), `${f.name}(${at[i]})`).toBeLessThanOrEqual(4 * 2 ** -23 * Math.abs(exact(at[i]!))));
    }
    expect(read(sign(there(floats(NaN, Infinity, -Infinity))))).toEqual([NaN, 1, -1]);
  });

  it("the remainder of division by ±∞", () => {
    const [x, y] = [floats(5, -5, 5, -5, 0, Infinity, 7, NaN), floats(Infinity, Infinity, -Infinity, -Infinity, Infinity, 3, -3, Infinity)];
    expect([...mod(x, y).dataSync()], "host").toEqual([5, Infinity, -Infinity, -5, 0, NaN, -2, NaN]);
    expect(read(mod(there(x), there(y)))).toEqual([5, Infinity, -Infinity, -5, 0, NaN, -2, NaN]);
  });

  it("powers at the edges", () => {
    expect(read(pow(there(floats(0, -2, -8, -1, NaN, 2)), there(floats(0, 3, 0.5, 0.5, 0, -1))))).toEqual([1, -8, NaN, NaN, 1, 0.5]);
  });

  it("NaN is no integer", () => {
    expect(() => cast(there(floats(1, NaN)), "int32")).toThrow("cast: NaN does not fit int32.");
    expect(read(cast(there(floats(1.9, -1.9)), "int32"))).toEqual([1, -1]);
  });

  it("extrema keep NaN", () => {
    const x = there(floats(1, NaN, 3));
    expect([max(x), min(x), sum(x)].map((y) => read(y)[0])).toEqual([NaN, NaN, NaN]);
    expect(read(argmax(x))).toEqual([1]);
    expect(read(maximum(x, 2))).toEqual([2, NaN, 3]);
  });

  describe("a tensor that has been freed", () => {
    const message = "was used after it had been freed";
    const freed = (shape: number[] = [2]): Tensor => {
      const x = toDevice(tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape), tfjs(name));
      x.dispose();
      return x;
    };

    it.each([
      ["an op", (x: Tensor) => exp(x)],
      ["an op that reads no element", (x: Tensor) => reshape(x, [2, 1])],
      ["a concatenation with itself", (x: Tensor) => concat([x, x])],
      ["a read", (x: Tensor) => x.dataSync()],
    ] as const)("%s", (_name, use) => {
      expect(() => use(freed())).toThrow(message);
    });

    it("also where it is empty", () => {
      expect(() => add(freed([0]), 1)).toThrow(message);
      expect(() => sum(freed([0, 3]))).toThrow(message);
    });

    it.each([["AutoTfjs", ad], ["AutoTape", AutoTape()], ["AutoForward", AutoForward()]] as const)("as an argument of %s", (_name, engine) => {
      expect(() => gradient((x: Tensor) => sum(square(x)), engine, freed())).toThrow(message);
      expect(() => gradient((x: Tensor, y: Tensor) => sum(mul(x, y)), engine, tensor([1, 2]), freed())).toThrow(message);
    });
  });

  describe("no operator frees what it was given, nor hands it out", () => {
    const engines = [["AutoTfjs", ad], ["AutoTape", AutoTape()], ["AutoForward", AutoForward()]] as const;

    it.each(engines)("%s: arguments and seeds are alive afterwards", (_name, engine) => {
      const [x, v] = [there(floats(1, 2)), there(floats(3, 4))];
      const g = pullback((x: Tensor) => x, engine, x, v);
      expect(g).not.toBe(v);
      g.dispose();
      const t = pushforward((x: Tensor) => x, engine, x, v);
      expect(t).not.toBe(v);
      t.dispose();
      expect([...x.dataSync(), ...v.dataSync()]).toEqual([1, 2, 3, 4]);
    });

    it.each(engines)("%s: two gradients are two tensors", (_name, engine) => {
      const [a, b] = gradient((x: Tensor, y: Tensor) => sum(add(x, y)), engine, there(floats(1, 2)), there(floats(3, 4)));
      a.dispose();
      expect(read(b)).toEqual([1, 1]);
    });

    it.each(engines)("%s: after an exception too", (_name, engine) => {
      const [x, v] = [there(floats(1, 2)), there(floats(3, 4))];
      const failing = (x: Tensor): Tensor => { if (sum(exp(x)).shape.length === 0) throw new RangeError("mine"); return x; };
      expect(() => pullback(failing, engine, x, v)).toThrow("mine");
      expect(() => pushforward(failing, engine, x, v)).toThrow("mine");
      expect(() => withgradient(failing as (x: Tensor) => Value, engine, x)).toThrow("mine");
      expect([...x.dataSync(), ...v.dataSync()]).toEqual([1, 2, 3, 4]);
    });

    it.each(engines)("%s: the derivative of what lives there lives there, also of constants", (_name, engine) => {
      const [x, y] = [there(floats(1, 2)), there(floats(3, 4))];
      const [gx, gy] = gradient((x: Tensor, _y: Tensor) => sum(x), engine, x, y);
      expect([...read(gx), ...read(gy)]).toEqual([1, 1, 0, 0]);
      expect(read(gradient((_x: Tensor) => 7, engine, x)[0])).toEqual([0, 0]);
      expect(read(pullback((_x: Tensor) => tensor([1, 2, 3]), engine, x, tensor([1, 1, 1])))).toEqual([0, 0]);
      expect(gx.dtype).toBe("float32");
    });
  });
});
