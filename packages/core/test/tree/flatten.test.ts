import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { AutoForward } from "../../src/adtypes.js";
import { TreeError } from "../../src/errors.js";
import { HostTensor, tensor } from "../../src/tensor.js";
import { Const, Duplicated } from "../../src/tree/activity.js";
import { flatten, sameStructure, structureDifference, unflatten } from "../../src/tree/flatten.js";
import { functor, isLeaf, leaf } from "../../src/tree/functor.js";
import { callable } from "../../src/tree/layer.js";
import { registerLeaf, vendorLeaf } from "../../src/tree/vendor.js";

const x = tensor([1, 2]);

class Point {
  readonly label: string;
  readonly x: unknown;
  readonly y: unknown;
  constructor(x: unknown, y: unknown) {
    this.label = "p";
    this.x = x;
    this.y = y;
    calls++;
  }
  norm(): string {
    return `${String(this.x)}, ${String(this.y)}`;
  }
}
let calls = 0;

/** Flattens, and rebuilds with each number increased. */
function shifted<T>(tree: T): T {
  const { leaves, def } = flatten(tree);
  return def.rebuild(leaves.map((x) => (typeof x === "number" ? x + 1 : x))) as T;
}

describe("leaves", () => {
  const inert = ["text", true, null, undefined, 1n, Symbol("s"), Math.sin, new Date(), /x/, new Set([1]), Promise.resolve(1), new Error("e"), new WeakMap(), new URL("http://a.b"), AutoForward({ chunkSize: 2 }), Const(3)];
  const numeric = [1, x, new Float64Array(2), new Float32Array(2), new Int32Array(2), new Uint8Array(2)];

  it.each([...inert, ...numeric].map((leaf) => [leaf]))("%s is a leaf", (leaf) => {
    const { leaves, def } = flatten(leaf);
    expect(leaves).toStrictEqual([leaf]);
    expect(def.size).toBe(1);
    expect(def.paths).toEqual([""]);
    expect(def.rebuild([7])).toBe(7);
    expect(def.mirror([7])).toBe(7);
    expect(isLeaf(leaf)).toBe(true);
  });

  it("leaves a class that extends one of the host's own alone", () => {
    class Refusal extends Error {
      code = 3;
    }
    expect(isLeaf(new Refusal())).toBe(true);
  });

  it("opts classes out, and their subclasses", () => {
    class Tokenizer {
      readonly size = 3;
    }
    class Bytes extends Tokenizer {}
    expect(flatten(new Tokenizer()).leaves).toEqual([3]);
    leaf(Tokenizer);
    expect(isLeaf(new Tokenizer())).toBe(true);
    expect(isLeaf(new Bytes())).toBe(true);
  });

  it("takes a library's arrays through registerLeaf", () => {
    class Foreign {
      constructor(readonly values: number[]) {}
    }
    registerLeaf({
      kind: "foreign",
      match: (x): x is Foreign => x instanceof Foreign,
      toTensor: ({ values }) => tensor(values),
      fromTensor: (t, like) => new Foreign([...t.dataSync(), like.values.length]),
    });
    const foreign = new Foreign([1, 2]);
    expect(flatten({ a: foreign }).leaves).toEqual([foreign]);
    const found = vendorLeaf(foreign)!;
    expect(found.kind).toBe("foreign");
    expect(found.toTensor().toArray()).toEqual([1, 2]);
    expect(found.fromTensor(tensor([5]))).toEqual(new Foreign([5, 2]));
    expect(vendorLeaf({})).toBeNull();
  });
});

