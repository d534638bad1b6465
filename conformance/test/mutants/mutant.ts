import { AutoForward, AutoTape, backendOf, cast, defineADType, kindOf, registerBackend, shapeOf, sizeOf, tensor, type ADType, type Backend, type Pullback, type Pushforward, type Tangents, type Value } from "@polyad/core/extend";
import "@polyad/backend-forward";
import "@polyad/backend-tape";
import { between, type Interception } from "./between.js";

/** An engine with one defect, which the suite must catch. */
export interface Mutant {
  readonly name: string;
  /** What is wrong with it, in one line. */
  readonly defect: string;
  /** Checks, as `group: name`, that are about just this: one of them must fail, so that it is caught for the right reason. */
  readonly by: RegExp;
  /** Registers the engine, in the place of the mutant before it. */
  readonly make: () => ADType;
  /** Tensors that live on its device. */
  readonly live?: () => number;
}

/** The engines that are changed. */
export type Base = "tape" | "forward";
const bases: Readonly<Record<Base, Backend>> = { tape: backendOf(AutoTape()), forward: backendOf(AutoForward()) };

/** All mutants share one tag, so that at most one is loaded: random programs compare an engine with all that are. */
const Engine = defineADType("mutant", "sync");

/** An engine with some of its parts changed. */
export function variant(base: Base, change: (backend: Backend) => Partial<Backend>): ADType {
  const backend = bases[base];
  registerBackend({ ...backend, ...change(backend), adtype: "mutant" }, { replace: true });
  return Engine();
}

/** The tape with another pullback, made from the right one. */
export function pulling(change: (right: Pullback, xs: readonly Value[], again: () => Pullback) => Pullback): ADType {
  return variant("tape", ({ pullback }) => ({ pullback: (f, xs, ad) => change(pullback!(f, xs, ad), xs, () => pullback!(f, xs, ad)) }));
}

/** The tape with what each pull gives changed. */
export function pulled(change: (grads: Tangents, xs: readonly Value[], cts: Tangents) => Tangents): ADType {
  return pulling((right, xs) => ({ ...right, pull: (cts) => change(right.pull(cts), xs, cts) }));
}

/** The forward engine with what it pushes changed. */
export function pushed(change: (right: Pushforward, xs: readonly Value[], tangents: readonly Tangents[]) => Pushforward): ADType {
  return variant("forward", ({ pushforward }) => ({ pushforward: (f, xs, tangents, ad) => change(pushforward!(f, xs, tangents, ad), xs, tangents) }));
}

/** An engine between which and the function stands something that meddles. */
export function meddled(base: Base, make: () => Interception): ADType {
  return variant(base, ({ pullback, pushforward }) => ({
    ...(pullback && { pullback: (f, xs, ad) => pullback(between(f, make()), xs, ad) }),
    ...(pushforward && { pushforward: (f, xs, tangents, ad) => pushforward(between(f, make()), xs, tangents, ad) }),
  }));
}

/** Some entries changed, zeros left alone. */
export function present(entries: Tangents, change: (v: Value, i: number) => Value | undefined): Tangents {
  return entries.map((v, i) => (v === undefined ? v : change(v, i)));
}

/** Ones and zeros, as a value like x. */
export function indicator(x: Value, chosen: (k: number) => boolean): Value {
  const numbers = Float64Array.from({ length: sizeOf(shapeOf(x)) }, (_, k) => Number(chosen(k)));
  return cast(tensor(numbers, shapeOf(x)), kindOf(x));
}

/** The first two entries in each other's place, where their values are of one form. */
export function swapped(grads: Tangents, [x, y]: readonly Value[]): Tangents {
  if (x === undefined || y === undefined || kindOf(x) !== kindOf(y) || shapeOf(x).join() !== shapeOf(y).join()) return grads;
  return [grads[1], grads[0], ...grads.slice(2)];
}
