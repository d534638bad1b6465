import { asTensor, AutodiffError, defineLayer, reshape, ShapeError, type Layer, type LayerConstructor, type Operand, type Tensor } from "@polyad/core";

export type Flatten = Layer<object, [x: Operand], Tensor>;

/**
 * [N, …rest] to [N, Πrest]: each sample as one vector, as between convolutions and a Dense layer.
 *
 * @throws ShapeError for a scalar.
 * @example
 * Flatten()(ones([5, 8, 3, 3])).shape // [5, 72]
 */
export const Flatten: LayerConstructor<[], object, [x: Operand], Tensor> = defineLayer(
  "Flatten",
  (...given: []): object => {
    if (given.length === 0) return {};
    throw new AutodiffError("Flatten: makes a layer and takes nothing. Write Flatten() in a Chain, and Flatten()(x) for an array.");
  },
  (_self, operand: Operand): Tensor => {
    const x = asTensor("Flatten", operand);
    if (x.ndim === 0) throw new ShapeError("layer Flatten() expects an input with a batch axis, got shape [].");
    const [n, ...rest] = x.shape as readonly [number, ...number[]];
    return reshape(x, [n, rest.reduce((size, m) => size * m, 1)]);
  },
  { show: () => "Flatten()" },
);
