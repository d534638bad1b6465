import { add, HostTensor, kindOf, mul, shapeOf, stopGradient, sub, type Pullback, type Tangents, type Value } from "@polyad/core/extend";
import { between } from "./between.js";
import { meddled, present, pulled, pulling, variant, type Mutant } from "./mutant.js";

const formOf = (xs: Tangents): string => xs.map((x) => (x === undefined ? "" : `${kindOf(x)}[${shapeOf(x).join()}]`)).join();
const isConcrete = (xs: Tangents): boolean => xs.every((x) => typeof x !== "object" || x.trace === null);

/** Writes to a tensor's elements, which nobody may. */
function write(x: Value | undefined, numbers: ArrayLike<number>): void {
  if (x instanceof HostTensor) x.elements.set(Array.from(numbers));
}

/** What was kept from one call and shows in another. */
export const wrongState: readonly Mutant[] = [
  {
    name: "a stale prepared buffer",
    defect: "a pass of the same operations on the same shapes uses the values that the first one saved",
    by: /scenarios: .*: (prepared )?(gradient|pullback|jacobian)/,
    make: () => {
      const kept = new Map<string, Pullback>();
      return variant("tape", ({ pullback }) => ({
        pullback: (f, xs, ad) => {
          const names: string[] = [];
          const right = pullback!(between(f, { result: (out, { name }) => (names.push(name), out) }), xs, ad);
          const key = `${formOf(xs)} ${names.join()} ${formOf(right.ys)}`;
          if (!isConcrete(xs)) return right;
          if (!kept.has(key)) kept.set(key, right);
          return { ...kept.get(key)!, ys: right.ys, dispose: () => {} };
        },
      }));
    },
  },
  {
    name: "a result buffer shared between calls",
    defect: "gradients of one form are written into the same memory",
    by: /scenarios: (.*: (gradient|pullback|jacobian)|activity: results are the caller's own)/,
    make: () => {
      const buffers = new Map<string, HostTensor>();
      return pulled((grads) => present(grads, (g) => {
        if (!(g instanceof HostTensor)) return g;
        const key = formOf([g]);
        const buffer = buffers.get(key) ?? new HostTensor(g.shape, g.dtype, g.elements.slice());
        buffers.set(key, buffer);
        write(buffer, g.elements);
        return buffer;
      }));
    },
  },
  {
    name: "gradients accumulate over calls",
    defect: "what an earlier call computed is added, as by a forgotten zero_grad",
    by: /scenarios: .*: gradient/,
    make: () => {
      const sums = new Map<string, Value>();
      return pulled((grads, xs) => (!isConcrete(grads) || !isConcrete(xs) ? grads : present(grads, (g, i) => {
        const key = `${i} ${formOf([g])}`;
        const total = sums.has(key) ? add(sums.get(key)!, g) : g;
        sums.set(key, total);
        return total;
      })));
    },
  },
  {
    name: "an argument is written to",
    defect: "the gradient is computed in the memory of its argument",
    by: /scenarios: .*: (gradient|pullback|jacobian)/,
    make: () => pulled((grads, xs) => {
      xs.forEach((x, i) => {
        const g = grads[i];
        if (g instanceof HostTensor) write(x, g.elements);
      });
      return grads;
    }),
  },
  {
    name: "a seed is written to",
    defect: "the cotangent is overwritten on the way back",
    by: /scenarios: .*: pullback/,
    make: () => pulled((grads, _xs, cts) => {
      for (const ct of cts) if (ct instanceof HostTensor && ct.ndim > 0) write(ct, new Float64Array(ct.size));
      return grads;
    }),
  },
  {
    name: "one tag for all perturbations",
    defect: "nested passes confuse their perturbations: an outer variable that f captured moves with the inner one",
    by: /errors: perturbations are not confused/,
    make: () =>
      meddled("forward", () => ({
        operand: (x, { captured, inputs }) => {
          const [own] = inputs;
          if (!captured || own === undefined || shapeOf(x).length > 0 || shapeOf(own).length > 0) return x;
          return add(stopGradient(x), sub(own, stopGradient(own)));
        },
      })),
  },
  {
    name: "a cotangent counted twice",
    defect: "an operation of a value with itself, as x·x, gives it each part twice",
    by: /^(scenarios: .*(with itself|x xᵀ|twice).*|laws: gradient of a shared value.*)$/,
    make: () =>
      meddled("tape", () => ({
        primitive: (primitive, operands) => {
          const twice = operands.some((x, i) => typeof x === "object" && operands.indexOf(x) < i);
          if (!twice || primitive.vjp === undefined) return primitive;
          return { ...primitive, name: primitive.name, vjp: (out, xs, attrs) => primitive.vjp!(out, xs, attrs).map((map) => map && ((ct) => mul(2, map(ct)!))) };
        },
      })),
  },
  {
    name: "a cotangent dropped on sharing",
    defect: "only the first use of a value counts",
    by: /^(scenarios: .*twice.*|laws: gradient of a shared value.*)$/,
    make: () =>
      meddled("tape", () => {
        const used = new WeakSet<Value & object>();
        return {
          operand: (x, { tracer }) => {
            if (typeof tracer !== "object" || tracer.trace === null) return x;
            if (used.has(tracer)) return stopGradient(x);
            used.add(tracer);
            return x;
          },
        };
      }),
  },
  {
    name: "an exception on the way back leaves the engine running",
    defect: "after a rule threw, the next call takes itself for a nested one and gives zeros",
    by: /errors: what a rule throws passes through/,
    make: () => {
      let running = 0;
      return pulling((right, xs) => {
        const dirty = running > 0 && isConcrete(xs);
        return { ...right, pull: (cts) => {
          running++;
          const grads = right.pull(cts);
          running--;
          return dirty ? grads.map(() => undefined) : grads;
        } };
      });
    },
  },
  {
    name: "an exception leaves the engine running",
    defect: "after f threw, the next call takes itself for a nested one and gives zeros",
    by: /errors: what f throws passes through/,
    make: () => {
      let running = 0;
      return variant("tape", ({ pullback }) => ({
        pullback: (f, xs, ad) => {
          const dirty = running > 0 && isConcrete(xs);
          running++;
          const right = pullback!(f, xs, ad);
          running--;
          return dirty ? { ...right, pull: (cts) => right.pull(cts).map(() => undefined) } : right;
        },
      }));
    },
  },
];
