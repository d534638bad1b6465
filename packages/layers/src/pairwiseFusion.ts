import { AutodiffError, defineLayer, type Layer } from "@polyad/core";
import { callPart, checkFunction, inputsFor, join, layersFrom, listOf, type Fn, type Fns, type Inputs, type LayerFunction, type OnTensor } from "./layerFunctions.js";
import { showContainer } from "./show.js";

/** Layers one after the other, each with an input of its own. */
export type PairwiseFusion<C, L extends readonly unknown[]> = Layer<
  { readonly connection: C; readonly layers: Readonly<L> },
  Inputs<L>,
  { -readonly [K in keyof L]: OnTensor<L[K]> }
>;

/** What joins a layer's result and the next input. */
type Pairing = Function | ((y: never, x: never) => unknown);

export interface PairwiseFusionConstructor {
  <C extends Pairing, L extends readonly [LayerFunction, ...LayerFunction[]]>(connection: C, ...layers: L): PairwiseFusion<C, L>;
  <C extends Pairing, F extends LayerFunction>(connection: C, ...layers: readonly F[]): PairwiseFusion<C, readonly F[]>;
  from<C extends Function, L extends readonly Function[]>(fields: { readonly connection: C; readonly layers: L }): PairwiseFusion<C, L>;
  readonly prototype: Layer<{ readonly connection: Function; readonly layers: object }, never[], unknown>;
}

/**
 * y₁ = f₁(x₁) and yᵢ = fᵢ(c(yᵢ₋₁, xᵢ)): all y in an array. One x is every xᵢ.
 *
 * @throws ShapeError for other than one or n inputs.
 * @example
 * PairwiseFusion(add, (x) => mul(x, 10), square)(1, 2) // [10, 144]
 */
export const PairwiseFusion = defineLayer(
  "PairwiseFusion",
  (connection: Function, ...given: readonly unknown[]): { readonly connection: Function; readonly layers: object } => {
    checkFunction("PairwiseFusion", "connection, which comes first", connection);
    const layers = layersFrom("PairwiseFusion", given);
    if (listOf(layers).length === 0) throw new AutodiffError("PairwiseFusion: expected at least one layer after the connection.");
    return { connection, layers };
  },
  (self, ...args: unknown[]): unknown => {
    const layers = self.layers as Fns;
    const connection = self.connection as Fn;
    const ys: unknown[] = [];
    inputsFor("PairwiseFusion", listOf(layers).length, args).forEach((x, i) => {
      ys.push(callPart("PairwiseFusion", layers, i, [i === 0 ? x : join("PairwiseFusion", connection, [ys[i - 1], x])]));
    });
    return ys;
  },
  { show: ({ connection, layers }) => showContainer("PairwiseFusion", layers as Fns, connection) },
) as PairwiseFusionConstructor;
