import { flatten } from "./tree/flatten.js";
import { Tensor, type Value } from "./tensor.js";
import { outside } from "./graph/outside.js";
import { Runs } from "./runs.js";
import { currentTrace, watching } from "./trace.js";
import { defineLayer, isLayer } from "./tree/layer.js";
import { placeOf, tiesOf, withTies } from "./tree/ties.js";
import type { Layer } from "./types.js";

/** A layer under a checkpoint: a layer too, whose field `layer` is trained. */
export type Checkpointed<L extends (...args: never[]) => unknown> = Layer<{ layer: L }, Parameters<L>, ReturnType<L>>;

type Fn = (...args: unknown[]) => unknown;

const call = recomputed((layer: Fn, ...args: unknown[]) => layer(...args));
const OfLayer = defineLayer("checkpoint", (layer: Fn) => ({ layer }), ({ layer }, ...args: unknown[]) => call(layer, ...args));

/**
 * f, computed again in the backward pass instead of kept: reverse mode then remembers only the arguments and results.
 * Arguments and results are trees; what f captures instead of taking as an argument may not be traced. A layer gives a
 * layer, with the field `layer`.
 *
 * @example
 * gradient((x) => checkpoint((y: Value) => sin(exp(y)))(x), AutoTape(), 0.5)
 * parameterCount(Chain(checkpoint(Dense(3, 2)), Dense(2, 1))) // 11
 */
export function checkpoint<L extends Layer<object, never[], unknown>>(f: L): Checkpointed<L>;
export function checkpoint<A extends readonly unknown[], R>(f: (...args: A) => R): (...args: A) => R;
export function checkpoint(f: Fn): unknown {
  return isLayer(f) ? OfLayer(f) : recomputed(f);
}

function recomputed<A extends readonly unknown[], R>(f: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    const { leaves, def } = flatten(args);
    const ties = tiesOf(leaves);
    const slots = leaves.map((_, i) => i).filter((i) => isValue(leaves[i]));
    let rebuild: ((ys: readonly Value[]) => R) | undefined;
    const flat = (xs: readonly Value[]): Value[] => {
      const full = [...leaves];
      const given = ties === null || slots.every((slot, i) => xs[i] === leaves[slot]); // then ties are plain to see
      const run = (): R => {
        slots.forEach((slot, i) => (full[slot] = given ? xs[i] : placeOf(xs[i], leaves[slot], ties[slot])));
        return f(...(def.rebuild(full) as A));
      };
      const out = flatten(given ? run() : withTies(run));
      const outSlots = out.leaves.map((_, i) => i).filter((i) => isValue(out.leaves[i]));
      rebuild = (ys) => {
        const whole = [...out.leaves];
        outSlots.forEach((slot, i) => (whole[slot] = ys[i]));
        return out.def.rebuild(whole) as R;
      };
      return outSlots.map((slot) => out.leaves[slot] as Value);
    };
    const ys = checkpointed(flat, slots.map((slot) => leaves[slot] as Value));
    return rebuild!(ys);
  };
}

/** Runs f under the trace that watches its arguments, which decides whether to keep what f computes. */
export function checkpointed(f: (xs: readonly Value[]) => Value[], xs: readonly Value[]): readonly Value[] {
  const trace = watching("checkpoint", xs);
  const runs = new Runs();
  return trace?.checkpoint === undefined ? f(xs) : trace.checkpoint((primals) => runs.run(() => outside("checkpoint", currentTrace(), f, primals)), xs);
}

function isValue(x: unknown): x is Value {
  return typeof x === "number" || x instanceof Tensor;
}
