import { asTensor, Const, defineLayer, max, maxPool, mean, meanPool, ShapeError, type Layer, type LayerConstructor, type Operand, type Tensor } from "@polyad/core";
import { completeFields } from "./completeFields.js";
import { checkOptions } from "./options.js";
import { checkInput, placementHints, placementOf, placementOptions, showPlacement, showSizes, sizesOf, type Placement, type PlacementOptions, type WindowSize } from "./spatial.js";

/** A window and how it lies. */
export interface PoolPlacement extends Placement {
  readonly sizes: readonly number[];
}

export interface PoolFields {
  readonly placement: Const<PoolPlacement>;
}

/** Strides are the window's size unless said. */
export type PoolLayerOptions = PlacementOptions;

type Pool = LayerConstructor<[size: WindowSize, options?: PoolLayerOptions], PoolFields, [x: Operand], Tensor>;

function pool(name: string, f: (x: Tensor, sizes: readonly number[], placement: Placement) => Tensor): Pool {
  const show = ({ placement: { value } }: PoolFields): string => `${name}(${[showSizes(value.sizes), ...showPlacement(value, value.sizes)].join(", ")})`;
  return completeFields(defineLayer(
    name,
    (size: WindowSize, options: PoolLayerOptions = {}): PoolFields => {
      const sizes = sizesOf(name, size);
      checkOptions(name, options, placementOptions, placementHints);
      return { placement: Const({ sizes, ...placementOf(name, sizes, { strides: sizes, ...options }) }) };
    },
    ({ placement }, input: Operand): Tensor => {
      const x = asTensor(name, input);
      const { sizes, ...window } = placement;
      checkInput(() => show({ placement: Const(placement) }), x, null, sizes, placement);
      return f(x, sizes, window);
    },
    { show },
  ), { settings: ["placement"] });
}

/**
 * The largest element of each window of signals [N, C, L] or images [N, C, H, W]; elements that tie share the derivative.
 *
 * @throws ShapeError for an input smaller than the window.
 * @example
 * MaxPool([2, 2])(ones([5, 8, 28, 28])).shape // [5, 8, 14, 14]
 * String(MaxPool([3, 3], { strides: 2, padding: 1 })) // "MaxPool((3, 3), strides=2, padding=1)"
 */
export const MaxPool: Pool = pool("MaxPool", maxPool);
export type MaxPool = Layer<PoolFields, [x: Operand], Tensor>;

/**
 * The mean of each window of signals [N, C, L] or images [N, C, H, W]; padding counts as zeros.
 *
 * @throws ShapeError for an input smaller than the window.
 * @example
 * MeanPool(2)(tensor([[[1, 2, 3, 5]]])).toArray() // [[[1.5, 4]]]
 */
export const MeanPool: Pool = pool("MeanPool", meanPool);
export type MeanPool = Layer<PoolFields, [x: Operand], Tensor>;

type GlobalPool = LayerConstructor<[], Record<never, never>, [x: Operand], Tensor>;

function globalPool(name: string, f: (x: Tensor, options: { readonly axis: readonly number[]; readonly keepDims: true }) => Tensor): GlobalPool {
  return defineLayer(
    name,
    () => ({}),
    (_self, input: Operand): Tensor => {
      const x = asTensor(name, input);
      if (x.ndim > 2) return f(x, { axis: x.shape.map((_, i) => i).slice(2), keepDims: true });
      throw new ShapeError(`layer ${name}() expects an input of shape [N, C, L] or [N, C, H, W], got shape [${x.shape.join(", ")}].`);
    },
    { show: () => `${name}()` },
  );
}

/**
 * The largest element of each channel: [N, C, …] becomes [N, C, 1, …].
 *
 * @example
 * GlobalMaxPool()(ones([5, 8, 7, 7])).shape // [5, 8, 1, 1]
 */
export const GlobalMaxPool: GlobalPool = globalPool("GlobalMaxPool", max);
export type GlobalMaxPool = Layer<Record<never, never>, [x: Operand], Tensor>;

/**
 * The mean of each channel: [N, C, …] becomes [N, C, 1, …].
 *
 * @example
 * GlobalMeanPool()(tensor([[[1, 2, 6]]])).toArray() // [[[3]]]
 */
export const GlobalMeanPool: GlobalPool = globalPool("GlobalMeanPool", mean);
export type GlobalMeanPool = Layer<Record<never, never>, [x: Operand], Tensor>;

export interface AdaptivePoolFields {
  readonly size: Const<readonly number[]>;
}

type AdaptivePool = LayerConstructor<[size: WindowSize], AdaptivePoolFields, [x: Operand], Tensor>;

function adaptivePool(name: string, f: typeof maxPool): AdaptivePool {
  const show = ({ size: { value } }: AdaptivePoolFields): string => `${name}(${showSizes(value)})`;
  return completeFields(defineLayer(
    name,
    (size: WindowSize): AdaptivePoolFields => ({ size: Const(sizesOf(name, size)) }),
    ({ size }, input: Operand): Tensor => {
      const x = asTensor(name, input);
      const none = { strides: size, dilation: size.map(() => 1), padding: size.map(() => [0, 0] as const) };
      checkInput(() => show({ size: Const(size) }), x, null, size, none);
      const strides = size.map((n, i) => Math.floor(x.shape[i + 2]! / n));
      return f(x, size.map((n, i) => x.shape[i + 2]! - (n - 1) * strides[i]!), { strides });
    },
    { show },
  ), { settings: ["size"] });
}

/**
 * As many windows as said, whatever the input: of n elements, windows ⌊n / size⌋ apart, each as long as they can be.
 *
 * @throws ShapeError for an input with fewer elements than windows.
 * @example
 * AdaptiveMaxPool([2, 3])(ones([5, 8, 7, 7])).shape // [5, 8, 2, 3]
 */
export const AdaptiveMaxPool: AdaptivePool = adaptivePool("AdaptiveMaxPool", maxPool);
export type AdaptiveMaxPool = Layer<AdaptivePoolFields, [x: Operand], Tensor>;

/**
 * The mean over as many windows as said, whatever the input: see `AdaptiveMaxPool`.
 *
 * @throws ShapeError for an input with fewer elements than windows.
 * @example
 * AdaptiveMeanPool(2)(tensor([[[1, 2, 3, 4, 5]]])).toArray() // [[[2, 4]]]
 */
export const AdaptiveMeanPool: AdaptivePool = adaptivePool("AdaptiveMeanPool", meanPool as typeof maxPool);
export type AdaptiveMeanPool = Layer<AdaptivePoolFields, [x: Operand], Tensor>;
