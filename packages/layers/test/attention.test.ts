import { add, AutoTape, causalMask, functor, generator, gradient, hvp, isLayer, mul, MultiHeadAttention, ones, randn, reshape, slice, square, sum, tensor, Tensor, testMode, trainMode, zeros, type AnyLayer } from "polyad";
import { describe, expect, expectTypeOf, it, test } from "vitest";
import { engines, exact, expectClose, plain } from "../../../test/support.js";

const rng = generator(21);

/** The same layer with arrays of float64 that are nowhere special. */
function wide<L extends AnyLayer>(layer: L): L {
  const { children, rebuild } = layer[functor]()!;
  const of = (x: unknown): unknown => (x instanceof Tensor ? randn(rng, x.shape, { std: 0.6 }) : isLayer(x) ? wide(x) : x);
  return rebuild(Object.fromEntries(Object.entries(children as Record<string, unknown>).map(([key, x]) => [key, of(x)]))) as L;
}

type Rows = number[][];
const rowsOf = (x: Tensor): Rows => x.toArray() as Rows;
const projected = ({ weight, bias }: { weight: Tensor; bias: Tensor | null }, rows: Rows): Rows =>
  rows.map((row) => rowsOf(weight).map((w, i) => w.reduce((total, a, j) => total + a * row[j]!, bias === null ? 0 : bias.dataSync()[i]!)));

/** One sample by plain loops; `sees(head, i, j)` says which weights are there. */
function byHand(layer: MultiHeadAttention, heads: number, q: Tensor, k: Tensor, v: Tensor, sees: (head: number, i: number, j: number) => boolean): { y: Rows; weights: number[][][] } {
  const [Q, K, V] = [projected(layer.query, rowsOf(q)), projected(layer.key, rowsOf(k)), projected(layer.value, rowsOf(v))];
  const hidden = Q[0]!.length;
  const d = hidden / heads;
  const weights = Array.from({ length: heads }, (_, head) =>
    Q.map((query, i) => {
      const powers = K.map((key, j) => {
        let score = 0;
        for (let c = head * d; c < (head + 1) * d; c++) score += query[c]! * key[c]!;
        return sees(head, i, j) ? Math.exp(score / Math.sqrt(d)) : 0;
      });
      const total = powers.reduce((a, b) => a + b, 0);
      return powers.map((p) => (total === 0 ? 0 : p / total));
    }));
  const seen = Q.map((_query, i) => Array.from({ length: hidden }, (_, c) => V.reduce((total, value, j) => total + weights[Math.floor(c / d)]![i]![j]! * value[c]!, 0)));
  return { y: projected(layer.output, seen), weights };
}

const always = (): boolean => true;

