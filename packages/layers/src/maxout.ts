import { AutodiffError, defineLayer, maximum, type Layer, type Tensor } from "@polyad/core";
import { callPart, layersFrom, listOf, type Arguments, type Fns, type LayerFunction } from "./layerFunctions.js";
import { showContainer } from "./show.js";

/** Layers of which the largest result counts, element by element. */
export type Maxout<L extends readonly unknown[]> = Layer<{ readonly layers: Readonly<L> }, Arguments<L[number]>, Tensor>;

export interface MaxoutConstructor {
  <L extends readonly LayerFunction[]>(...layers: L): Maxout<L>;
  from<L extends readonly Function[]>(fields: { readonly layers: L }): Maxout<L>;
  readonly prototype: Layer<{ readonly layers: object }, never[], unknown>;
}

/**
 * x ↦ max(f₁(x), …, fₙ(x)), elementwise. Where two are equal each gets half of the derivative.
 *
 * @see Goodfellow et al., "Maxout Networks", 2013.
 * @example
 * Maxout(Dense(3, 2), Dense(3, 2))(ones([3], "float32")).shape // [2]
 */
export const Maxout = defineLayer(
  "Maxout",
  (...given: readonly unknown[]): { readonly layers: object } => {
    if (given.length === 0) throw new AutodiffError("Maxout: expected at least one layer.");
    return { layers: layersFrom("Maxout", given) };
  },
  (self, ...args: unknown[]): unknown => {
    const layers = self.layers as Fns;
    return listOf(layers).map((_, i) => callPart("Maxout", layers, i, args) as Tensor).reduce((a, b) => maximum(a, b));
  },
  { show: ({ layers }) => showContainer("Maxout", layers as Fns) },
) as MaxoutConstructor;
