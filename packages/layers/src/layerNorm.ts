import { Const, defineLayer, ShapeError, type Layer, type Operand, type Tensor } from "@polyad/core";
import { completeFields } from "./completeFields.js";
import { affine, applyAffine, checkEps, matchAffine, normalise, showNorm, type Affine } from "./normalise.js";
import type { Activation, Bias } from "./match.js";
import { identity } from "./identity.js";
import { checkOptions } from "./options.js";

export interface NormOptions<A extends boolean = boolean> {
  /** Added to the variance, inside of the square root. */
  readonly eps?: number | undefined;
  /** Whether scale and bias are learned. */
  readonly affine?: A | undefined;
}

export interface LayerNormFields<A extends Tensor | null = Tensor> extends Affine<A> {
  readonly size: Const<readonly number[]>;
  readonly eps: Const<number>;
}

type Config = [size: number | readonly number[], activation?: Activation, options?: NormOptions];

export type LayerNorm<A extends Tensor | null = Tensor> = Layer<LayerNormFields<A>, [x: Operand], Tensor>;

export interface LayerNormConstructor {
  <A extends boolean = true>(size: number | readonly number[], activation?: Activation, options?: NormOptions<A>): LayerNorm<Bias<A>>;
  from<A extends Tensor | null>(fields: LayerNormFields<A>): LayerNorm<A>;
  readonly prototype: LayerNorm<Tensor | null>;
}

/**
 * f(γ·(x − x̄) / √(σ² + ε) + β) with x̄ and σ² over the last axes, which have this size: each sample by itself, in training
 * as in use. `scale` γ and `bias` β have the same shape. ε = 1e-5 unless said. Where σ² overflows (float32: |x| about 1e19)
 * the result is NaN, here as in all normalising layers.
 *
 * @throws ShapeError if the last axes of the input have another size.
 * @see Ba et al., "Layer Normalization", 2016.
 * @example
 * LayerNorm(2, relu)(tensor([[1, 1], [-3, 5]], null, "float32")).shape // [2, 2]
 * String(LayerNorm([3, 4], relu)) // "LayerNorm(3, 4, relu)"
 */
export const LayerNorm: LayerNormConstructor = completeFields(defineLayer(
  "LayerNorm",
  (...[size, activation = identity, options = {}]: Config): LayerNormFields<Tensor | null> => {
    const shape = typeof size === "number" ? [size] : [...size];
    if (shape.length === 0) throw new ShapeError("LayerNorm: expected the size of at least one axis, got [].");
    checkOptions("LayerNorm", options, ["eps", "affine"]);
    const { eps = 1e-5, affine: learned = true } = options;
    checkEps("LayerNorm", eps);
    return { ...affine("LayerNorm", activation, shape, learned), size: Const(shape), eps: Const(eps) };
  },
  (self, input: Operand): Tensor => {
    const { size, scale, eps } = self;
    const name = showNorm("LayerNorm", size, self);
    const x = matchAffine(name, input, scale);
    const first = x.ndim - size.length;
    if (first < 0 || size.some((n, i) => x.shape[first + i] !== n)) {
      throw new ShapeError(`layer ${name} expects an input of size [${size.join(", ")}] in its last axes, got shape [${x.shape.join(", ")}].`);
    }
    const { y } = normalise(x, size.map((_, i) => first + i), eps);
    return applyAffine(self, y);
  },
  { show: (fields) => showNorm("LayerNorm", fields.size.value, fields), trainable: ["scale", "bias"] },
), { settings: ["size", "eps"], functions: ["activation"] }) as LayerNormConstructor;