describe("MultiHeadAttention", () => {
  it("names itself where a size is wrong, alone and in a chain", () => {
    const layer = MultiHeadAttention({ q: 4, k: 3, v: 5, hidden: 6, out: 2 }, { heads: 3, dropout: 0.5 });
    const name = "layer MultiHeadAttention({ q: 4, k: 3, v: 5, hidden: 6, out: 2 }, heads=3, dropout=0.5)";
    const [q, k, v] = [zeros([7, 4], "float32"), zeros([6, 3], "float32"), zeros([6, 5], "float32")];
    expect(() => layer(zeros([7, 2], "float32"), k, v)).toThrow(`${name} expects queries of size 4 in its last axis, got shape [7, 2].`);
    expect(() => layer(q, zeros([6, 2], "float32"), v)).toThrow(`${name} expects keys of size 3 in its last axis, got shape [6, 2].`);
    expect(() => layer(q, k, zeros([6, 2], "float32"))).toThrow(`${name} expects values of size 5 in its last axis, got shape [6, 2].`);
  });

  const self = wide(MultiHeadAttention(6, { heads: 2, bias: true }));
  const cross = wide(MultiHeadAttention({ q: 4, k: 3, v: 5, hidden: 6, out: 2 }, { heads: 3 }));
  const x = randn(rng, [2, 4, 6]);
  const [q, k, v] = [randn(rng, [2, 3, 4]), randn(rng, [2, 5, 3]), randn(rng, [2, 5, 5])];

  it("to itself is that of plain loops", () => {
    const [y, weights] = self(x);
    [0, 1].forEach((n) => {
      const expected = byHand(self, 2, slice(x, n), slice(x, n), slice(x, n), always);
      expectClose(slice(y, n), expected.y, 1e-12);
      expectClose(slice(weights, n), expected.weights, 1e-12);
    });
    expect([y.shape, weights.shape]).toEqual([[2, 4, 6], [2, 2, 4, 4]]);
  });

  it("to another sequence is that of plain loops, sizes all different", () => {
    const [y, weights] = cross(q, k, v);
    [0, 1].forEach((n) => {
      const expected = byHand(cross, 3, slice(q, n), slice(k, n), slice(v, n), always);
      expectClose(slice(y, n), expected.y, 1e-12);
      expectClose(slice(weights, n), expected.weights, 1e-12);
    });
    expect([y.shape, weights.shape]).toEqual([[2, 3, 2], [2, 3, 3, 5]]);
    const two = wide(MultiHeadAttention({ q: 4, k: 3 }, { heads: 2 }));
    expectClose(two(q, k), two(q, k, k), 0);
  });

  it("sees what a mask lets it see, of each form that broadcasts", () => {
    const masks: [Tensor, (n: number) => (head: number, i: number, j: number) => boolean][] = [
      [causalMask(4), () => (_head, i, j) => j <= i],
      [tensor([[[[true, false, true, true]]], [[[true, true, false, false]]]]), (n) => (_h, _i, j) => [[0, 2, 3], [0, 1]][n]!.includes(j)],
      [tensor([[[true], [true], [true], [true]], [[true], [false], [true], [false]]]), () => (head, i) => head === 0 || i % 2 === 0],
      [tensor(true), () => always],
    ];
    for (const [mask, sees] of masks) {
      const [y, weights] = self(x, { mask });
      [0, 1].forEach((n) => {
        const expected = byHand(self, 2, slice(x, n), slice(x, n), slice(x, n), sees(n));
        expectClose(slice(y, n), expected.y, 1e-12);
        expectClose(slice(weights, n), expected.weights, 1e-12);
      });
    }
    expectClose(self(x, { mask: ones([4, 4], "bool") }), self(x), 1e-14);
    expectClose(cross(q, k, v, { mask: [[true], [true], [true]] as never }), cross(q, k, v), 1e-14);
  });

  it("gives zeros and no NaN where nothing is seen", () => {
    const free = wide(MultiHeadAttention(6, { heads: 2 }));
    const mask = tensor([[true, true, false, false], [false, false, false, false], [true, true, true, true], [false, false, false, true]]);
    const large = mul(x, 1e3);
    for (const input of [x, large]) {
      const [y, weights] = free(input, { mask });
      expect(plain(slice(y, 0, 1))).toEqual([0, 0, 0, 0, 0, 0]);
      expect(plain(slice(weights, 1, 1, 1))).toEqual([0, 0, 0, 0]);
      for (const ad of exact) {
        const f = (m: typeof free, w: Tensor) => sum(square(m(w, { mask })[0]));
        const gradients = gradient(f, ad, free, input);
        expect((plain(gradients[0].query.weight) as number[][]).flat().every(Number.isFinite)).toBe(true);
        expect((plain(gradients[1]) as number[][][]).flat(2).every(Number.isFinite)).toBe(true);
      }
    }
    const none = (w: Tensor) => sum(free(w, { mask: zeros([4, 4], "bool") })[0]);
    for (const ad of exact) expect(plain(gradient(none, ad, x))).toEqual([plain(zeros([2, 4, 6]))]);
    expect(plain(hvp(none, AutoTape(), x, x))).toEqual(plain(zeros([2, 4, 6])));
  });

  test.each([["without", undefined], ["with", causalMask(4)]] as const)("has the same derivatives on every engine, %s a mask", (_name, mask) => {
    const f = (m: typeof self, w: Tensor) => sum(square(m(w, { mask })[0]));
    const [tape, ...others] = engines.map((ad) => gradient(f, ad, self, x));
    others.forEach((other, i) => expectClose(other, tape, i === 2 ? 1e-8 : 1e-12));
    const second = exact.map((ad) => hvp((w: Tensor) => f(self, w), ad, x, x));
    expectClose(second[1], second[0], 1e-11);
    const e = 1e-6;
    const g = (w: Tensor): Tensor => gradient((t: Tensor) => f(self, t), AutoTape(), w)[0];
    expectClose(second[0], mul(add(g(mul(x, 1 + e)), mul(g(mul(x, 1 - e)), -1)), 1 / (2 * e)), 1e-7);
  });

  it("does not let a step see later ones", () => {
    const f = (w: Tensor) => sum(slice(self(w, { mask: causalMask(4) })[0], null, 1));
    const [dx] = gradient(f, AutoTape(), x);
    expect(plain(slice(dx, null, [2, 4]))).toEqual(plain(zeros([2, 2, 6])));
    expect(sum(square(slice(dx, null, [0, 2]))).item()).toBeGreaterThan(0);
  });

  it("takes any number of batch axes, none, and no samples", () => {
    const [y, weights] = self(x);
    const [again, w] = self(reshape(x, [2, 1, 4, 6]), { mask: tensor(true) });
    expectClose([again, w], [reshape(y, [2, 1, 4, 6]), reshape(weights, [2, 1, 2, 4, 4])], 1e-14);
    expectClose(self(slice(x, 1)), [slice(y, 1), slice(weights, 1)], 1e-14);
    expect(self(zeros([0, 4, 6]))[0].shape).toEqual([0, 4, 6]);
    expect(self(zeros([2, 0, 6]), { mask: causalMask(0) })[0].shape).toEqual([2, 0, 6]);
    expect(MultiHeadAttention(8)(zeros([2, 3, 8], "float32"))[0].dtype).toBe("float32");
  });

  it("drops weights in training", () => {
    const layer = MultiHeadAttention(6, { heads: 2, dropout: 0.5, rng: generator(3) });
    const input = randn(rng, [2, 4, 6], { dtype: "float32" });
    expect(() => layer(input)).toThrow("layer Dropout(0.5) has not been told whether it is being trained.");
    const [used, trained] = [testMode(layer), trainMode(layer)];
    expect(plain(used(input)[0])).toEqual(plain(used(input)[0]));
    expect(plain(trained(input)[0])).not.toEqual(plain(trained(input)[0]));
    const [all, some] = [used(input)[1], trained(input)[1]].map((w) => [...w.dataSync()]);
    expect(some!.every((w, i) => w === 0 || w === 2 * all![i]!)).toBe(true);
    expect(new Set(some!.map((w) => w === 0))).toEqual(new Set([true, false]));
  });

  it("prints, and says what does not fit", () => {
    expect([MultiHeadAttention(64), self, cross, MultiHeadAttention(6, { heads: 2, dropout: 0.1 })].map(String)).toEqual([
      "MultiHeadAttention(64, heads=8)", "MultiHeadAttention(6, heads=2, bias=true)", "MultiHeadAttention({ q: 4, k: 3, v: 5, hidden: 6, out: 2 }, heads=3)", "MultiHeadAttention(6, heads=2, dropout=0.1)",
    ]);
    expect(() => MultiHeadAttention(6)).toThrow("MultiHeadAttention: 8 heads do not divide the hidden size 6.");
    expect(() => MultiHeadAttention(6, { heads: 0 })).toThrow("MultiHeadAttention: 0 heads do not divide the hidden size 6.");
    expect(() => MultiHeadAttention(6, { heads: 2, dropout: 1 })).toThrow("Dropout: expected a probability");
    expect(() => self(zeros([2, 4, 5]))).toThrow("expects queries of size 6 in its last axis, got shape [2, 4, 5].");
    expect(() => self(zeros([6]))).toThrow("MultiHeadAttention: expected queries [...batch, Tq, size], keys [...batch, Tk, size] and values [...batch, Tk, size], got [6], [6], [6].");
    expect(() => cross(q, k, zeros([2, 4, 5]))).toThrow("got [2, 3, 4], [2, 5, 3], [2, 4, 5].");
    expect(() => cross(q, slice(k, [0, 1]), slice(v, [0, 1]))).toThrow("got [2, 3, 4], [1, 5, 3], [1, 5, 5].");
    expect(() => self(x, { mask: zeros([4, 4]) })).toThrow("MultiHeadAttention: expected a mask of bool, true where a query may see a key, got float64. Compare to make one: greater(mask, 0).");
    expect(() => self(x, { mask: causalMask(5) })).toThrow("MultiHeadAttention: the mask has shape [5, 5], which does not broadcast to the weights' [..., heads, Tq, Tk], here [2, 2, 4, 4].");
    expectTypeOf(self(x)).toEqualTypeOf<[y: Tensor, weights: Tensor]>();
    expect(plain(causalMask(2))).toEqual([[1, 0], [1, 1]]);
    expect(causalMask(2).dtype).toBe("bool");
  });
});
