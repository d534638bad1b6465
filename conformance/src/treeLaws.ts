import fc from "fast-check";
import { add, destructure, flatten, fmap, gradient, leaves, mul, sin, sum, Tensor, tensor, unflatten, type Value } from "@polyad/core/extend";
import type { Check } from "./check.js";
import { ensure, expectTree } from "./compare.js";
import type { Engine } from "./engine.js";
import { assertProperty } from "./lawChecks.js";
import { carriesDerivative } from "./operands.js";
import { derivativeLike, numbersIn } from "./tree.js";

const real = fc.double({ min: -2, max: 2, noNaN: true }).map((x) => x + 0); // no −0
const reals = (n: number): fc.Arbitrary<number[]> => fc.array(real, { minLength: n, maxLength: n });

/** Leaves of every kind that carries a derivative, and some that do not. */
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  real,
  reals(6).map((xs) => tensor(xs, [2, 3])),
  reals(1).map((xs) => tensor(xs, [])),
  fc.constant(tensor(new Float64Array(0))),
  reals(3).map((xs) => Float64Array.from(xs)),
  fc.constantFrom<unknown>("text", null, true, undefined, tensor(new Int32Array([1, 2]))),
);

/** Nested arrays, objects and Maps of leaves. */
const tree: fc.Arbitrary<unknown> = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "weight"), tie("tree"), { maxKeys: 3, noNullPrototype: true }),
    fc.array(fc.tuple(fc.constantFrom("k", "l", "m"), tie("tree")), { maxLength: 3 }).map((entries) => new Map(entries)),
  ),
})).tree;

/** Σ sin(cₖ · leafₖ) over the floats of a tree, each with its own weight. */
function loss(t: unknown): Value {
  return leaves(t).reduce<Value>((total, value, k) => {
    const x = value instanceof Float64Array ? tensor(value) : value;
    return (typeof x === "number" || x instanceof Tensor) && carriesDerivative(x) ? add(total, sum(sin(mul(0.5 + k / 4, x)))) : total;
  }, 0);
}

/** Its gradient, in numbers. */
function slopes(t: unknown): number[] {
  return leaves(t).flatMap((value, k) => numbersIn(value).map((x) => (0.5 + k / 4) * Math.cos((0.5 + k / 4) * x)));
}

const exact = (): number => 0;
const twice = (x: unknown): unknown => (typeof x === "number" ? 2 * x : x);
const less = (x: unknown): unknown => (typeof x === "number" ? x - 1 : x);

type TreeLaw = (t: unknown, engine: Engine) => Promise<void>;

const treeLaws: Readonly<Record<string, readonly [order: 0 | 1, law: TreeLaw]>> = {
  "fmap: identity": [0, (t) => expectTree(fmap((x) => x, t), t, exact, "fmap(x => x)")],
  "fmap: composition": [0, (t) => expectTree(fmap((x) => less(twice(x)), t), fmap(less, fmap(twice, t)), exact, "fmap(g ∘ f)")],
  "flatten and unflatten": [
    0,
    async (t) => {
      const { leaves: all, def } = flatten(t);
      ensure(all.length === def.size && def.paths.length === def.size, () => "a path for each leaf");
      await expectTree(unflatten(def, all), t, exact, "unflatten(flatten)");
    },
  ],
  "destructure and back": [
    0,
    async (t) => {
      const [flat, rebuild] = destructure(t);
      await expectTree(rebuild(flat), t, exact, "rebuild(flat)");
      await expectTree(destructure(rebuild(mul(2, flat)))[0], mul(2, flat), exact, "flat of rebuilt");
    },
  ],
  "the gradient of a tree is a tree": [
    1,
    async (t, { ad, tolerance }) => {
      const inside = { t }; // an int tensor alone would be refused
      const [g] = (await gradient(loss, ad, inside as never)) as readonly [unknown];
      await expectTree(g, derivativeLike(inside, slopes(inside)), (dtype) => tolerance(dtype, 1), "gradient");
    },
  ],
  "the gradient through destructure is the gradient, destructured": [
    1,
    async (t, { ad, tolerance }) => {
      const [flat, rebuild] = destructure(t);
      const [g] = (await gradient((v: Value) => loss(rebuild(v)), ad, flat)) as readonly [unknown];
      const copies = new Set(leaves(t).filter((x) => typeof x === "object" && x !== null)).size === leaves(t).filter((x) => typeof x === "object" && x !== null).length;
      if (copies) await expectTree(g, tensor(Float64Array.from(slopes(t))), (dtype) => tolerance(dtype, 1), "through rebuild");
    },
  ],
};

/** What holds of trees of every form. */
export const lawsOfTrees: readonly Check[] = Object.entries(treeLaws).map(([name, [order, law]]) => ({
  group: "laws",
  subject: "trees",
  name,
  ops: [],
  needs: { order, single: true, dtypes: ["float64"] },
  run: (engine, options) => assertProperty(name, tree, (t) => law(t, engine), { ...options, runs: 4 * options.runs }, (t) => fc.stringify(t)),
}));
