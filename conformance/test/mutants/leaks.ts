import { kindOf, shapeOf, Tensor, type Pullback, type Value } from "@polyad/core/extend";
import { between } from "./between.js";
import { meddled, pulling, variant, type Mutant } from "./mutant.js";

/** What grows with use. */
export const leaks: readonly Mutant[] = [
  kept("tapes are kept", "every pass is kept in a list: the heap grows", /resources: /, () => true),
  {
    name: "tapes of failures are kept",
    defect: "a pass in which f throws is kept in a list: the heap grows",
    by: /resources: .*(exceptions|no loss)/,
    make: () => {
      const kept: Value[][] = [];
      return variant("tape", ({ pullback }) => ({
        pullback: (f, xs, ad) => {
          const values: Value[] = [];
          kept.push(values);
          const right = pullback!(between(f, { result: (out) => (values.push(out), out) }), xs, ad);
          kept.pop();
          return right;
        },
      }));
    },
  },
  {
    name: "tapes of failures on the way back are kept",
    defect: "a pass in which a rule throws on the way back is kept in a list: the heap grows",
    by: /resources: .*exceptions thrown by rules/,
    make: () => {
      const kept: Pullback[] = [];
      return pulling((right) => ({ ...right, pull: (cts) => {
        kept.push(right);
        const grads = right.pull(cts);
        kept.pop();
        return grads;
      } }));
    },
  },
  {
    name: "tapes of nested failures are kept",
    defect: "a pass inside of another in which f throws is kept in a list: the heap grows",
    by: /resources: .*exceptions thrown by f inside of f/,
    make: () => {
      const kept: Value[][] = [];
      let running = 0;
      return variant("tape", ({ pullback }) => ({
        pullback: (f, xs, ad) => {
          const values: Value[] = [];
          running++;
          try {
            return pullback!(between(f, { result: (out) => (values.push(out), out) }), xs, ad);
          } catch (error) {
            if (running > 1) kept.push(values);
            throw error;
          } finally {
            running--;
          }
        },
      }));
    },
  },
  kept("tapes of several results are kept", "a pass of a function with two results or more is kept in a list: the heap grows", /resources: .*of trees/, (right) => right.ys.length > 1),
  kept("tapes of float32 are kept", "a pass with float32 among its arguments is kept in a list: the heap grows", /resources: .*of trees/, (_right, xs) => xs.some((x) => kindOf(x) === "float32")),
  {
    name: "shapes are kept",
    defect: "of all passes with arguments of the same shapes one is kept: it grows with every new shape",
    by: /resources: .*of trees/,
    make: () => {
      const all = new Map<string, Pullback>();
      return pulling((right, xs) => {
        const key = xs.map((x) => shapeOf(x).join()).join(";");
        if (!all.has(key)) all.set(key, right);
        return right;
      });
    },
  },
  {
    name: "memory outside of the heap is kept",
    defect: "every hundredth pass keeps a buffer of a megabyte, of which the heap holds a hundred bytes",
    by: /resources: /,
    make: () => {
      const kept: ArrayBuffer[] = [];
      let passes = 0;
      return pulling((right) => {
        if (passes++ % 100 === 0) kept.push(new ArrayBuffer(2 ** 20));
        return right;
      });
    },
  },
  {
    name: "points are kept",
    defect: "what is kept of a pass is found again by the numbers of its arguments: it grows with every new point",
    by: /resources: /,
    make: () => {
      const kept = new Map<string, readonly Value[]>();
      return pulling((right, xs) => {
        if (xs.every((x) => typeof x === "number" || x.trace === null)) kept.set(JSON.stringify(xs.map((x) => (typeof x === "number" ? x : x.toArray()))), right.ys);
        return right;
      });
    },
  },
  {
    name: "the trace stack grows",
    defect: "every pass is one level deeper than the one before, as in jax-js",
    by: /resources: /,
    make: () => {
      let extraDepth = 0;
      return meddled("tape", () => ({ extraDepth: extraDepth++ }));
    },
  },
  {
    name: "listeners are left",
    defect: "every pass listens for the end of the process, and never stops",
    by: /resources: /,
    make: () => pulling((right) => {
      process.setMaxListeners(0);
      process.on("exit", noop);
      return right;
    }),
  },
  deviceLeak("device tensors are left", "dispose() frees nothing", false),
  deviceLeak("device tensors are left by failures", "a pass in which f throws frees nothing", true),
];

function noop(): void {}

/** An engine that keeps some of its passes. */
function kept(name: string, defect: string, by: RegExp, which: (right: Pullback, xs: readonly Value[]) => boolean): Mutant {
  return {
    name,
    defect,
    by,
    make: () => {
      const all: Pullback[] = [];
      return pulling((right, xs) => {
        if (which(right, xs)) all.push(right);
        return right;
      });
    },
  };
}

/** An engine that counts what it allocates, and forgets to free it: always, or when f throws. */
function deviceLeak(name: string, defect: string, onlyFailures: boolean): Mutant {
  let live = 0;
  return {
    name,
    defect,
    by: onlyFailures ? /resources: .*(exceptions|no loss)/ : /resources: /,
    live: () => live,
    make: () =>
      variant("tape", ({ pullback }) => ({
        pullback: (f, xs, ad) => {
          const counted = between(f, { result: (out) => {
            if (out instanceof Tensor) live++;
            return out;
          } });
          const before = live;
          const right = pullback!(counted, xs, ad);
          if (onlyFailures) live = before;
          return right;
        },
      })),
  };
}