describe("containers", () => {
  it("flattens in order of index and insertion", () => {
    const tree = { b: [1, { c: 2 }], a: new Map<unknown, unknown>([["k", 3], [4, "text"]]), f: Math.sin };
    const { leaves, def } = flatten(tree);
    expect(leaves).toEqual([1, 2, 3, "text", Math.sin]);
    expect(def.size).toBe(5);
    expect(def.paths).toEqual([".b[0]", ".b[1].c", '.a.get("k")', ".a.get(4)", ".f"]);
    expect(def.rebuild(leaves)).toEqual(tree);
    expect(unflatten(def, leaves)).toEqual(tree);
  });

  it("shows odd keys in paths", () => {
    expect(flatten([{ "a-b": [1], "": 2, é: 3 }]).def.paths).toEqual(['[0]["a-b"][0]', '[0][""]', "[0].é"]);
  });

  it("has no leaves in empty containers", () => {
    for (const empty of [[], {}, new Map()]) {
      const { leaves, def } = flatten(empty);
      expect(leaves).toEqual([]);
      expect(def.rebuild([])).toEqual(empty);
      expect(def.rebuild([])).not.toBe(empty);
    }
  });

  it("rebuilds class instances without running the constructor", () => {
    const before = new Point(1, [2]);
    calls = 0;
    const after = shifted(before);
    expect(after).toBeInstanceOf(Point);
    expect(calls).toBe(0);
    expect(after.norm()).toBe("2, 3");
    expect(flatten(before).def.mirror([null, 8, 9])).toStrictEqual({ label: null, x: 8, y: [9] });
  });

  it("copies own properties that are not children", () => {
    const key = Symbol("key");
    const before = Object.defineProperty({ a: 1, [key]: 2 }, "hidden", { value: 3 });
    const after = shifted(before);
    expect(after).toEqual({ a: 2, [key]: 2 });
    expect(Reflect.get(after, "hidden")).toBe(3);
  });

  it("keeps setters and dangerous keys from running", () => {
    class Guarded {
      constructor() {
        Object.defineProperty(this, "x", { value: 1, enumerable: true, configurable: true });
      }
      set x(_: number) {
        throw new Error("a setter ran");
      }
    }
    expect(Reflect.get(shifted(new Guarded()), "x")).toBe(2);
    const parsed = JSON.parse('{ "__proto__": 1, "constructor": 2 }') as object;
    expect(Object.entries(shifted(parsed))).toEqual([["__proto__", 2], ["constructor", 3]]);
    expect(Object.getPrototypeOf(shifted(parsed))).toBe(Object.prototype);
    expect(Object.getPrototypeOf(shifted(Object.assign(Object.create(null), { a: 1 })))).toBeNull();
  });

  it("opens objects of other realms and of odd prototypes", () => {
    expect(flatten(runInNewContext("({ a: 1, d: new Date() })")).leaves[0]).toBe(1);
    expect(shifted(Object.assign(Object.create(Object.create(null)), { a: 1 }) as { a: number }).a).toBe(2);
    expect(flatten(Object.assign(Object.create({ inherited: 5 }), { a: 1 })).leaves).toEqual([1]);
    const bare = Object.assign(Object.create(null), { [functor]: () => ({ children: { a: 1 }, rebuild: (x: object) => x }) }) as object;
    expect(flatten(bare).leaves).toEqual([1]);
  });

  it("keeps subclasses of Array and Map", () => {
    class Row extends Array<number> {}
    class Table extends Map<string, number> {}
    expect(shifted(Row.of(1, 2))).toBeInstanceOf(Row);
    expect(shifted(new Table([["a", 1]]))).toBeInstanceOf(Table);
    expect(shifted(new Table([["a", 1]])).get("a")).toBe(2);
  });

  it("lets a type say its own children", () => {
    class Scaled {
      readonly #unit: string;
      constructor(
        readonly x: number,
        unit: string,
      ) {
        this.#unit = unit;
      }
      [functor]() {
        return { children: { x: this.x }, rebuild: ({ x }: { x: number }) => new Scaled(x, this.#unit) };
      }
      show(): string {
        return this.x + this.#unit;
      }
    }
    expect(shifted(new Scaled(1, "m")).show()).toBe("2m");
    expect(flatten(new Scaled(1, "m")).def.mirror([5])).toStrictEqual({ x: 5 });
    const listed = { [functor]: () => ({ children: [1, 2], rebuild: (parts: number[]) => parts }) };
    expect(flatten(listed).def.paths).toEqual(["[0]", "[1]"]);
    expect(() => flatten({ [functor]: () => ({ children: 3, rebuild: () => ({}) }) })).toThrow("must be in an array, a plain object or a Map, got the number 3");
  });

  it("opens layers, and no other functions", () => {
    const layer = callable({ theta: [1, 2] }, (self) => self.theta);
    expect(flatten([layer, Math.sin]).leaves).toEqual([1, 2, Math.sin]);
    expect(shifted(layer)()).toEqual([2, 3]);
    expect(flatten(layer).def.mirror([5, 6])).toStrictEqual({ theta: [5, 6] });
  });

  it("stops where it is told to", () => {
    const { leaves, def } = flatten({ a: [1, 2], b: [x] }, (node) => Array.isArray(node) && node.every((part) => typeof part === "number"));
    expect(leaves).toEqual([[1, 2], x]);
    expect(def.mirror(["block", "x"])).toEqual({ a: "block", b: ["x"] });
    expect(flatten([1, 2], Array.isArray).leaves).toEqual([[1, 2]]);
  });

  it("lists what occurs twice twice", () => {
    const shared = { x };
    expect(flatten([shared, shared, x]).leaves).toEqual([x, x, x]);
  });

  it("refuses a tree that contains itself, and says where", () => {
    const tree: { layers: unknown[] } = { layers: [1] };
    tree.layers.push({ parent: tree });
    expect(() => flatten(tree)).toThrow(TreeError);
    expect(() => flatten(tree)).toThrow("A tree must not contain itself: .layers[1].parent is the same object as the root.");
    const list: unknown[] = [];
    list.push(list);
    expect(() => flatten({ list })).toThrow(".list[0] is the same object as .list.");
  });

  it("refuses Duplicated inside an argument", () => {
    expect(() => flatten([Duplicated(x)])).toThrow("stands for a whole argument");
  });

  it("refuses the wrong number of leaves", () => {
    expect(() => flatten([1, 2]).def.rebuild([1])).toThrow("unflatten: expected 2 leaves for this structure, got 1.");
    expect(() => flatten(1).def.mirror([])).toThrow("expected 1 leaves");
  });

  it("takes half a million numbers", () => {
    const tree = Array.from({ length: 500_000 }, (_, i) => i);
    const { leaves, def } = flatten(tree);
    expect(leaves.length).toBe(500_000);
    expect(def.rebuild(leaves)).toEqual(tree);
  });
});

describe("comparing structures", () => {
  const difference = (a: unknown, b: unknown): string | null => structureDifference(flatten(a).def, flatten(b).def);

  it("looks at containers and keys, not at leaves", () => {
    expect(sameStructure(flatten({ a: [1, x] }).def, flatten({ a: ["s", null] }).def)).toBe(true);
    expect(sameStructure(flatten([1, 2]).def, flatten([1]).def)).toBe(false);
  });

  it("describes the first difference", () => {
    expect(difference({ a: [1, 2] }, { a: [1] })).toBe(".a: [1] against nothing");
    expect(difference({ a: [1] }, { a: 1 })).toBe(".a: array against leaf");
    expect(difference({ a: 1 }, { b: 1 })).toBe("the root: .a against .b");
    expect(difference(new Point(1, 2), { label: "p", x: 1, y: 2 })).toBe("the root: Point against object");
    expect(difference([new HostTensor([], "float64", Float64Array.of(1))], [2])).toBeNull();
  });
});
