import {
  AccumGrad, AdaBelief, AdaDelta, AdaGrad, AdaMax, AdamW, AMSGrad, ClipGrad, ClipNorm, Lion, MixedPrecision, NAdam, Nesterov, OAdam, OptimiserChain, RAdam, RMSProp, Rprop, SignDecay, WeightDecay, type OptimiserState, type Rule,
  Adam, AutodiffError, AutoTape, callable, Const, decodeSafetensors, defineLayer, Descent, Dropout, encodeSafetensors, freeze, generator, gradient, load, mean, Momentum, mul, ones, rand, relu,
  save, setup, square, sub, sum, tanh, tensor, trainMode, TreeError, update, zeros, type Tensor,
} from "polyad";
import { describe, expect, test } from "vitest";
import { plain } from "../../../test/support.js";

const Affine = defineLayer(
  "Affine",
  (nIn: number, nOut: number, act: (x: Tensor) => Tensor = relu) => ({ weight: ones([nOut, nIn], "float32"), bias: zeros([nOut], "float32"), act }),
  (self, x: Tensor) => self.act(mul(sum(self.weight), x)),
);

const names = (bytes: Uint8Array): string[] => [...decodeSafetensors(bytes).tensors.keys()].sort();
/** The message of an error. */
function message(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(AutodiffError);
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

describe("save and load", () => {
  test("names are paths, and only numbers and truth values are stored", () => {
    const tree = { layers: [Affine(2, 3), { n: 7, on: true, name: "x", nothing: null, f: tanh, none: undefined }], map: new Map([["k", new Int32Array([4])]]), c: Const(0.5), axis: Const([0, 1]), training: true };
    const bytes = save(tree);
    expect(names(bytes)).toEqual(["layers.0.bias", "layers.0.weight", "layers.1.n", "layers.1.on", "map.k"]);
    const { tensors, metadata } = decodeSafetensors(bytes);
    expect([...tensors].map(([name, x]) => `${name} ${x.dtype}${JSON.stringify(x.shape)}`).sort()).toEqual([
      "layers.0.bias float32[3]", "layers.0.weight float32[3,2]", "layers.1.n float64[]", "layers.1.on bool[]", "map.k int32[1]",
    ]);
    expect(metadata.size).toBe(0);
  });

  test("the tree comes back in the types of the template, and all else is the template's", () => {
    class Counter {
      readonly counts = new Float64Array([1, 2]);
      readonly label: string;
      constructor(label: string) {
        this.label = label;
      }
    }
    const build = (seed: number, act: (x: Tensor) => Tensor) => ({
      affine: Affine.from({ weight: rand(generator(seed), [3, 2], { dtype: "float32" }), bias: zeros([3], "float32"), act }),
      counter: new Counter(act.name),
      items: new Map<unknown, unknown>([["a", seed], [1, tensor([seed === 1])]]),
      bytes: new Uint8Array([seed & 1, 0]),
      fixed: Const(tensor([seed])),
      rate: Const(seed),
      rng: generator(seed),
    });
    const [saved, template] = [build(1, tanh), build(2, relu)];
    saved.rng.uniform();
    const loaded = load(save(saved), template);
    expect(loaded.affine).toBeInstanceOf(Affine);
    expect(loaded.affine.act).toBe(relu);
    expect(loaded.affine.weight.dataSync()).toEqual(saved.affine.weight.dataSync());
    expect(loaded.counter).toBeInstanceOf(Counter);
    expect([loaded.counter.counts, loaded.counter.label]).toEqual([new Float64Array([1, 2]), "relu"]);
    expect([loaded.items.get("a"), (loaded.items.get(1) as Tensor).toArray()]).toEqual([1, [1]]);
    expect(loaded.bytes).toEqual(new Uint8Array([1, 0]));
    expect([loaded.fixed.value.toArray(), loaded.rate.value]).toEqual([[1], 2]);
    expect(loaded.rng).not.toBe(saved.rng);
    expect([loaded.rng.state(), loaded.rng.uniform()]).toEqual([saved.rng.state(), saved.rng.uniform()]);
    expect(template.rng.state()).toEqual(generator(2).state());
  });

  test("a leaf alone, an empty tree, empty and rank-0 tensors, special numbers", () => {
    expect(load(save(tensor([1, 2])), zeros([2])).toArray()).toEqual([1, 2]);
    expect(load(save(-0), 5)).toBe(-0);
    expect(load(save(generator(3)), generator(1)).state()).toEqual(generator(3).state());
    expect(load(save({}), {})).toEqual({});
    const tree = { a: zeros([0, 3]), b: tensor(5), n: NaN, i: Infinity, tiny: 5e-324, big: 2 ** 53 };
    expect(plain(load(save(tree), { a: zeros([0, 3]), b: tensor(1), n: 0, i: 0, tiny: 0, big: 0 }))).toEqual(plain(tree));
  });

  test("keys with dots, percent signs, none at all, and those that objects have", () => {
    const odd = (x: number): Record<string, unknown> => ({ "a.b": x, a: { b: x + 1, "": x + 2 }, "%": x + 3, "": x + 4, "%2E": x + 5, ".": x + 6, __metadata__: x + 7, ["__proto__"]: x + 8, constructor: x + 9, toString: { valueOf: x + 10 } });
    const bytes = save(odd(1));
    expect(names(bytes)).toEqual(["%", "%25", "%252E", "%2E", "%5F_metadata__", "__proto__", "a.%", "a.b", "a%2Eb", "constructor", "toString.valueOf"].sort());
    expect(load(bytes, odd(100))).toEqual(odd(1));
    expect(Object.keys(load(bytes, odd(100)))).toContain("__proto__");
  });

  test("keys of a Map that make no names", () => {
    expect(() => save(new Map([[{}, 1]]))).toThrow("save: a Map has a key that is no string or number, of which no name can be made.");
    expect(() => save(new Map<unknown, number>([[1, 1], ["1", 2]]))).toThrow("save: two leaves would both be called 1. Rename the key of one.");
  });

  test("ties are stored once and come back tied, whatever is tied", () => {
    const build = (k: number) => {
      const [w, v, rng, layer] = [tensor([k, k]), new Float64Array([k]), generator(k), Affine(k, 1)];
      return { first: { w, v, rng, layer }, second: { w, v, rng, layer }, own: tensor([k, k]) };
    };
    const bytes = save(build(2));
    expect(names(bytes)).toEqual(["first.layer.bias", "first.layer.weight", "first.rng.xoroshiro128plus", "first.v", "first.w", "own"]);
    expect(Object.fromEntries(decodeSafetensors(bytes).metadata)).toEqual({
      "second.w": "first.w", "second.v": "first.v", "second.rng.xoroshiro128plus": "first.rng.xoroshiro128plus", "second.layer.weight": "first.layer.weight", "second.layer.bias": "first.layer.bias",
    });
    const template = build(2);
    const loaded = load(bytes, template);
    expect(loaded.first.w).toBe(loaded.second.w);
    expect(loaded.first.v).toBe(loaded.second.v);
    expect(loaded.first.rng).toBe(loaded.second.rng);
    expect(loaded.first.layer).toBe(loaded.second.layer);
    expect(loaded.own).not.toBe(loaded.first.w);
    expect(loaded.first.w).not.toBe(template.first.w);
    const reordered = load(bytes, { second: template.second, own: template.own, first: template.first });
    expect(reordered.first.w).toBe(reordered.second.w);
  });

  test("ties on one side only are named", () => {
    const x = tensor([1]);
    const [tied, apart] = [{ a: x, b: x }, { a: x, b: tensor([1]) }];
    expect(message(() => load(save(apart), tied))).toBe("load: the file does not fit the template:\n- b is the array of a in the template, and another one in the file");
    expect(message(() => load(save(tied), apart))).toBe("load: the file does not fit the template:\n- b is the array of a in the file, and another one in the template");
  });

  test("all that does not fit is listed, by path", () => {
    const file = save({ w: zeros([3, 2], "float32"), b: zeros([3]), extra: 1, n: 1, i: new Int32Array(2), deep: [{ x: 1 }] });
    const template = { w: zeros([2, 3], "float32"), b: zeros([3], "float32"), gone: tensor([true]), n: tensor([1]), i: new Int32Array(2), deep: [{ y: 1 }], extra: null };
    expect(message(() => load(file, template))).toBe(
      "load: the file does not fit the template:\n" +
        "- w is float32[3, 2] in the file and float32[2, 3] in the template\n" +
        "- b is float64[3] in the file and float32[3] in the template\n" +
        "- gone is missing: the template has bool[1] there\n" +
        "- n is float64[] in the file and float64[1] in the template\n" +
        "- deep.0.y is missing: the template has float64[] there\n" +
        "- deep.0.x is nowhere in the template\n" +
        "- extra is nowhere in the template",
    );
    expect(() => load(file, template)).toThrow(TreeError);
    const many = message(() => load(save({}), Array.from({ length: 60 }, (_, i) => i)));
    expect(many.split("\n")).toHaveLength(52);
    expect(many).toContain("- and 10 more");
  });

  test("a damaged file loads nothing", () => {
    const bytes = save({ w: ones([4]), n: 1 });
    const template = { w: zeros([4]), n: 0 };
    for (const cut of [0, 7, 8, 60, bytes.length - 1]) expect(message(() => load(bytes.subarray(0, cut), template))).toMatch(/^decodeSafetensors: /);
    expect(plain(template)).toEqual({ w: [0, 0, 0, 0], n: 0 });
    expect(() => load(save(generator(1)).fill(0, -16), generator(1))).toThrow("generator: not a state.");
  });

  test("files of others: half precision, metadata that are no ties", () => {
    const header = '{"__metadata__":{"format":"pt"},"w":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}';
    const bytes = new Uint8Array(8 + header.length + 4);
    bytes[0] = header.length;
    bytes.set(new TextEncoder().encode(header), 8);
    bytes.set([0x00, 0x3c, 0x00, 0xc0], 8 + header.length);
    expect(load(bytes, { w: zeros([2], "float32") }).w.toArray()).toEqual([1, -2]);
    const tied = load(encodeSafetensors([["w", tensor([1])]], { format: "pt", v: "w" }), ((w) => ({ v: w, w }))(zeros([1])));
    expect(tied.v).toBe(tied.w);
  });

  test("inside a differentiated function it says so", () => {
    const f = (w: Tensor): Tensor => (save({ w }), sum(w));
    expect(() => gradient(f, AutoTape(), tensor([1]))).toThrow('encodeSafetensors: "w" is traced by tape. Save what the operator returns.');
  });
});

test("model, optimiser and generators go on from a file as if nothing had been", () => {
  const build = () => {
    const rng = generator(5);
    const model = { a: rand(rng, [4]), drop: trainMode(Dropout(0.5, rng)), b: new Float32Array([1, 2, 3, 4]) };
    return { model, state: setup(Adam(0.1), model), rng, epoch: 0 };
  };
  type Run = ReturnType<typeof build>;
  const step = ({ model, state, rng, epoch }: Run): Run => {
    const x = rand(rng, [4]);
    const [grad] = gradient((m) => mean(square(sub(m.drop(mul(m.a, x)), m.b))), AutoTape(), model);
    return { ...update(state, model, grad), rng, epoch: epoch + 1 };
  };
  let straight = build();
  for (let i = 0; i < 6; i++) straight = step(straight);
  let resumed = build();
  for (let i = 0; i < 6; i++) resumed = step(load(save(resumed), { ...build(), epoch: -1 }));
  expect(save(resumed)).toEqual(save(straight));
  expect(resumed.epoch).toBe(6);
  expect(resumed.model.drop.rng).toBe(resumed.rng);
});

test("hyperparameters and what is frozen are the file's", () => {
  const model = { body: tensor([1, 2]), head: callable({ w: tensor([3]) }, (self) => self.w) };
  const state = setup(Momentum(0.25), model);
  const frozen = freeze(state, ["body"]);
  const loaded = load(save(frozen), setup(Momentum(0.5), model));
  expect([loaded.body?.frozen, loaded.head.w?.frozen, loaded.body?.rule.eta]).toEqual([true, false, 0.25]);
  expect(message(() => load(save(frozen), setup(Descent(0.1), model)))).toMatch(/- body\.rule\.name is Momentum in the file and Descent in the template\n- head\.w\.rule\.name is/);
  expect(message(() => load(save(frozen), setup(Nesterov(), model)))).toMatch(/does not fit the template:\n- body\.rule\.name is Momentum in the file and Nesterov in the template\n/); // it keeps as much, and means something else
  expect(message(() => load(save(frozen), setup(Momentum(), { body: tensor([1]), head: model.head })))).toContain("- body.state is float64[2] in the file and float64[1] in the template");
});

test("the state of every rule comes back after any number of steps", () => {
  const rules = [
    Descent(), Momentum(), Nesterov(), RMSProp(), RMSProp(0.1, { centred: true }), Rprop(), Adam(), AdamW(), RAdam(), AdaMax(), NAdam(), OAdam(), AdaGrad(), AdaDelta(), AMSGrad(), AdaBelief(), Lion(), WeightDecay(), SignDecay(),
    ClipGrad(), ClipNorm(), AccumGrad(3), MixedPrecision(Adam()), OptimiserChain(ClipNorm(1), AccumGrad(2), WeightDecay(), Adam()), OptimiserChain(),
  ];
  const model = { w: tensor(new Float32Array([1, -2])), v: new Float64Array([3]) };
  for (const rule of rules) {
    let straight: { state: OptimiserState<Rule, typeof model>; model: typeof model } = { state: setup(rule, model), model };
    let resumed = straight;
    for (let step = 1; step < 6; step++) {
      const grad = { w: tensor(new Float32Array([step, 1])), v: new Float64Array([1 / step]) };
      straight = update(straight.state, straight.model, grad);
      resumed = load(save(resumed), { state: setup(rule, model), model });
      resumed = update(resumed.state, resumed.model, grad);
    }
    expect([rule.name, save(resumed)]).toEqual([rule.name, save(straight)]);
  }
});
