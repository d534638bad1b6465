import { AutodiffError, defineLayer, type Layer } from "@polyad/core";
import {
  callPart, layersFrom, listOf, type Arguments, type Fns, type Gives, type LayerFunction, type OnTensor, type OnTensors, type Passed,
} from "./layerFunctions.js";
import { showContainer } from "./show.js";

/** What g must be to come after f. */
type After<F> = (x: Passed<F>) => unknown;

/** What layers give, one after the other, from an X. */
type Results<L extends readonly unknown[], X = unknown> = L extends readonly [infer F, ...infer Rest] ? [Gives<F, X>, ...Results<Rest, Gives<F, X>>] : [];
type Last<T extends readonly unknown[]> = T extends readonly [...unknown[], infer X] ? X : unknown;

/** Layers in a row: x ↦ fₙ(… f₂(f₁(x))). */
export type Chain<L extends readonly [unknown, ...unknown[]]> = Layer<{ readonly layers: Readonly<L> }, Arguments<L[0]>, Last<Results<L>>>;

/** As many layers as the program says when it runs. */
export type ChainOf<F> = Layer<{ readonly layers: readonly F[] }, Arguments<F>, OnTensor<F>>;

/** Layers with names, in the order in which they are written. */
export type NamedChain<O extends object> = Layer<{ readonly layers: O }, Arguments<O[keyof O]>, OnTensor<O[keyof O]>>;

/** Nothing more to ask for where each layer takes what the one before gives; else a type that says so in the compiler's message. */
type Fitting<L extends readonly unknown[]> = L extends readonly [infer F, infer G, ...infer Rest] ? (G extends After<F> ? Fitting<readonly [G, ...Rest]> : MustFit) : unknown;
interface MustFit {
  readonly mustFit: "each layer must take what the one before it gives";
}

/** The type of each lambda's x is what the layer before gives; that of the first is Value. */
export interface ChainConstructor {
  <A extends LayerFunction>(a: A): Chain<[A]>;
  <A extends LayerFunction, B extends After<A>>(a: A, b: B): Chain<[A, B]>;
  <A extends LayerFunction, B extends After<A>, C extends After<B>>(a: A, b: B, c: C): Chain<[A, B, C]>;
  <A extends LayerFunction, B extends After<A>, C extends After<B>, D extends After<C>>(a: A, b: B, c: C, d: D): Chain<[A, B, C, D]>;
  <A extends LayerFunction, B extends After<A>, C extends After<B>, D extends After<C>, E extends After<D>>(a: A, b: B, c: C, d: D, e: E): Chain<[A, B, C, D, E]>;
  <A extends LayerFunction, B extends After<A>, C extends After<B>, D extends After<C>, E extends After<D>, F extends After<E>>(
    a: A, b: B, c: C, d: D, e: E, f: F,
  ): Chain<[A, B, C, D, E, F]>;
  <A extends LayerFunction, B extends After<A>, C extends After<B>, D extends After<C>, E extends After<D>, F extends After<E>, R extends readonly OnTensors[]>(
    a: A, b: B, c: C, d: D, e: E, f: F, ...rest: R & Fitting<readonly [F, ...R]>
  ): Chain<[A, B, C, D, E, F, ...R]>;
  <L extends readonly Function[]>(...layers: L & (number extends L["length"] ? unknown : MustFit)): ChainOf<L[number]>;
  <O extends Readonly<Record<string, OnTensors>>>(layers: O): NamedChain<O>;
  /** A chain around an array or object of layers. */
  from<L extends readonly [Function, ...Function[]]>(fields: { readonly layers: L }): Chain<L>;
  from<F extends Function>(fields: { readonly layers: readonly F[] }): ChainOf<F>;
  from<O extends Readonly<Record<string, Function>>>(fields: { readonly layers: O }): NamedChain<O>;
  readonly prototype: Layer<{ readonly layers: Fns }, never[], unknown>;
}

/**
 * x ↦ fₙ(… f₂(f₁(x))), layers and functions in a row; several arguments go to the first. Named, they stand in an object:
 * `Chain({ encoder: Dense(4, 2), decoder: Dense(2, 4) })`, in its order.
 *
 * @throws AutodiffError for what is not a function, and for whole numbers as names, which JavaScript would put first.
 * @example
 * const model = Chain(Dense(4, 3, relu), Dense(3, 2), softmax);
 * sum(model(ones([4], "float32"))).item().toFixed(5) // "1.00000"
 * model.layers[0].weight.shape // [3, 4]
 * Chain(...model.layers.slice(0, 2))(ones([4], "float32")).shape // [2]
 * Chain((x) => pow(x, 2), (x) => add(x, 1))(5) // 26
 */
export const Chain: ChainConstructor = defineLayer(
  "Chain",
  (...given: readonly unknown[]): { readonly layers: object } => ({ layers: layersFrom("Chain", given) }),
  (self, ...args: unknown[]): unknown => {
    const layers = self.layers as Fns;
    const count = listOf(layers).length;
    if (count === 0) return args[0];
    let y = callPart("Chain", layers, 0, args);
    for (let i = 1; i < count; i++) y = callPart("Chain", layers, i, [y]);
    return y;
  },
  { show: ({ layers }) => showContainer("Chain", layers as Fns) },
) as ChainConstructor;

/**
 * What each layer of a chain gives, in order; with names as the chain has.
 *
 * @example
 * activations(Chain((x) => mul(x, 2), square), 3) // [6, 36]
 */
export function activations<L extends readonly [unknown, ...unknown[]]>(model: Chain<L>, ...args: Arguments<L[0]>): Results<L>;
export function activations<F>(model: ChainOf<F>, ...args: Arguments<F>): OnTensor<F>[];
export function activations<O extends object>(model: NamedChain<O>, ...args: Arguments<O[keyof O]>): { [K in keyof O]: OnTensor<O[K]> };
export function activations({ layers }: { readonly layers: object }, ...args: unknown[]): unknown {
  if (typeof layers !== "object") throw new AutodiffError("activations: expected a Chain, whose layers give one result after the other.");
  const results: unknown[] = [];
  listOf(layers as Fns).forEach((_, i) => results.push(callPart("Chain", layers as Fns, i, i === 0 ? args : [results[i - 1]])));
  return Array.isArray(layers) ? results : Object.fromEntries(Object.keys(layers).map((key, i) => [key, results[i]]));
}
