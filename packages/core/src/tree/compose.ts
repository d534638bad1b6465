import type { Layer } from "../types.js";
import { defineLayer, type AnyLayer } from "./layer.js";
import { showField } from "./print.js";

type Fn = (...args: never[]) => unknown;
type First<F extends Fn> = Parameters<F>[0];

/** f ∘ g as a layer with the fields `outer` and `inner`. */
export type Composed<F extends Fn, G extends Fn> = Layer<{ outer: F; inner: G }, Parameters<G>, ReturnType<F>>;

const Compose = defineLayer(
  "compose",
  (outer: Fn, inner: Fn) => ({ outer, inner }),
  ({ outer, inner }, ...args: never[]) => outer(inner(...args) as never),
  { show: ({ outer, inner }) => `compose(${showField(outer)}, ${showField(inner)})` },
);

/**
 * x ↦ f(g(x)), a layer with the fields `outer` and `inner`; of more functions, the first ones nest in `outer`.
 *
 * @example
 * compose(sqrt, square)(-3) // 3
 */
export function compose<F extends Fn, G extends (...args: never[]) => First<F>>(f: F, g: G): Composed<F, G>;
export function compose<F extends Fn, G extends (...args: never[]) => First<F>, H extends (...args: never[]) => First<G>>(
  f: F,
  g: G,
  h: H,
): Composed<Composed<F, G>, H>;
export function compose<F extends Fn, M extends readonly [Fn, Fn, ...Fn[]], L extends Fn>(
  f: F,
  ...more: readonly [...M, L]
): Layer<{ outer: AnyLayer; inner: L }, Parameters<L>, ReturnType<F>>;
export function compose(f: Fn, ...more: readonly Fn[]): unknown {
  return more.reduce((outer, inner) => Compose(outer, inner), f);
}

/**
 * f(x): a function applied from behind, so that both can be arguments.
 *
 * @example
 * gradient(pipe, AutoTape(), 5, callable({ a: 3 }, (self, x: Value) => mul(self.a, x))) // [3, { a: 5 }]
 */
export function pipe<X, R>(x: X, f: (x: X) => R): R {
  return f(x);
}
