import { describe, expect, expectTypeOf, test } from "vitest";
import { add } from "../src/primitives/add.js";
import { matmul } from "../src/primitives/matmul.js";
import { mul } from "../src/primitives/mul.js";
import { exp } from "../src/primitives/exp.js";
import { cast } from "../src/primitives/cast.js";
import { concat } from "../src/primitives/concat.js";
import { reshape } from "../src/primitives/reshape.js";
import { scatterAdd } from "../src/primitives/scatterAdd.js";
import { slice } from "../src/primitives/slice.js";
import { square } from "../src/primitives/square.js";
import { sum } from "../src/primitives/sum.js";
import { asTensor, asValue } from "../src/convert.js";
import { arange, eye, full, linspace, ones, zeros } from "../src/create.js";
import { checkDType, dtypeOf, promote, type DType } from "../src/dtype.js";
import { AutodiffError, ShapeError } from "../src/errors.js";
import { describe as describeValue, HostTensor, hostDevice, Tensor, tensor, type NestedArray } from "../src/tensor.js";

describe("construction", () => {
  test("from nested arrays, numbers and typed arrays", () => {
    const x = tensor([[1, 2, 3], [4, 5, 6]]);
    expect([x.shape, x.dtype, x.size, x.ndim, x.device, x.trace, x.weak]).toEqual([[2, 3], "float64", 6, 2, hostDevice, null, false]);
    expect(x.toArray()).toEqual([[1, 2, 3], [4, 5, 6]]);
    expect(tensor(3).shape).toEqual([]);
    expect(tensor(3).toArray()).toBe(3);
    expect(tensor([[[1], [2]]]).shape).toEqual([1, 2, 1]);
    expect(tensor([1, 2, 3, 4], [2, 2]).toArray()).toEqual([[1, 2], [3, 4]]);
    expect(tensor(new Float32Array([1, 2, 3, 4]), [4, 1]).shape).toEqual([4, 1]);
    expect(tensor([[1, 2], [3, 4]], [4]).toArray()).toEqual([1, 2, 3, 4]);
  });

  test("typed arrays bring their dtype, unless another is said", () => {
    const dtypes = [new Float64Array(1), new Float32Array(1), new Int32Array(1), new Uint8Array(1)].map((data) => tensor(data).dtype);
    expect(dtypes).toEqual(["float64", "float32", "int32", "bool"]);
    expect(tensor(new Uint8Array([0, 200, 255]), null, "float32").toArray()).toEqual([0, 200, 255]);
    expect(tensor(new Float64Array([1, 2]), null, "int32").dataSync()).toEqual(new Int32Array([1, 2]));
    expect(tensor([0.1], null, "float32").item()).toBe(Math.fround(0.1));
    expect(tensor([2, 0, -1, NaN], null, "bool").toArray()).toEqual([1, 0, 1, 1]);
  });

  test("copies what it is given, and gives copies", async () => {
    const source = new Float64Array([1, 2]);
    const x = tensor(source);
    source[0] = 9;
    x.dataSync()[1] = 9;
    (await x.data())[1] = 9;
    expect(x.toArray()).toEqual([1, 2]);
    const shape = [2, 1];
    const [y, z, w] = [tensor(source, shape), zeros(shape), reshape(x, shape)];
    shape[0] = 7;
    expect([y.shape, z.shape, w.shape]).toEqual([[2, 1], [2, 1], [2, 1]]);
  });

  test("empty tensors", () => {
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(zeros([0, 3]).toArray()).toEqual([]);
    expect(tensor(new Float32Array(0), [2, 0, 3]).toArray()).toEqual([[], []]);
    expect(add(zeros([0, 3]), ones([3])).shape).toEqual([0, 3]);
    expect(sum(tensor([])).item()).toBe(0);
    expect(sum(zeros([0, 2]), { axis: 0 }).toArray()).toEqual([0, 0]);
    expect(matmul(zeros([2, 0]), zeros([0, 3])).toArray()).toEqual([[0, 0, 0], [0, 0, 0]]);
    expect(concat([tensor([]), tensor([1])]).toArray()).toEqual([1]);
    expect(String(zeros([0, 2]))).toBe("Tensor(float64[0, 2], [])");
  });

  test("one long row", () => {
    const row = Array.from({ length: 200_000 }, (_, i) => i);
    expect(tensor([row]).shape).toEqual([1, 200_000]);
  });

  test("refuses ragged arrays, saying where", () => {
    const ragged = (x: NestedArray): (() => Tensor) => () => tensor(x);
    expect(ragged([[1, 2], [3]])).toThrow(new ShapeError("tensor: ragged array: expected 2 entries at x[1], got an array of 1."));
    expect(ragged([[1], 2])).toThrow(new ShapeError("tensor: ragged array: expected 1 entries at x[1], got a number."));
    expect(ragged([1, [2]])).toThrow(new ShapeError("tensor: ragged array: expected a number at x[1], got an array of 1."));
    expect(ragged([[[1, 2]], [[1, 2], [3, 4]]])).toThrow("expected 1 entries at x[1], got an array of 2.");
    expect(ragged(Object.assign(new Array<number>(3), { 0: 1, 2: 3 }))).toThrow("expected a number at x[1], got undefined");
  });

  test("refuses what is no number", () => {
    const of = (x: unknown): (() => Tensor) => () => tensor(x as NestedArray);
    expect(of(undefined)).toThrow("tensor: expected numbers, nested arrays or a typed array, got undefined.");
    expect(of("1")).toThrow('got the string "1"');
    expect(of({ length: 2 })).toThrow("got a plain object");
    expect(of(new Uint8ClampedArray(2))).toThrow("got a Uint8ClampedArray");
    expect(of([1, "2"])).toThrow(new AutodiffError("tensor: expected a number at x[1], got a string. Use stack() for an array of tensors."));
    expect(of([null])).toThrow("expected a number at x[0], got null");
    expect(of([tensor(1)])).toThrow("expected a number at x[0], got an object. Use stack()");
    expect(of(tensor(1))).toThrow("tensor: got a Tensor, which is immutable: use it as it is");
  });

  test("refuses shapes that do not fit", () => {
    expect(() => tensor([1, 2, 3], [2, 2])).toThrow(new ShapeError("tensor: 3 numbers do not fill shape [2, 2]."));
    expect(() => tensor(1, [2])).toThrow("tensor: 1 numbers do not fill shape [2].");
    expect(() => tensor([1], [-1])).toThrow("a shape holds integers of at least 0, got [-1]");
    expect(() => zeros([1.5])).toThrow("zeros: a shape holds integers of at least 0, got [1.5]");
  });

  test("refuses to truncate", () => {
    expect(() => tensor([1.5], null, "int32")).toThrow('tensor: 1.5 is not a 32-bit integer. Use dtype "float64", or round it first.');
    expect(() => tensor(2 ** 31, null, "int32")).toThrow("2147483648 is not a 32-bit integer");
    expect(() => tensor(NaN, null, "int32")).toThrow("NaN is not a 32-bit integer");
    expect(() => full([2], 2.5, "int32")).toThrow("full: 2.5 is not a 32-bit integer");
    expect(() => arange(0, 1, 0.25, "int32")).toThrow("arange: 0.25 is not a 32-bit integer");
    expect(() => linspace(0, 1, 3, "int32")).toThrow("linspace: 0.5 is not a 32-bit integer");
    expect(() => tensor(new Uint8Array([0, 17]))).toThrow("tensor: a Uint8Array is read as bool, and this one holds 17. Say which dtype");
  });
});

