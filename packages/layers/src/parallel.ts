import { AutodiffError, defineLayer, type Layer } from "@polyad/core";
import {
  callPart, checkFunction, inputsFor, join, layersFrom, listOf, type Arguments, type Connection, type Fn, type Fns, type Inputs, type Joined, type LayerFunction,
  type OnTensor, type OnTensors,
} from "./layerFunctions.js";
import { showContainer } from "./show.js";

/** Layers side by side, and what joins their results. */
export type Parallel<C, L extends readonly unknown[]> = Layer<{ readonly connection: C; readonly layers: Readonly<L> }, Inputs<L>, Joined<C, OnTensor<L[number]>>>;

/** Layers with names. One input goes to all; several go in their order. */
export type NamedParallel<C, O extends object> = Layer<{ readonly connection: C; readonly layers: O }, Arguments<O[keyof O]>[0][], Joined<C, OnTensor<O[keyof O]>>>;

export interface ParallelConstructor {
  <C extends Connection, L extends readonly [LayerFunction, ...LayerFunction[]]>(connection: C, ...layers: L): Parallel<C, L>;
  <C extends Connection, F extends LayerFunction>(connection: C, ...layers: readonly F[]): Parallel<C, readonly F[]>;
  <C extends Connection, O extends Readonly<Record<string, OnTensors>>>(connection: C, layers: O): NamedParallel<C, O>;
  from<C extends Function, L extends readonly Function[]>(fields: { readonly connection: C; readonly layers: L }): Parallel<C, L>;
  from<C extends Function, O extends Readonly<Record<string, Function>>>(fields: { readonly connection: C; readonly layers: O }): NamedParallel<C, O>;
  readonly prototype: Layer<{ readonly connection: Function; readonly layers: object }, never[], unknown>;
}

/**
 * x ↦ c(f₁(x), …, fₙ(x)), or of n inputs x₁, …, xₙ ↦ c(f₁(x₁), …, fₙ(xₙ)). The connection c is called with all results; one of
 * two arguments, as `add`, is folded over them: c(c(y₁, y₂), y₃). An array of tensors, as a layer before may give, is several
 * inputs.
 *
 * @throws ShapeError for other than one or n inputs.
 * @example
 * const model = Parallel(add, Dense(2, 3), Dense(2, 3, relu));
 * model(ones([5, 2], "float32")).shape // [5, 3]
 * Parallel((...ys) => concat(ys), Dense(2, 3), Dense(4, 5))(ones([2], "float32"), ones([4], "float32")).shape // [8]
 */
export const Parallel = defineLayer(
  "Parallel",
  (connection: Function, ...given: readonly unknown[]): { readonly connection: Function; readonly layers: object } => {
    checkFunction("Parallel", "connection, which comes first", connection);
    const layers = layersFrom("Parallel", given);
    if (listOf(layers).length === 0) throw new AutodiffError("Parallel: expected at least one layer after the connection.");
    return { connection, layers };
  },
  (self, ...args: unknown[]): unknown => {
    const layers = self.layers as Fns;
    const xs = inputsFor("Parallel", listOf(layers).length, args);
    return join("Parallel", self.connection as Fn, xs.map((x, i) => callPart("Parallel", layers, i, [x])));
  },
  { show: ({ connection, layers }) => showContainer("Parallel", layers as Fns, connection) },
) as ParallelConstructor;
