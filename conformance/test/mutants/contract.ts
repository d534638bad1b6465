import { add, broadcastLike, cast, kindOf, mul, neg, isNaN, where, ShapeError, shapeOf, sizeOf, sum, zeros, type Pullback, type Tangents, type Value } from "@polyad/core/extend";
import { between } from "./between.js";
import { indicator, present, pulled, pulling, pushed, swapped, variant, type Mutant } from "./mutant.js";

const zeroLike = (x: Value): Value => (typeof x === "number" || x.weak ? 0 : zeros(x.shape, x.dtype));
const formOf = (x: Value): string => `${kindOf(x)}[${shapeOf(x).join()}]`;
const withoutLast = (g: Value): Value => mul(g, indicator(g, (k) => k < sizeOf(shapeOf(g)) - 1));
const oneLike = (x: Value): Value => broadcastLike(1, x);

/** Wrong behaviour of pullback, pushforward and what they return. */
export const wrongContract: readonly Mutant[] = [
  {
    name: "the opposite gradient",
    defect: "a wrong sign of the whole pullback",
    by: /scenarios: number → number: sin x²: gradient/,
    make: () => pulled((grads) => present(grads, (g) => neg(g))),
  },
  {
    name: "elements from the 4097th on",
    defect: "of arguments of more elements than 4096, the others have a gradient of zero",
    by: /scenarios: sizes: vectors of float64/,
    make: () => pulled((grads) => present(grads, (g) => (sizeOf(shapeOf(g)) > 4096 ? mul(g, indicator(g, (k) => k < 4096)) : g))),
  },
  {
    name: "the last element of 31",
    defect: "of arguments of 32 k + 31 elements, the last has a gradient of zero",
    by: /scenarios: sizes: vectors of float64/,
    make: () => pulled((grads) => present(grads, (g) => (sizeOf(shapeOf(g)) % 32 === 31 ? withoutLast(g) : g))),
  },
  {
    name: "the rest of float32",
    defect: "of float32 arguments of 16 k + 1 elements, k > 0, the last has a gradient of zero",
    by: /scenarios: sizes: vectors of float32/,
    make: () => pulled((grads) => present(grads, (g) => (kindOf(g) === "float32" && sizeOf(shapeOf(g)) > 1 && sizeOf(shapeOf(g)) % 16 === 1 ? withoutLast(g) : g))),
  },
  {
    name: "lists of cotangents are emptied",
    defect: "the list that pull was given is empty afterwards",
    by: /scenarios: contract: lists that the engine is given/,
    make: () => pulled((grads, _xs, cts) => {
      (cts as (Value | undefined)[]).length = 0;
      return grads;
    }),
  },
  {
    name: "tangents are filled in",
    defect: "zeros are written into the lists of tangents, in the place of what is not there",
    by: /scenarios: contract: lists that the engine is given/,
    make: () => pushed((right, xs, tangents) => {
      for (const t of tangents) xs.forEach((x, i) => ((t as (Value | undefined)[])[i] ??= zeroLike(x)));
      return right;
    }),
  },
  {
    name: "results after an integer",
    defect: "cotangents of results that come after one of integers are dropped",
    by: /scenarios: activity: an integer result before/,
    make: () =>
      pulling((right) => {
        const first = right.ys.findIndex((y) => kindOf(y) === "int32");
        return { ...right, pull: (cts) => right.pull(cts.map((ct, i) => (first >= 0 && i > first ? undefined : ct))) };
      }),
  },
  {
    name: "the transposed Jacobian",
    defect: "forward mode gives Jᵀ·dx where J is square, as jax-js does",
    by: /scenarios: .*: (jacobian|pushforward)/,
    make: () =>
      variant("forward", ({ pushforward }) => ({
        pushforward: (f, xs, tangents, ad) => {
          const right = pushforward!(f, xs, tangents, ad);
          const [x] = xs;
          const [y] = right.ys;
          if (xs.length !== 1 || right.ys.length !== 1 || shapeOf(x!).length !== 1 || shapeOf(x!).join() !== shapeOf(y!).join() || kindOf(x!) !== kindOf(y!)) return right;
          const n = sizeOf(shapeOf(x!));
          const basis = Array.from({ length: n }, (_, i) => [indicator(x!, (k) => k === i)]);
          const columns = pushforward!(f, xs, basis, ad).tangents;
          return { ...right, tangents: tangents.map(([v]) => [v === undefined ? v : transposedTimes(columns, v, y!)]) };
        },
      })),
  },
  {
    name: "a silent sum",
    defect: "the cotangent is taken to be ones: a vector result is summed",
    by: /scenarios: vector → vector: .*: (jacobian|pullback)/,
    make: () => pulling((right) => ({ ...right, pull: (cts) => right.pull(present(cts, (ct) => oneLike(ct))) })),
  },
  {
    name: "a silent sum of what is no loss",
    defect: "the gradient of a vector function is that of its sum, in the place of an error",
    by: /errors: a vector is no loss/,
    make: () =>
      variant("tape", ({ pullback }) => ({
        pullback: (f, xs, ad) => {
          let last: Value = 0;
          const summed = (at: readonly Value[]): readonly Value[] => {
            try {
              return f(at);
            } catch (error) {
              if (error instanceof ShapeError) return [sum(last)];
              throw error;
            }
          };
          return pullback!(between(summed, { result: (out) => (last = out) }), xs, ad);
        },
      })),
  },
  {
    name: "null for unused arguments",
    defect: "what the result does not depend on has null for a gradient, not zeros",
    by: /scenarios: activity: zeros for what is not used/,
    make: () => pulled((grads) => Reflect.apply(Array.prototype.map, grads, [(g?: Value) => g ?? null])),
  },
  {
    name: "NaN for unused arguments",
    defect: "what the result does not depend on has a gradient of 0/0",
    by: /scenarios: activity: zeros for what is not used/,
    make: () => pulled((grads, xs) => grads.map((g, i) => g ?? mul(NaN, zeroLike(xs[i]!)))),
  },
  {
    name: "no constant functions",
    defect: "throws where no gradient flows at all, as TensorFlow.js does",
    by: /scenarios: activity: a constant function/,
    make: () => pulled((grads) => {
      if (grads.every((g) => g === undefined)) throw new Error("Cannot compute gradient: y is not a function of x.");
      return grads;
    }),
  },
  {
    name: "float64 for float32",
    defect: "cotangents of float32 values are float64",
    by: /errors: derivatives have the dtype of their values/,
    make: () => pulled((grads) => present(grads, (g) => (kindOf(g) === "float32" ? cast(g, "float64") : g))),
  },
  {
    name: "float64 for float32, forward",
    defect: "tangents of float32 values are float64",
    by: /errors: derivatives have the dtype of their values/,
    make: () => pushed((right) => ({ ...right, tangents: right.tangents.map((t) => present(t, (dy) => (kindOf(dy) === "float32" ? cast(dy, "float64") : dy))) })),
  },
  {
    name: "f runs twice",
    defect: "once for the value and once for the gradient",
    by: /errors: f is called once/,
    make: () => pulling((_right, _xs, again) => again()),
  },
  {
    name: "pull works once",
    defect: "what was saved is freed with the first pull, and later ones give zeros",
    by: /scenarios: .*: (jacobian|hvp of two|valueAndJacobian)/,
    make: () => pulling((right) => {
      let used = false;
      return { ...right, pull: (cts) => {
        const grads = used ? right.pull(cts).map(() => undefined) : right.pull(cts);
        used = true;
        return grads;
      } };
    }),
  },
  {
    name: "gradients of two arguments swapped",
    defect: "the first two arguments get each other's gradient where their forms agree",
    by: /scenarios: activity: \[2, 1\] against \[2, 0\]/,
    make: () => pulled((grads, xs) => swapped(grads, xs)),
  },
  {
    name: "inputs from the eleventh on",
    defect: "of more than ten flat inputs, the others have a gradient of zero",
    by: /scenarios: tree → (tree: 25|number: a ring of)/,
    make: () => pulled((grads) => grads.map((g, i) => (i < 10 ? g : undefined))),
  },
  {
    name: "inputs in the order of strings",
    defect: "input 10 comes before input 2: they get each other's gradient where their forms agree",
    by: /scenarios: tree → (tree: 25|number: a ring of)/,
    make: () => pulled((grads, xs) => {
      const order = Object.keys(xs).sort().map(Number);
      return grads.map((g, i) => (formOf(xs[order[i]!]!) === formOf(xs[i]!) ? grads[order[i]!] : g));
    }),
  },
  {
    name: "tangents of inputs from the eleventh on, forward",
    defect: "of more than ten flat inputs, the others do not move",
    by: /scenarios: tree → (tree: 25|number: a ring of)/,
    make: () => variant("forward", ({ pushforward }) => ({ pushforward: (f, xs, tangents, ad) => pushforward!(f, xs, tangents.map((t) => t.map((dx, i) => (i < 10 ? dx : undefined))), ad) })),
  },
  {
    name: "one tape for all",
    defect: "a later pass of the same operations on the same forms overwrites what an earlier one saved, which is still needed",
    by: /scenarios: contract: pullbacks alive at the same time/,
    make: () => {
      const last = new Map<string, Pullback>();
      return variant("tape", ({ pullback }) => ({
        pullback: (f, xs, ad) => {
          const names: string[] = [];
          const right = pullback!(between(f, { result: (out, { name }) => (names.push(name), out) }), xs, ad);
          if (xs.some((x) => typeof x === "object" && x.trace !== null)) return right;
          const key = [...xs.map(formOf), ...names].join();
          last.set(key, right);
          return { ...right, pull: (cts) => last.get(key)!.pull(cts) };
        },
      }));
    },
  },
  {
    name: "the first result only",
    defect: "cotangents of all results but the first are dropped",
    by: /scenarios: .*(tree|twice).*: (pullback|jacobian)/,
    make: () => pulling((right) => ({ ...right, pull: (cts) => right.pull(cts.map((ct, i) => (i === 0 ? ct : undefined))) })),
  },
  {
    name: "the second tangent is the first",
    defect: "of several tangents in one pass, all are taken for the first",
    by: /scenarios: .*: (pushforward of two|jacobian)/,
    make: () => pushed((right) => ({ ...right, tangents: right.tangents.map(() => right.tangents[0]!) })),
  },
  {
    name: "0 for NaN",
    defect: "hides NaN in gradients",
    by: /scenarios: points: /,
    make: () => pulled((grads) => present(grads, (g) => broadcastLike(where(isNaN(g), 0, g), g))),
  },
  {
    name: "empty gradients of rank 1",
    defect: "the gradient of an empty matrix is an empty vector",
    by: /scenarios: size 0/,
    make: () => pulled((grads) => present(grads, (g) => (sizeOf(shapeOf(g)) === 0 ? zeros([0]) : g))),
  },
];

/** Jᵀ·v by J's columns, for a vector y. */
function transposedTimes(columns: readonly Tangents[], v: Value, y: Value): Value {
  const products = columns.map(([column]) => (column === undefined ? 0 : sum(mul(column, v))));
  return products.reduce<Value>((total, product, i) => add(total, mul(product, indicator(y, (k) => k === i))), zeroLike(y));
}
