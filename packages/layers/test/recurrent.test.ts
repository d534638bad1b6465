import {
  add, AutoForward, AutoTape, defineLayer, functor, generator, gradient, GRU, GRUCell, hvp, initialState, LSTM, LSTMCell, mul, randn, Recurrence, relu, reshape, RNN, RNNCell, scan, slice,
  square, stack, sum, tanh, tensor, Tensor, trace, zeros, type AnyLayer,
} from "polyad";
import { describe, expect, expectTypeOf, it, test } from "vitest";
import { engines, exact, expectClose, plain } from "../../../test/support.js";
import { chunk } from "../src/recurrent/chunk.js";

const rng = generator(11);

/** The same layer with arrays of float64 that are nowhere special. */
function wide<L extends AnyLayer>(layer: L): L {
  const { children, rebuild } = layer[functor]()!;
  const fields = Object.entries(children as Record<string, unknown>).map(([key, x]) => [key, x instanceof Tensor ? randn(rng, x.shape, { std: 0.6 }) : x]);
  return rebuild(Object.fromEntries(fields)) as L;
}

const sigma = (v: number): number => 1 / (1 + Math.exp(-v));

/** Row i of W·x. */
const dot = (W: Tensor, i: number, x: readonly number[]): number => x.reduce((total, v, j) => total + W.dataSync()[i * x.length + j]! * v, 0);
const biasAt = (b: Tensor | null, i: number): number => (b === null ? 0 : b.dataSync()[i]!);

type Numbers = readonly number[];
type Step = (x: Numbers, h: Numbers, c: Numbers) => [h: Numbers, c: Numbers];

/** The cells by plain loops over one sample. */
const byHand = {
  rnn: ({ Wi, Wh, bias }: RNNCell): Step => (x, h) => [h.map((_, i) => Math.tanh(dot(Wi, i, x) + dot(Wh, i, h) + biasAt(bias, i))), []],
  lstm: ({ Wi, Wh, bias }: LSTMCell): Step => (x, h, c) => {
    const n = h.length;
    const gate = (k: number, i: number): number => dot(Wi, k * n + i, x) + dot(Wh, k * n + i, h) + biasAt(bias, k * n + i);
    const memory = c.map((v, i) => sigma(gate(1, i)) * v + sigma(gate(0, i)) * Math.tanh(gate(2, i)));
    return [memory.map((v, i) => sigma(gate(3, i)) * Math.tanh(v)), memory];
  },
  gru: ({ Wi, Wh, bias }: GRUCell): Step => (x, h) => {
    const n = h.length;
    const wx = (k: number, i: number): number => dot(Wi, k * n + i, x) + biasAt(bias, k * n + i);
    const wh = (k: number, i: number): number => dot(Wh, k * n + i, h);
    const next = h.map((v, i) => {
      const z = sigma(wx(1, i) + wh(1, i));
      return (1 - z) * Math.tanh(wx(2, i) + sigma(wx(0, i) + wh(0, i)) * wh(2, i)) + z * v;
    });
    return [next, []];
  },
};

const cells = {
  rnn: wide(RNNCell(2, 3)),
  lstm: wide(LSTMCell(2, 3)),
  gru: wide(GRUCell(2, 3)),
  "gru without bias": wide(GRUCell(2, 3, { bias: false })),
};
const steps = { rnn: byHand.rnn(cells.rnn), lstm: byHand.lstm(cells.lstm), gru: byHand.gru(cells.gru), "gru without bias": byHand.gru(cells["gru without bias"]) };
type Kind = keyof typeof cells;
const kinds = Object.keys(cells) as Kind[];

/** The cell of a kind as one of any: its state is a tensor or a pair. */
type AnyCell = AnyLayer & ((x: Tensor, state?: unknown) => [Tensor, unknown]) & { (x: Tensor, state: unknown, over: "time"): [Tensor, unknown] };
const cellOf = (kind: Kind): AnyCell => cells[kind] as unknown as AnyCell;
const asState = (kind: Kind, h: Tensor, c: Tensor): unknown => (kind === "lstm" ? [h, c] : h);

