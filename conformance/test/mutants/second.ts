import { add, currentTrace, mul, shapeOf, sizeOf, stopGradient, Tracer, type ADType, type Pullback, type Tangents, type Value } from "@polyad/core/extend";
import { between } from "./between.js";
import { indicator, meddled, present, swapped, variant, type Mutant } from "./mutant.js";
import { ruled } from "./rules.js";

/** What is wrong from second order on only. */
export const wrongAtSecond: readonly Mutant[] = [
  {
    name: "the lower triangle of the Hessian",
    defect: "H·v without what lies above the diagonal",
    by: /^(scenarios: .*: (hvp|hessian|gradientAndHvp)|laws: Hessian symmetric)/,
    make: () =>
      nesting((right, xs) => ({ ...right, pull: (cts) => lowerTriangle(right.pull, cts, xs) })),
  },
  {
    name: "blocks of the Hessian swapped",
    defect: "of two arguments of the same form, each gets the other's H·v",
    by: /^(scenarios: .*: (hvp|hessian)|laws: (Hessian symmetric|hvp))/,
    make: () => nesting((right, xs) => ({ ...right, pull: (cts) => swapped(right.pull(cts), xs) })),
  },
  {
    name: "matmul at third order",
    defect: "the reverse rule of matmul is off by one part in 10⁶ under two derivatives from outside",
    by: /scenarios: third order: matmul/,
    make: ruled("tape", {
      matmul: ({ vjp }) => ({
        vjp: (out, xs, attrs) => vjp!(out, xs, attrs).map((map) => map && ((ct) => {
          const right = map(ct);
          return right === undefined || Math.max(...[ct as Value, ...xs].map(levels)) < 4 ? right : mul(1 + 2 ** -20, right); // a level of the tape's is two
        })),
      }),
    }),
  },
  {
    name: "the outer derivative detached",
    defect: "an inner engine that reads its arguments' numbers, though it says that it is traceable",
    by: /^(scenarios: .*: (hvp|hessian)|errors: what an inner function captured)/,
    make: () => variant("tape", ({ pullback }) => ({ pullback: (f, xs, ad) => pullback!(f, xs.map(concrete), ad) })),
  },
  {
    name: "the derivatives of others detached",
    defect: "reads the numbers of arguments that another engine traces",
    by: /errors: another engine's derivative/,
    make: () => variant("tape", ({ pullback }) => ({ pullback: (f, xs, ad) => pullback!(f, xs.map((x) => (x instanceof Tracer && x.trace.kind === "outer" ? concrete(x) : x)), ad) })),
  },
  {
    name: "captured derivatives detached",
    defect: "in a graph, its derivatives are constants",
    by: /errors: a derivative that was captured/,
    make: () => variant("tape", ({ pullback }) => ({ pullback: (f, xs, ad) => pullback!(f, xs.map((x) => (x instanceof Tracer && x.trace.kind === "capture" ? stopGradient(x) : x)), ad) })),
  },
  {
    name: "one traced value as one variable",
    defect: "a traced value that is given as two arguments has the derivative of both in the first",
    by: /errors: one traced value as two arguments/,
    make: () => variant("tape", ({ pullback }) => ({ pullback: (f, xs, ad) => pullback!((ys) => f(xs.map((x, i) => ys[x instanceof Tracer ? xs.indexOf(x) : i]!)), xs, ad) })),
  },
  {
    name: "captured values detached",
    defect: "a traced value that the inner function captured is a constant",
    by: /errors: (what an inner function captured|perturbations)/,
    make: () => meddled("tape", () => ({ operand: (x, { captured }) => (captured ? concrete(x) : x) })),
  },
  {
    name: "values captured from two levels up detached",
    defect: "a traced value of the function around the one around is a constant",
    by: /errors: perturbations of three levels/,
    make: () =>
      variant("tape", ({ pullback }) => ({
        pullback: (f, xs, ad) => {
          const own = (currentTrace()?.depth ?? 0) + 1;
          return pullback!(between(f, { operand: (x, { captured, tracer }) => (captured && typeof tracer === "object" && own - (tracer.trace?.depth ?? 0) >= 3 ? stopGradient(x) : x) }), xs, ad);
        },
      })),
  },
];

/** The tape with another pullback of what was itself differentiated by it: gradients. */
function nesting(change: (right: Pullback, xs: readonly Value[]) => Pullback): ADType {
  let called = false;
  return variant("tape", ({ pullback }) => ({
    pullback: (f, xs, ad) => {
      called = false;
      const right = pullback!(f, xs, ad);
      const isOuter = called && right.ys.length === xs.length;
      called = true;
      return isOuter ? change(right, xs) : right;
    },
  }));
}

/** H·v as an engine gives it, but with only what lies on and below the diagonal of H. */
function lowerTriangle(pull: Pullback["pull"], v: Tangents, xs: readonly Value[]): Tangents {
  const offsets = xs.map((_, i) => xs.slice(0, i).reduce<number>((n, x) => n + sizeOf(shapeOf(x)), 0));
  /** Ones among the elements of xᵢ that are chosen by their places in all of x. */
  const mask = (i: number, chosen: (place: number) => boolean): Value => indicator(xs[i]!, (k) => chosen(offsets[i]! + k));
  let total: Tangents = xs.map(() => undefined);
  v.forEach((dx, i) => {
    if (dx === undefined) return;
    for (let k = 0; k < sizeOf(shapeOf(xs[i]!)); k++) {
      const place = offsets[i]! + k;
      const column = pull(v.map((_, j) => (i === j ? mul(dx, mask(i, (at) => at === place)) : undefined)));
      const below = present(column, (h, j) => mul(h, mask(j, (at) => at >= place)));
      total = below.map((h, j) => (h === undefined ? total[j] : total[j] === undefined ? h : add(total[j], h)));
    }
  });
  return total;
}

/** How many traces watch a value. */
function levels(x: Value): number {
  return x instanceof Tracer ? 1 + levels(x.primal) : 0;
}

/** A value with everything that traces it taken away. */
function concrete(x: Value): Value {
  return x instanceof Tracer ? concrete(x.primal) : x;
}
