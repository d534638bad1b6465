import { describe, expect, it } from "vitest";
import { TreeError } from "../../src/errors.js";
import { mul } from "../../src/primitives/mul.js";
import { Tensor, tensor } from "../../src/tensor.js";
import { fmap, fmapWith, fmapWithPath } from "../../src/tree/fmap.js";
import { callable } from "../../src/tree/layer.js";
import { leaves } from "../../src/tree/leaves.js";
import { combine, partition } from "../../src/tree/partition.js";
import { getPath, setPath } from "../../src/tree/path.js";

const double = (x: unknown): unknown => (typeof x === "number" || x instanceof Tensor ? mul(x, 2) : x);
const sum = (...xs: unknown[]): unknown => xs.reduce((a, b) => Number(a) + Number(b));

describe("fmap", () => {
  it("maps every leaf and keeps the types", () => {
    const layer = callable({ W: tensor([1, 2]), act: Math.sin }, (self) => self.W);
    const mapped = fmap(double, { layer, m: new Map([["k", 3]]), s: "text" });
    expect(mapped.layer().toArray()).toEqual([2, 4]);
    expect(mapped.layer.act).toBe(Math.sin);
    expect(mapped.m).toEqual(new Map([["k", 6]]));
    expect(mapped.s).toBe("text");
  });

  it("keeps ties, and calls f once for each array", () => {
    const W = tensor([1]);
    const data = new Float64Array(1);
    const block = { W };
    let calls = 0;
    const mapped = fmap((x) => (calls++, double(x)), { a: W, b: [W], c: block, d: block, e: data, f: data, n: [1, 1] });
    expect(mapped.a).toBe(mapped.b[0]);
    expect(mapped.c).toBe(mapped.d);
    expect(mapped.e).toBe(mapped.f);
    expect(calls).toBe(4);
  });

  it("breaks ties without a cache, and shares a given one", () => {
    const W = tensor([1]);
    const [a, b] = fmapWith({ cache: null }, double, [W, W]);
    expect(a).not.toBe(b);
    const cache = new Map<object, unknown>();
    expect(fmapWith({ cache }, double, W)).toBe(fmapWith({ cache }, double, { W }).W);
  });

  it("prunes second occurrences", () => {
    const W = tensor([1]);
    expect(fmapWith({ prune: null }, (x) => x, { a: W, b: W, f: Math.sin, g: Math.sin })).toEqual({ a: W, b: null, f: Math.sin, g: Math.sin });
  });

  it("takes what is excluded whole", () => {
    expect(fmapWith({ exclude: Array.isArray }, (x) => (Array.isArray(x) ? x.length : x), { a: [1, 2], b: 3 })).toEqual({ a: 2, b: 3 });
  });

  it("maps along further trees, whose other children do not matter", () => {
    expect(fmap(sum, { a: 1, b: [2, 3] }, { b: [20, 30, 40], a: 10, c: 0 }, { a: 100, b: [200, 300] })).toEqual({ a: 111, b: [222, 333] });
    expect(fmap(sum, callable({ a: 1 }, ({ a }) => a), { a: 10 }).a).toBe(11);
    expect(fmap(sum, new Map([["x", 1]]), new Map([["y", 5], ["x", 2]]))).toEqual(new Map([["x", 3]]));
  });

  it("gives f null below a null", () => {
    const seen: unknown[] = [];
    fmap((x, other) => seen.push([x, other]), { a: [1, [2]], b: 3 }, { a: null, b: 4 });
    expect(seen).toEqual([[1, null], [2, null], [3, 4]]);
  });

  it("names what a further tree lacks", () => {
    const act = (): unknown => fmap(sum, { a: { b: 1, c: 2 } }, { a: { b: 1 } });
    expect(act).toThrow(TreeError);
    expect(act).toThrow("fmap: tree 2 has nothing at .a.c, where the first tree has a child: at .a it is of type object with 1 children.");
    expect(() => fmap(sum, [1], [2], 3)).toThrow("tree 3 has nothing at [0], where the first tree has a child: at the root it is a leaf.");
  });

  it("gives the path", () => {
    expect(fmapWithPath((path, x) => [...path, x].join("/"), { a: [1, 2], m: new Map([[5, 3]]) })).toEqual({ a: ["a/0/1", "a/1/2"], m: new Map([[5, "m/5/3"]]) });
    expect(fmapWithPath((path, x, y) => [path, x, y], 1, 2)).toEqual([[], 1, 2]);
  });

  it("refuses cycles", () => {
    const tree: unknown[] = [];
    tree.push({ tree });
    expect(() => fmap((x) => x, tree)).toThrow("A tree must not contain itself: [0].tree is the same object as the root.");
  });
});

describe("paths", () => {
  const tree = { layers: [{ W: 1 }, { W: 2 }], m: new Map([["k", [7]]]) };

  it("gets and sets", () => {
    expect(getPath(tree, ["layers", 1, "W"])).toBe(2);
    expect(getPath(tree, ["m", "k", 0])).toBe(7);
    expect(getPath(tree, [])).toBe(tree);
    const other = setPath(tree, ["layers", 1, "W"], 5);
    expect(other).toEqual({ ...tree, layers: [{ W: 1 }, { W: 5 }] });
    expect(tree.layers[1]!.W).toBe(2);
    expect(other.layers[0]).toBe(tree.layers[0]);
    expect(other.m).toBe(tree.m);
    expect(setPath(1, [], 2)).toBe(2);
  });

  it("sets inside layers", () => {
    const layer = callable({ a: [1, 2] }, (self) => self.a);
    expect(setPath(layer, ["a", 0], 9)()).toEqual([9, 2]);
  });

  it("says how far it got", () => {
    expect(() => getPath(tree, ["layers", 2])).toThrow("getPath: there is no 2 at .layers, which has 0, 1.");
    expect(() => setPath(tree, ["layers", 0, "b"], 1)).toThrow('setPath: there is no "b" at .layers[0], which has W.');
    expect(() => getPath(tree, ["layers", 0, "W", 0])).toThrow("there is no 0 at .layers[0].W, which is a leaf.");
  });
});

describe("partition and combine", () => {
  const W = tensor([1]);
  const tree = { head: callable({ W, act: Math.sin }, (self) => self.W), body: [W, 3, "s"] };

  it("splits by leaf and path, and puts together again", () => {
    const [free, frozen] = partition(tree, (_leaf, path) => path.startsWith(".head"));
    expect(leaves(free)).toEqual([W, Math.sin, null, null, null]);
    expect(leaves(frozen)).toEqual([null, null, W, 3, "s"]);
    expect(leaves(combine(free, frozen))).toEqual(leaves(tree));
    expect(combine(free, frozen).head().toArray()).toEqual([1]);
    expect(leaves(partition(tree, (leaf) => typeof leaf === "number")[0])).toEqual([null, null, null, 3, null]);
  });

  it("refuses other structures", () => {
    expect(() => combine<unknown>([1, [2]], [null, 3])).toThrow("combine: the trees differ at [1]: array against leaf.");
  });
});