/** All h of all samples along a sequence [N, T, 2], by plain loops, and the last state. */
function unrollByHand(kind: Kind, x: Tensor, h0: Tensor, c0: Tensor): { y: number[][][]; h: Numbers[]; c: Numbers[] } {
  const rows = x.toArray() as number[][][];
  const [hs, cs] = [h0.toArray() as number[][], c0.toArray() as number[][]];
  const last = rows.map((row, n) => {
    let [h, c]: [Numbers, Numbers] = [hs[n]!, cs[n]!];
    const ys = row.map((v) => ([h, c] = steps[kind](v, h, c))[0]);
    return { ys, h, c };
  });
  return { y: last.map(({ ys }) => ys.map((h) => [...h])), h: last.map(({ h }) => h), c: last.map(({ c }) => c) };
}

describe("cells", () => {
  const x = randn(rng, [4, 2]);
  const [h, c] = [randn(rng, [4, 3]), randn(rng, [4, 3])];

  test.each(kinds)("%s is that of plain loops", (kind) => {
    const [y, state] = cellOf(kind)(x, asState(kind, h, c));
    const expected = unrollByHand(kind, reshape(x, [4, 1, 2]), h, c);
    expectClose(y, expected.h, 1e-14);
    expectClose(state, kind === "lstm" ? [expected.h, expected.c] : expected.h, 1e-14);
  });

  test.each(kinds)("%s takes a vector, many batch axes, and no state", (kind) => {
    const cell = cellOf(kind);
    const [y] = cell(x);
    expectClose(y, unrollByHand(kind, reshape(x, [4, 1, 2]), zeros([4, 3]), zeros([4, 3])).h, 1e-14);
    expectClose(cell(slice(x, 2))[0], slice(y, 2), 1e-14);
    expectClose(cell(reshape(x, [2, 1, 2, 2]))[0], reshape(y, [2, 1, 2, 3]), 1e-14);
    expect(cell(zeros([0, 2]))[0].shape).toEqual([0, 3]);
  });

  test.each(kinds)("%s has the same derivatives on every engine", (kind) => {
    const f = (cell: AnyCell, v: Tensor, s: Tensor, t: Tensor) => sum(square(cell(v, asState(kind, s, t))[0]));
    const [tape, ...others] = engines.map((ad) => gradient(f as never, ad, cellOf(kind) as never, x, h, c));
    others.forEach((other, i) => expectClose(other, tape, i === 2 ? 1e-8 : 1e-13));
  });

  it("print, and start from zeros", () => {
    expect([RNNCell(2, 3), RNNCell(2, 3, relu), LSTMCell(2, 3), GRUCell(2, 3, { bias: false }), RNN(2, 3), LSTM(2, 3), GRU(4, 5), Recurrence(LSTMCell(2, 3))].map(String)).toEqual([
      "RNNCell(2 => 3)", "RNNCell(2 => 3, relu)", "LSTMCell(2 => 3)", "GRUCell(2 => 3, bias=false)", "RNN(2 => 3)", "LSTM(2 => 3)", "GRU(4 => 5)", "Recurrence(LSTMCell(2 => 3))",
    ]);
    expect(plain(initialState(LSTMCell(2, 1), [2]))).toEqual([[[0], [0]], [[0], [0]]]);
    expect(initialState(GRUCell(2, 3)).dtype).toBe("float32");
    expectTypeOf(initialState(RNNCell(2, 3))).toEqualTypeOf<Tensor>();
    expect([LSTMCell(2, 3).Wi.shape, LSTMCell(2, 3).Wh.shape, LSTMCell(2, 3).bias!.shape]).toEqual([[12, 2], [12, 3], [12]]);
    expect(LSTMCell(2, 3)(zeros([2], "float32"))[0].dtype).toBe("float32");
    expect(() => initialState({} as never)).toThrow("initialState: expected an RNNCell, LSTMCell or GRUCell");
  });

  it("say what does not fit", () => {
    expect(() => LSTMCell(2, 3)(zeros([4, 5], "float32"))).toThrow("layer LSTMCell(2 => 3) expects an input of size 2 in its last axis, got shape [4, 5].");
    expect(() => LSTMCell(2, 3)(zeros([4, 2], "float32"), [zeros([3]), zeros([4, 3])])).toThrow("layer LSTMCell(2 => 3) expects tensors [4, 3] and [4, 3] as its state, got tensors [3] and [4, 3].");
    expect(() => GRUCell(0, 3)).toThrow("GRUCell: expected whole numbers of at least 1 as sizes, got 0, 3.");
    expect(() => RNNCell(2, 1.5)).toThrow("RNNCell: expected whole numbers of at least 1 as sizes, got 2, 1.5.");
  });
});

