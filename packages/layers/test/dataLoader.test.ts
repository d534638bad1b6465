import fc from "fast-check";
import { AutodiffError, collate, DataLoader, generator, permutation, ShapeError, tensor, zeros, type Tensor } from "polyad";
import { describe, expect, expectTypeOf, test } from "vitest";
import { plain } from "../../../test/support.js";

fc.configureGlobal({ seed: Number(process.env["SEED"] ?? 20240607) });

const x = tensor([[1, 10], [2, 20], [3, 30], [4, 40], [5, 50]]);
const y = tensor(new Int32Array([1, 2, 3, 4, 5]));

async function gathered<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const part of source) all.push(part);
  return all;
}

async function* counting(n: number): AsyncGenerator<number> {
  for (let i = 0; i < n; i++) yield i;
}

describe("of tensors", () => {
  test("batches in order, the rest last or left out", () => {
    const loader = DataLoader([x, y], { batchSize: 2 });
    expect([loader.length, loader.size]).toEqual([3, 5]);
    expect(plain([...loader])).toEqual([[[[1, 10], [2, 20]], [1, 2]], [[[3, 30], [4, 40]], [3, 4]], [[[5, 50]], [5]]]);
    const full = DataLoader([x, y], { batchSize: 2, partial: false });
    expect(full.length).toBe(2);
    expect([...full].map(([, label]) => plain(label))).toEqual([[1, 2], [3, 4]]);
    expect([...DataLoader(x)].map((row) => row.shape)).toEqual(new Array(5).fill([1, 2]));
    expect([...DataLoader(x, { batchSize: 9 })].map((row) => plain(row))).toEqual([plain(x)]);
    expect(plain([...loader])).toEqual(plain([...loader]));
  });

  test("one tensor, tuples, objects, objects in objects, typed arrays", () => {
    expect(plain([...DataLoader(y, { batchSize: 3 })])).toEqual([[1, 2, 3], [4, 5]]);
    expect(plain([...DataLoader({ image: x, label: { id: y } }, { batchSize: 4 })][1])).toEqual({ image: [[5, 50]], label: { id: [5] } });
    const [[floats, ints]] = [...DataLoader([new Float32Array([1, 2]), new Int32Array([3, 4])], { batchSize: 2 })] as [[Tensor, Tensor]];
    expect([floats.dtype, plain(floats), ints.dtype, plain(ints)]).toEqual(["float32", [1, 2], "int32", [3, 4]]);
    const [[a, b]] = [...DataLoader([x, x], { batchSize: 2, shuffle: generator(1) })] as [[Tensor, Tensor]];
    expect(a).toBe(b);
  });

  test("shuffles every pass anew, rows together, each once, as its generator says", () => {
    const rng = generator(3);
    const loader = DataLoader([x, y], { batchSize: 2, shuffle: rng });
    const passes = Array.from({ length: 20 }, () => [...loader].map((batch) => plain(batch) as [number[][], number[]]));
    for (const pass of passes) {
      const labels = pass.flatMap(([, label]) => label);
      expect([...labels].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
      expect(pass.flatMap(([rows]) => rows)).toEqual(labels.map((label) => [label, 10 * label]));
    }
    expect(new Set(passes.map((pass) => JSON.stringify(pass))).size).toBeGreaterThan(10);
    const again = generator(3);
    const expected = Array.from({ length: 20 }, () => plain(permutation(again, 5)));
    expect(passes.map((pass) => pass.flatMap(([, label]) => label.map((l) => l - 1)))).toEqual(expected);
    expect(rng.state()).toEqual(again.state());
  });

  test("a generator's state is all that a later pass depends on", () => {
    const rng = generator(4);
    const loader = DataLoader(y, { shuffle: rng });
    void [...loader];
    const resumed = DataLoader(y, { shuffle: generator(rng.state()) });
    expect(plain([...resumed])).toEqual(plain([...loader]));
  });

  test("types follow the data", () => {
    expectTypeOf(DataLoader(x)[Symbol.iterator]().next().value).toExtend<Tensor | undefined>();
    for (const [a, b] of DataLoader([x, y])) expectTypeOf([a, b]).toEqualTypeOf<Tensor[]>();
    for (const batch of DataLoader({ a: x, b: new Float32Array(5) })) expectTypeOf(batch).toEqualTypeOf<{ a: Tensor; b: Tensor }>();
    for (const batch of DataLoader([{ a: 1, s: "x" }])) expectTypeOf(batch).toEqualTypeOf<{ a: Tensor; s: string[] }>();
    for (const batch of DataLoader([1, 2], { collate: (samples) => samples.length })) expectTypeOf(batch).toEqualTypeOf<number>();
    expectTypeOf(DataLoader(counting(1))).toEqualTypeOf<AsyncIterable<Tensor>>();
  });

  test("any sizes: every row once, batches full but for the last", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 45 }), fc.option(fc.nat(), { nil: undefined }), (n, batchSize, seed) => {
        const rows = tensor(Array.from({ length: n }, (_, i) => [i, -i]));
        const batches = [...DataLoader(rows, { batchSize, shuffle: seed === undefined ? undefined : generator(seed) })].map((b) => b.toArray() as number[][]);
        expect(batches.flat().map(([i]) => i!).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
        expect(batches.slice(0, -1).every((b) => b.length === batchSize)).toBe(true);
        expect(batches).toHaveLength(Math.ceil(n / batchSize));
      }),
    );
  });
});

