import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  add, BatchNorm, byteSize, callable, Chain, compose, Conv, Dense, Embedding, Flatten, fmap, full, gradient, AutoTape, only, outputSize, Parallel, parameterCount, relu, reshape, SamePad, Scale,
  sigmoid, SkipConnection, softmax, stack, sum, summary, tanh, Tensor, tensor, testMode, trainMode, Dropout, generator, LayerNorm, defineLayer, mul, PairwiseFusion, zeros, AutodiffError, ShapeError,
  trainable, matmul, ones,
} from "polyad";

describe("printing", () => {
  it("shows containers in containers, with names, and counts all of it at the end", () => {
    const model = Chain({
      body: Chain(Dense(10, 1000), relu, SkipConnection(Dense(1000, 1000, tanh, { bias: false }), add)),
      heads: Parallel((...ys) => stack(ys), { a: Dense(1000, 2), b: Chain(Scale(1000), Dense(1000, 2)) }),
      last: only,
    });
    expect(String(model)).toBe(`Chain(
  body = Chain(
    Dense(10 => 1000),                  # 11_000 parameters
    relu,
    SkipConnection(
      Dense(1000 => 1000, tanh, bias=false),  # 1_000_000 parameters
      add,
    ),
  ),
  heads = Parallel(
    (anonymous),
    a = Dense(1000 => 2),               # 2_002 parameters
    b = Chain(
      Scale(1000),                      # 2_000 parameters
      Dense(1000 => 2),                 # 2_002 parameters
    ),
  ),
  last = only,
)                   # Total: 9 arrays, 1_017_004 parameters, 3.880 MiB.`);
    expect(inspect({ model })).toContain("heads = Parallel(");
  });

  it("shows a convolutional network", () => {
    const model = Chain(Conv([3, 3], [1, 8], relu, { padding: SamePad() }), BatchNorm(8, relu), Flatten(), Dropout(0.5, generator(1)), Dense(6272, 10), LayerNorm(10), softmax);
    const headers = 72 + 48 + 4 * 48 + (56 + 48) + 2 * 48; // a kernel has four axes
    const words = 9 + 4 + 1 + 2; // strides, paddings, dilations and groups; channels, eps, momentum and id; p; size and eps
    expect(String(model)).toBe(`Chain(
  Conv((3, 3), 1 => 8, relu, padding=1),  # 80 parameters
  BatchNorm(8, relu),                   # 16 parameters, plus 16
  Flatten(),
  Dropout(0.5),
  Dense(6272 => 10),                    # 62_730 parameters
  LayerNorm(10),                        # 20 parameters
  softmax,
)         # Total: 8 trainable arrays, 62_846 parameters,
          # plus 2 non-trainable, 16 parameters, summarysize ${((62_862 * 4 + headers + words * 8) / 1024).toFixed(3)} KiB.`);
    expect(String(testMode(model))).toBe(String(trainMode(model)));
  });

  it("says the last line for more than two arrays only", () => {
    expect(String(Chain(Dense(2, 3), relu))).toBe("Chain(\n  Dense(2 => 3),                        # 9 parameters\n  relu,\n)");
    expect(String(Chain(Dense(2, 3), Scale(3, relu, { bias: false }))).split("\n").at(-1)).toBe(")                   # Total: 3 arrays, 12 parameters, 200 bytes.");
  });

  it("counts bytes as Flux's own examples do", () => {
    const total = (model: unknown) => String(model).split("\n").at(-1)!.replace(/.*parameters, /, "");
    // 4 bytes for each element, 40 + 8·ndim for each array
    expect(total(Chain(Dense(1, 20, sigmoid), Dense(20, 1)))).toBe("452 bytes.");
    expect(total(Chain(Dense(2, 3), Dense(3, 2)))).toBe(`${(9 + 8) * 4 + 208} bytes.`); // 276
    expect(total(Chain(Dense(8, 16), Dense(16, 7)))).toBe("1.230 KiB.");
    expect(total(Chain(Dense(1000, 1600), Dense(1600, 17)))).toBe(`${(((1_600_000 + 1600 + 27_200 + 17) * 4 + 208) / 1024 ** 2).toFixed(3)} MiB.`);
  });

  it("is one line where no part is a layer", () => {
    expect(String(Chain((x) => x, relu))).toBe("Chain((anonymous), relu)");
    expect(String(Chain({ act: relu, squash: sigmoid }))).toBe("Chain(act = relu, squash = σ)");
    expect(String(Chain(Dense(1, 1), Chain(relu, softmax))).split("\n")[2]).toBe("  Chain(relu, softmax),");
  });

  it("warns of zeros, NaN and infinities", () => {
    const dense = (value: number) => Dense.from({ weight: full([2, 2], value, "float32"), bias: zeros([2], "float32") });
    const lines = String(Chain(dense(0), dense(NaN), dense(Infinity), dense(1))).split("\n").slice(1, 5).map((line) => line.replace(/.*# /, ""));
    expect(lines).toEqual(["6 parameters  (all zero)", "6 parameters  (some NaN)", "6 parameters  (some Inf)", "6 parameters"]);
    expect(summary(dense(-Infinity))).toBe("Dense(2 => 2)       # 6 parameters  (some Inf)");
  });

  it("sums a single layer up", () => {
    expect([Dense(1, 20, sigmoid), Embedding(1000, 16), BatchNorm(64, relu), Flatten(), Dropout(0.5, generator(1))].map(summary)).toEqual([
      "Dense(1 => 20, σ)   # 40 parameters", "Embedding(1000 => 16)  # 16_000 parameters", "BatchNorm(64, relu)  # 128 parameters, plus 128 non-trainable", "Flatten()", "Dropout(0.5)",
    ]);
    const model = Chain(Dense(1, 2));
    const Block = defineLayer("Block", (d: number) => ({ norm: LayerNorm(d), body: Chain(Dense(d, 2 * d), Dense(2 * d, d)) }), (self, x: Tensor) => self.body(self.norm(x)));
    expect(summary(Block(2)).split("Total: ").slice(1)).toEqual(["6 arrays, 26 parameters, 424 bytes."]); // of the whole, not of its body
    expect(summary(new (class Own { body = Dense(2, 3); })())).toBe("Own                 # 9 parameters");
    expect(summary(model)).toBe(String(model));
    expect(inspect(Dense(1, 20, sigmoid))).toBe("Dense(1 => 20, σ)");
  });

  it("shows own layers: their heads, or all of their fields", () => {
    const Own = defineLayer("Own", () => ({ weight: tensor([1, 2]), note: "text" }), (self, x: Tensor) => mul(x, self.weight));
    const anonymous = callable({ layer: Dense(1, 2) }, (self, x: Tensor) => self.layer(x));
    const lines = String(Chain(Own(), anonymous, compose(relu, Dense(1, 1)))).split("\n");
    expect(lines.slice(1, 4)).toEqual([
      '  Own(weight: float64[2] [1, 2], note: "text"),  # 2 parameters',
      "  callable(layer: Dense(1 => 2)),       # 4 parameters",
      "  compose(relu, Dense(1 => 1)),         # 2 parameters",
    ]);
  });

  it("counts a tied layer once, and shows it where it stands", () => {
    const tied = Dense(3, 3);
    const model = Chain(tied, relu, tied, Dense(3, 1));
    expect(String(model).split("\n").filter((line) => line.includes("12 parameters"))).toHaveLength(2);
    expect(String(model)).toContain("# Total: 4 arrays, 16 parameters");
  });

  it("works on a model that is being differentiated", () => {
    let inside = "";
    gradient((m) => {
      inside = String(m);
      return sum(m([1, 2]));
    }, AutoTape(), Chain(Dense(2, 2), Dense(2, 2)));
    expect(inside).toContain("# Total: 4 arrays, 12 parameters, 256 bytes.");
  });

  it("leaves no trace of a layer that fails to print", () => {
    const Broken = defineLayer("Broken", () => ({}), (_self, x: Tensor) => x, { show: () => { throw new Error("on purpose"); } });
    expect(() => String(Chain(Broken()))).toThrow("on purpose");
    expect(String(Chain(Dense(1, 1))).split("\n")[1]).toMatch(/^ {2}Dense/);
  });
});

describe("counts", () => {
  it("are of parameters, each once", () => {
    const tied = Dense(3, 3);
    expect(parameterCount(Chain(tied, tied))).toBe(12);
    expect(parameterCount(BatchNorm(4))).toBe(8);
    expect(parameterCount([])).toBe(0);
    expect(parameterCount({ w: new Float32Array(5), n: 3, i: new Int32Array(7) })).toBe(5);
    expect(parameterCount(relu)).toBe(0);
    class Partly {
      readonly [trainable] = ["a"];
      a = zeros([2]);
      b = zeros([3]);
    }
    expect(parameterCount(new Partly())).toBe(2);
  });

  it("are of the bytes of all arrays", () => {
    expect(byteSize(Chain(Dense(1, 20, sigmoid), Dense(20, 1)))).toBe(244);
    expect(byteSize(BatchNorm(4))).toBe(64);
    expect(byteSize([zeros([3]), zeros([3], "float32"), zeros([3], "int32"), zeros([3], "bool"), new Float64Array(2), new Uint8Array(5)])).toBe(24 + 12 + 12 + 3 + 16 + 5);
    const x = zeros([10]);
    expect(byteSize([x, { x }])).toBe(80);
  });
});

describe("outputSize", () => {
  const model = Chain(Conv([3, 3], [1, 8], relu), BatchNorm(8), Dropout(0.5, generator(1)), Flatten(), Dense(8 * 26 * 26, 10), softmax);

  it("is the shape of the result, of a model in any mode", () => {
    for (const m of [model, trainMode(model), testMode(model)]) expect(outputSize(m, [1, 28, 28], { batch: 32 })).toEqual([32, 10]);
    expect(outputSize(model, [5, 1, 28, 28])).toEqual([5, 10]);
    expect(outputSize(Chain(Dense(1, 20), Dense(20, 1), only), [1])).toEqual([]);
    expect(outputSize(Embedding(10, 4), [7], { dtype: "int32", batch: 2 })).toEqual([2, 7, 4]);
    expect(outputSize((x: Tensor) => reshape(x, [-1]), [2, 3])).toEqual([6]);
  });

  it("takes several inputs, and gives several shapes", () => {
    expect(outputSize(Parallel(add, Dense(2, 3), Dense(4, 3)), [[2], [4]], { batch: 5 })).toEqual([5, 3]);
    expect(outputSize(PairwiseFusion(add, Dense(2, 3), Dense(3, 4)), [[2], [3]])).toEqual([[3], [4]]);
    expect(outputSize((x: Tensor) => ({ y: x, n: [sum(x), 3] }), [2])).toEqual({ y: [2], n: [[], []] });
  });

  it("computes nothing, and draws nothing", () => {
    const wide = outputSize((x: Tensor) => matmul(x, x, { transposeB: true }), [1_000_000, 1000]);
    expect(wide).toEqual([1_000_000, 1_000_000]);
    expect(outputSize(fmap((x) => x, Dense(2, 2)), [1e9, 2])).toEqual([1e9, 2]);
  });

  it("names the layer at which sizes do not fit", () => {
    expect(() => outputSize(Chain(Dense(2, 3), Dense(4, 5)), [2])).toThrow("layer Dense(4 => 5) expects an input of size 4 in its last axis, got shape [3].");
    expect(() => outputSize(Chain(Dense(2, 3), (x) => matmul(x, ones([2, 2], "float32"))), [2])).toThrow(ShapeError);
    expect(() => outputSize(Chain(Dense(2, 3), (x) => matmul(x, ones([2, 2], "float32"))), [2])).toThrow("layer 1 of Chain, (anonymous): matmul: inner lengths differ");
    expect(() => outputSize(Embedding(10, 4), [7])).toThrow('layer Embedding(10 => 4) expects int32 indices, got float32. Use cast(indices, "int32").');
    expect(() => outputSize((x: Tensor) => (x.item() > 0 ? x : mul(x, 2)), [])).toThrow(AutodiffError);
  });
});