describe("sequences", () => {
  const x = randn(rng, [3, 5, 2]);
  const [h, c] = [randn(rng, [3, 3]), randn(rng, [3, 3])];

  test.each(kinds)("of %s are its steps", (kind) => {
    const [y, state] = scan(cellOf(kind), x, asState(kind, h, c));
    const expected = unrollByHand(kind, x, h, c);
    expectClose(y, expected.y, 1e-13);
    expectClose(state, kind === "lstm" ? [expected.h, expected.c] : expected.h, 1e-13);
    expectClose(scan(cellOf(kind), x)[0], unrollByHand(kind, x, zeros([3, 3]), zeros([3, 3])).y, 1e-13);
    // in two parts, the state handed over
    const [first, between] = scan(cellOf(kind), slice(x, null, [0, 2]), asState(kind, h, c));
    const [second] = scan(cellOf(kind), slice(x, null, [2, 5]), between);
    expectClose([first, second], [slice(y, null, [0, 2]), slice(y, null, [2, 5])], 1e-13);
    expectClose(scan(cellOf(kind), slice(x, 1))[0], slice(scan(cellOf(kind), x)[0], 1), 1e-13);
    expectClose(scan(cellOf(kind), reshape(x, [3, 1, 5, 2]))[0], reshape(scan(cellOf(kind), x)[0], [3, 1, 5, 3]), 1e-13);
  });

  test.each(kinds)("of %s have the same derivatives on every engine", (kind) => {
    const f = (cell: AnyCell, v: Tensor, s: Tensor, t: Tensor) => {
      const [y, end] = scan(cell, v, asState(kind, s, t));
      return add(sum(square(y)), sum(kind === "lstm" ? (end as [Tensor, Tensor])[1] : (end as Tensor)));
    };
    const [tape, ...others] = engines.map((ad) => gradient(f as never, ad, cellOf(kind) as never, x, h, c));
    others.forEach((other, i) => expectClose(other, tape, i === 2 ? 1e-8 : 1e-12));
    const second = exact.map((ad) => hvp((v: Tensor) => f(cellOf(kind), v, h, c), ad, x, h.size === 9 ? x : x));
    expectClose(second[1], second[0], 1e-12);
    expectClose(second[2], second[0], 1e-12);
    const e = 1e-6;
    const g = (v: Tensor): Tensor => gradient((w: Tensor) => f(cellOf(kind), w, h, c), AutoTape(), v)[0];
    expectClose(second[0], mul(add(g(mul(x, 1 + e)), mul(g(mul(x, 1 - e)), -1)), 1 / (2 * e)), 1e-8);
  });

  it("are layers, with all outputs", () => {
    for (const [layer, cell] of [[RNN(2, 3), RNNCell], [LSTM(2, 3), LSTMCell], [GRU(2, 3), GRUCell]] as const) {
      const v = zeros([4, 7, 2], "float32");
      expect(layer(v).shape).toEqual([4, 7, 3]);
      expect(layer(v).dtype).toBe("float32");
      expect(layer.cell).toBeInstanceOf(cell);
      const wider = scan(layer.cell as never, v as never)[0] as Tensor;
      expect(plain(layer(v))).toEqual(plain(wider));
    }
    expect(LSTM(2, 3)(zeros([4, 7, 2], "float32"), initialState(LSTMCell(2, 3), [4])).shape).toEqual([4, 7, 3]);
    expect(LSTM(2, 3)(zeros([7, 2], "float32")).shape).toEqual([7, 3]);
    expect(LSTM(2, 3)(zeros([4, 0, 2], "float32")).shape).toEqual([4, 0, 3]);
    expect(GRU(2, 3)(zeros([0, 7, 2], "float32")).shape).toEqual([0, 7, 3]);
    expect(GRU(2, 3)(zeros([4, 1, 2], "float32")).shape).toEqual([4, 1, 3]);
    expect(() => LSTM(2, 3)(zeros([2], "float32"))).toThrow("layer LSTMCell(2 => 3) expects a sequence of shape [..., time, 2], got shape [2].");
  });

  it("take own cells, as functions and as layers", () => {
    const total = (v: Tensor, s: Tensor = zeros([2])): [Tensor, Tensor] => [add(s, v), add(s, v)];
    expect(plain(scan(total, tensor([[1, 10], [2, 20], [3, 30]])))).toEqual([[[1, 10], [3, 30], [6, 60]], [6, 60]]);
    const Leaky = defineLayer("Leaky", (rate: number) => ({ rate: tensor(rate) }), (self, v: Tensor, s: Tensor = zeros(v.shape)): [Tensor, Tensor] => {
      const next = add(mul(s, self.rate), v);
      return [next, next];
    });
    const layer = Recurrence(Leaky(0.5));
    expect(plain(layer(tensor([[[1], [1], [1]]])))).toEqual([[[1], [1.5], [1.75]]]);
    expect(gradient((m: typeof layer, v: Tensor) => sum(m(v)), AutoTape(), layer, tensor([[1], [1], [1]]))[1].toArray()).toEqual([[1.75], [1.5], [1]]);
    expect(() => scan(total, zeros([0, 2]))).toThrow("scan: expected at least one step, got shape [0, 2].");
    expect(() => scan(total, zeros([2]))).toThrow("scan: expected a sequence of shape [..., time, size], got shape [2].");
  });

  it("can be captured", () => {
    const lstm = wide(LSTMCell(2, 3));
    const graph = trace((v: Tensor) => scan(lstm, v)[0], x);
    expectClose(graph.evaluate(x), scan(lstm, x)[0], 1e-15);
    expectClose(graph.optimize().evaluate(x), scan(lstm, x)[0], 1e-15);
  });
});