describe("creation", () => {
  test("zeros, ones, full, eye", () => {
    expect(zeros([2]).toArray()).toEqual([0, 0]);
    expect(ones([2], "int32").dataSync()).toEqual(new Int32Array([1, 1]));
    expect(full([2], 7, "bool").dataSync()).toEqual(new Uint8Array([1, 1]));
    expect(full([], 3).item()).toBe(3);
    expect(eye(2, 3).toArray()).toEqual([[1, 0, 0], [0, 1, 0]]);
    expect(eye(0).shape).toEqual([0, 0]);
    const unknown = "float16" as DType;
    expect(() => zeros([1], unknown)).toThrow('zeros: unknown dtype "float16". Use one of bool, int32, float32, float64.');
  });

  test("arange and linspace", () => {
    expect(arange(4).toArray()).toEqual([0, 1, 2, 3]);
    expect(arange(3, 0, -1).toArray()).toEqual([3, 2, 1]);
    expect(arange(3, 0).toArray()).toEqual([]);
    expect(arange(0, 1, 0.1).size).toBe(10);
    expect(() => arange(0, 1, 0)).toThrow("arange: expected finite bounds and a step other than 0");
    expect(linspace(0, 1, 5).toArray()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(linspace(0, 0.3, 4).toArray()).toEqual([0, expect.closeTo(0.1), expect.closeTo(0.2), 0.3]);
    expect([linspace(2, 3, 1).toArray(), linspace(2, 3, 0).toArray()]).toEqual([[2], []]);
  });
});

describe("reading", () => {
  test("item wants one element", () => {
    expect([tensor(2).item(), tensor([[2]]).item()]).toEqual([2, 2]);
    expect(() => tensor([1, 2]).item()).toThrow(new ShapeError("item: expected one element, got shape [2]. Use toArray(), or slice first."));
    expect(() => tensor([]).item()).toThrow("item: expected one element, got shape [0].");
  });

  test("prints, and shows the ends of long axes", () => {
    expect(String(tensor([[1, 2.5], [3, -4]]))).toBe("Tensor(float64[2, 2], [[1, 2.5], [3, -4]])");
    expect(tensor(1, null, "int32")[Symbol.toPrimitive]("string")).toBe("Tensor(int32[], 1)");
    expect(String(arange(8))).toBe("Tensor(float64[8], [0, 1, 2, …, 5, 6, 7])");
    expect(String(arange(7))).toBe("Tensor(float64[7], [0, 1, 2, 3, 4, 5, 6])");
    expect(String(zeros([100, 1000])).length).toBeLessThan(400);
  });

  test("a tensor that can only be awaited prints where it is", () => {
    class Remote extends HostTensor {
      override get device(): typeof hostDevice {
        return { ...hostDevice, name: "webgpu", reads: "async" };
      }
      override dataSync(): never {
        throw new Error("await data()");
      }
    }
    expect(String(new Remote([2], "float32", new Float32Array(2)))).toBe("Tensor(float32[2], on webgpu)");
  });

  test("is not coerced to a number", () => {
    const x = tensor([3]) as Tensor & number;
    const message = "A tensor of shape [1] was used where JavaScript needs a plain number";
    expect(() => +x).toThrow(message);
    expect(() => x * 2).toThrow(message);
    expect(() => x > 0).toThrow(message);
    expect(() => x + 1).toThrow(message);
    expect(() => x + "").toThrow(message);
    expect(() => Math.sin(x)).toThrow(message);
    expect(() => Number(x)).toThrow("Use mul(x, 2), x.mul(2), greater(x, 0), or read it with item().");
    // @ts-expect-error and does not compile
    expect(() => tensor([3]) * 2).toThrow(message);
  });

  test("what a value is, for messages", () => {
    const named = function relu(): void {};
    const values = [tensor([1]), 2, "a", null, undefined, [1, 2], { a: 1 }, new Map(), named, () => 1, true, 3n];
    expect(values.map(describeValue)).toEqual([
      "a float64 tensor of shape [1]", "the number 2", 'the string "a"', "null", "undefined", "an array of length 2",
      "a plain object", "a Map", "the function relu", "a function", "the boolean true", "the bigint 3",
    ]);
  });
});

describe("dtypes", () => {
  test("widen: bool < int32 < float32 < float64", () => {
    const all: readonly DType[] = ["bool", "int32", "float32", "float64"];
    all.forEach((a, i) => all.forEach((b, j) => expect(promote(a, b)).toBe(all[Math.max(i, j)])));
    all.forEach((a) => expect(dtypeOf(zeros([1], a).dataSync())).toBe(a));
    expect(checkDType("f", "int32")).toBe("int32");
    expect(() => checkDType("f", "toString")).toThrow('f: unknown dtype "toString".');
  });

  const of = (dtype: DType): Tensor => tensor([1, 2], null, dtype);

  test("of tensors: the wider; of bools added or multiplied: int32", () => {
    expect(add(of("float32"), of("float64")).dtype).toBe("float64");
    expect(add(of("int32"), of("float32")).dtype).toBe("float32");
    expect(add(of("bool"), of("int32")).dtype).toBe("int32");
    expect(add(of("bool"), of("bool")).dtype).toBe("int32");
    expect(add(of("bool"), of("bool")).toArray()).toEqual([2, 2]);
    expect(sum(of("bool")).dtype).toBe("int32");
    const [product, scattered] = [matmul(of("bool"), of("bool")), scatterAdd(of("bool"), [0, 0], of("bool"))];
    expect([product.dtype, product.toArray(), scattered.dtype, scattered.toArray()]).toEqual(["int32", 2, "int32", [3, 1]]);
    expect(exp(of("int32")).dtype).toBe("float64");
    expect(exp(of("float32")).dtype).toBe("float32");
  });

  test("int32 products wrap at 32 bits", () => {
    const [a, b] = [tensor([123456789, -1], null, "int32"), tensor([987654321, 7], null, "int32")];
    expect(mul(a, b).toArray()).toEqual([Math.imul(123456789, 987654321), -7]);
    expect(mul(a, 987654321).toArray()).toEqual([Math.imul(123456789, 987654321), -987654321]);
    expect(square(a).toArray()).toEqual([Math.imul(123456789, 123456789), 1]);
  });

  test("numbers are weak", () => {
    expect(mul(of("float32"), 2).dtype).toBe("float32");
    expect(mul(of("float32"), 0.1).toArray()).toEqual([Math.fround(0.1), Math.fround(0.2)]);
    expect(mul(2, of("int32")).dtype).toBe("int32");
    expect(mul(of("bool"), 2).dtype).toBe("int32");
    expect(mul(2, 3)).toBe(6);
    expect(mul(tensor(2), 3)).toBeInstanceOf(Tensor);
    expect(mul(of("float32"), [1, 2]).dtype).toBe("float64");
    expectTypeOf(mul(2, 3)).toEqualTypeOf<number>();
    expectTypeOf(mul(tensor(2), 3)).toEqualTypeOf<Tensor>();
  });

  test("int32 and a fraction do not mix", () => {
    const message = "mul: int32 tensor with the number 2.5: the result would be truncated. Use cast(x, \"float64\") first.";
    expect(() => mul(of("int32"), 2.5)).toThrow(message);
    expect(() => mul(2 ** 31, of("int32"))).toThrow("the number 2147483648");
    expect(mul(cast(of("int32"), "float64"), 2.5).toArray()).toEqual([2.5, 5]);
  });
});

describe("operands", () => {
  test("arrays of numbers and typed arrays are tensors", () => {
    expect(add([1, 2], 1).toArray()).toEqual([2, 3]);
    expect(add(new Float32Array([1, 2]), 1).dtype).toBe("float32");
    expect(matmul([[1, 2]], [3, 4]).toArray()).toEqual([11]);
    expect(add([[1], [2]], [10, 20]).toArray()).toEqual([[11, 21], [12, 22]]);
    expect(asValue("f", true)).toBe(1);
  });

  test("arrays of tensors are stacked", () => {
    const x = tensor([1, 2]);
    expect(add([slice(x, 1), 5, 3], 0).toArray()).toEqual([2, 5, 3]);
    expect(add([x, x], [1, 1]).toArray()).toEqual([[2, 3], [2, 3]]);
    expect(add([[slice(x, 0), 7], [8, slice(x, 1)]], 0).toArray()).toEqual([[1, 7], [8, 2]]);
    expect(add([new Float32Array([1, 2]), new Float32Array([3, 4])], 0).toArray()).toEqual([[1, 2], [3, 4]]);
    expect(() => add([x, 1], 0)).toThrow("stack: shapes [2] and [] differ.");
  });

  test("others are refused, by name", () => {
    const refused: unknown = "2";
    expect(() => add(tensor(1), refused as number)).toThrow('add: expected a number, a Tensor or an array of numbers, got the string "2".');
    expect(() => asTensor("matmul", null)).toThrow("matmul: expected a number, a Tensor or an array of numbers, got null.");
    expect(() => exp({} as Tensor)).toThrow("exp: expected a number, a Tensor or an array of numbers, got a plain object.");
  });

  test("a number as a tensor is a float64 scalar", () => {
    const x = asTensor("f", 2);
    expect([x.shape, x.dtype, x.item()]).toEqual([[], "float64", 2]);
    const y = tensor([1]);
    expect(asTensor("f", y)).toBe(y);
  });
});
