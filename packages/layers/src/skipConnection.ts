import { defineLayer, type Layer, type Tensor } from "@polyad/core";
import { callPart, checkFunction, join, type Arguments, type Fn, type LayerFunction, type Joined, type OnTensor, type Passed } from "./layerFunctions.js";
import { showContainer } from "./show.js";

/** A layer around which the input goes too. */
export type SkipConnection<F, C> = Layer<{ readonly layer: F; readonly connection: C }, Arguments<F>, Joined<C, OnTensor<F>>>;

export interface SkipConnectionConstructor {
  <F extends LayerFunction, C extends (y: Passed<F>, x: Arguments<F>[0]) => unknown>(layer: F, connection: C): SkipConnection<F, C>;
  /** Within a network, where x is a tensor. */
  <F extends LayerFunction, C extends (y: Tensor, x: Tensor) => unknown>(layer: F, connection: C): SkipConnection<F, C>;
  from<F extends Function, C extends Function>(fields: { readonly layer: F; readonly connection: C }): SkipConnection<F, C>;
  readonly prototype: Layer<{ readonly layer: Function; readonly connection: Function }, never[], unknown>;
}

/**
 * x ↦ connection(layer(x), x); a residual connection is one with `add`.
 *
 * @example
 * SkipConnection((x) => mul(x, 3), add)(5) // 20
 */
export const SkipConnection = defineLayer(
  "SkipConnection",
  (layer: Fn, connection: Fn) => {
    checkFunction("SkipConnection", "layer", layer);
    checkFunction("SkipConnection", "connection", connection);
    return { layer, connection };
  },
  ({ layer, connection }, x: unknown): unknown => {
    return join("SkipConnection", connection, [callPart("SkipConnection", { layer }, 0, [x]), x]);
  },
  { show: ({ layer, connection }) => showContainer("SkipConnection", [layer, connection]) },
) as SkipConnectionConstructor;