describe("chunk", () => {
  const x = randn(rng, [2, 6, 3]);

  it("is as many slices, along any axis", () => {
    for (const [count, axis] of [[3, 1], [1, 0], [2, 0], [3, 2], [6, 1]] as const) {
      const n = x.shape[axis]! / count;
      const expected = Array.from({ length: count }, (_, k) => slice(x, ...x.shape.map((_n, i) => (i === axis ? ([k * n, (k + 1) * n] as const) : null))));
      expect(plain(chunk(x, count, axis))).toEqual(plain(expected));
    }
    const wideRows = randn(rng, [3, 200]);
    expect(plain(chunk(wideRows, 2, 1))).toEqual(plain([slice(wideRows, null, [0, 100]), slice(wideRows, null, [100, 200])]));
  });

  test.each(engines)("has the derivatives of slices, and of parts that are not used, under $adtype", (ad) => {
    const f = (v: Tensor) => {
      const [a, , b] = chunk(v, 3, 1);
      return sum(mul(square(a!), b!));
    };
    const g = (v: Tensor) => sum(mul(square(slice(v, null, [0, 2])), slice(v, null, [4, 6])));
    expectClose(gradient(f, ad, x), gradient(g, AutoTape(), x), ad.adtype === "finite-diff" ? 1e-9 : 1e-15);
  });

  it("batches, and nests", () => {
    const f = (v: Tensor) => sum(mul(tanh(chunk(v, 2, 0)[0]!), chunk(v, 2, 0)[1]!));
    expectClose(hvp(f, AutoTape(), x, x), hvp(f, AutoForward(), x, x), 1e-14);
    expect(stack(chunk(x, 2, 0)).shape).toEqual([2, 1, 6, 3]);
  });
});