describe("of samples and streams", () => {
  const samples = [0, 1, 2, 3, 4].map((i) => ({ x: tensor([i, i]), y: i, on: i > 1, name: `s${i}` }));

  test("samples are collated by their structure, or by a function", () => {
    const [first, , last] = [...DataLoader(samples, { batchSize: 2 })];
    expect([plain(first), first!.on.dtype]).toEqual([{ x: [[0, 0], [1, 1]], y: [0, 1], on: [0, 0], name: ["s0", "s1"] }, "bool"]);
    expect(plain(last)).toEqual({ x: [[4, 4]], y: [4], on: [1], name: ["s4"] });
    expect(plain(collate([[1, new Float32Array([2])], [3, new Float32Array([4])]]))).toEqual([[1, 3], [[2], [4]]]);
    expect([...DataLoader(["a", "b", "c"], { batchSize: 2 })]).toEqual([["a", "b"], ["c"]]);
    expect([...DataLoader([3, 1, 2], { batchSize: 2, collate: (s) => Math.max(...s) })]).toEqual([3, 2]);
    // Tensors alone are columns, unless it is said how they are collated.
    const rows = [tensor([1, 2]), tensor([3, 4]), tensor([5, 6])];
    expect(plain([...DataLoader(rows, { batchSize: 2 })])).toEqual([[[1, 2], [3, 4], [5, 6]]]);
    expect(plain([...DataLoader<Tensor, Tensor>(rows, { batchSize: 2, collate: (s) => collate(s) })])).toEqual([[[1, 2], [3, 4]], [[5, 6]]]);
    const shuffled = [...DataLoader(samples, { batchSize: 5, shuffle: generator(1) })];
    expect(plain(shuffled[0]!.y)).toEqual(plain(permutation(generator(1), 5)));
    expect(() => [...DataLoader([[tensor([1])], [tensor([1, 2])]], { batchSize: 2 })]).toThrow(ShapeError);
  });

  test("streams, async or not, once or as often as a function makes them", async () => {
    expect(plain(await gathered(DataLoader(counting(5), { batchSize: 2 })))).toEqual([[0, 1], [2, 3], [4]]);
    expect(plain(await gathered(DataLoader(new Set([7, 8, 9]), { batchSize: 2, partial: false })))).toEqual([[7, 8]]);
    const again = DataLoader(() => counting(3), { batchSize: 3 });
    expect(plain([await gathered(again), await gathered(again)])).toEqual([[[0, 1, 2]], [[0, 1, 2]]]);
    expect(plain(await gathered(DataLoader(counting(4), { batchSize: 2, collate: (s) => s.map(String).join("") })))).toEqual(["01", "23"]);
    expect(await gathered(DataLoader(counting(0)))).toEqual([]);
  });

  test("streams are shuffled from a buffer: each sample once, none earlier than the buffer lets it", async () => {
    const order = async (seed: number, buffer: number): Promise<number[]> =>
      gathered(DataLoader(() => counting(50), { shuffle: generator(seed), buffer, collate: ([i]) => i! }));
    for (const buffer of [1, 7, 50, 1000]) {
      const got = await order(2, buffer);
      expect([...got].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
      expect(got.every((i, place) => i - place <= buffer)).toBe(true);
      expect(await order(2, buffer)).toEqual(got);
    }
    expect(await order(2, 1)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(await order(2, 50)).not.toEqual(await order(3, 50));
  });

  test("a stream is left where the loop breaks, and is closed", async () => {
    let [read, closed] = [0, false];
    async function* source(): AsyncGenerator<number> {
      try {
        for (;;) yield read++;
      } finally {
        closed = true;
      }
    }
    for await (const batch of DataLoader(source, { batchSize: 3 })) {
      expect(plain(batch)).toEqual([0, 1, 2]);
      break;
    }
    expect([read, closed]).toEqual([3, true]);
  });
});

describe("bad input", () => {
  const given = (...args: unknown[]): unknown => Reflect.apply(DataLoader as (...args: unknown[]) => unknown, null, args);

  test.each<[string, readonly unknown[], string]>([
    ["no samples", [[]], "DataLoader: the data is empty."],
    ["no rows", [zeros([0, 3])], "DataLoader: the data is empty."],
    ["no columns", [{}], "DataLoader: the data is empty."],
    ["no full batch", [y, { batchSize: 6, partial: false }], "DataLoader: 5 samples make no batch of 6. Let the batch be smaller, or partial: true."],
    ["columns of different lengths", [[x, tensor([1, 2])]], "DataLoader: the first axes count the samples and must agree: [0] has 5, [1] has 2. If these are samples: stack(samples)."],
    ["a scalar", [tensor(1)], "DataLoader: expected tensors whose first axis counts the samples, an array of samples, or a stream, got a scalar at the data."],
    ["a number inside", [{ x, n: 3 }], "got number 3 at .n."],
    ["a number", [3], "got number 3 at the data."],
    ["nothing", [null], "got object null at the data."],
    ["a batch of none", [x, { batchSize: 0 }], "DataLoader: expected a batchSize of at least 1, got 0."],
    ["half a sample", [x, { batchSize: 1.5 }], "got 1.5."],
    ["shuffle: true", [x, { shuffle: true }], "DataLoader: shuffle takes the generator that draws the order, as shuffle: generator(1)."],
    ["a misspelled option", [x, { batchsize: 2 }], "DataLoader: there is no option batchsize. Write batchSize."],
    ["a collate for columns", [{ x, y }, { collate: () => 0 }], "DataLoader: collate makes a batch of an array of samples, or of a stream; tensors and objects of tensors are cut as they are."],
    ["an option of others", [x, { workers: 2 }], "DataLoader: there is no option workers. It has batchSize, shuffle, partial, collate, buffer."],
    ["a buffer for tensors", [x, { buffer: 2 }], "DataLoader: buffer is for shuffling streams"],
    ["a stream without a buffer", [counting(3), { shuffle: generator(1) }], "DataLoader: a stream is shuffled with both a generator and the number of samples to read ahead: { shuffle: generator(1), buffer: 1000 }."],
    ["a buffer without a generator", [counting(3), { buffer: 5 }], "DataLoader: a stream is shuffled with both"],
    ["a buffer of none", [counting(3), { buffer: 0, shuffle: generator(1) }], "DataLoader: expected a buffer of at least 1 sample, got 0."],
  ])("%s", (_name, args, message) => {
    expect(() => given(...args)).toThrow(AutodiffError);
    expect(() => given(...args)).toThrow(message);
  });
});

test("samples that are no batch say so", () => {
  const batches = (data: unknown): unknown => [...Reflect.apply(DataLoader, undefined, [data, { batchSize: 2 }]) as Iterable<unknown>];
  expect(() => batches([[[1], [2], [3]], [1, 2, 3]])).toThrow(/^collate: samples differ in structure, so that they are no batch\. Columns, one for each argument, are tensors\. /);
  expect(() => batches([{ x: tensor([1, 2]) }, { x: tensor([1]) }])).toThrow(/^collate: samples differ in shape, so that they are no batch\. stack: shapes \[2\] and \[1\] differ\./);
});
