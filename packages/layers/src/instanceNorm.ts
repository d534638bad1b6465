import { Const, defineLayer, ShapeError, type Layer, type Operand, type Tensor } from "@polyad/core";
import { completeFields } from "./completeFields.js";
import { normaliseGroups } from "./groupNorm.js";
import type { NormOptions } from "./layerNorm.js";
import { affine, applyAffine, checkChannels, checkEps, matchAffine, showNorm, type Affine } from "./normalise.js";
import type { Activation, Bias } from "./match.js";
import { identity } from "./identity.js";
import { checkOptions } from "./options.js";

export interface InstanceNormFields<A extends Tensor | null = null> extends Affine<A> {
  readonly channels: Const<number>;
  readonly eps: Const<number>;
}

type Config = [channels: number, activation?: Activation, options?: NormOptions];

export type InstanceNorm<A extends Tensor | null = null> = Layer<InstanceNormFields<A>, [x: Operand], Tensor>;

export interface InstanceNormConstructor {
  <A extends boolean = false>(channels: number, activation?: Activation, options?: NormOptions<A>): InstanceNorm<Bias<A>>;
  from<A extends Tensor | null>(fields: InstanceNormFields<A>): InstanceNorm<A>;
  readonly prototype: InstanceNorm<Tensor | null>;
}

/**
 * f((x − x̄) / √(σ² + ε)) for x of shape [N, channels, …], where x̄ and σ² are those of one channel in one sample, in
 * training as in use. With `affine: true`, which is not so unless said, f(γ·… + β) for each channel. ε = 1e-5 unless said.
 *
 * @throws ShapeError for an input of other channels, or without axes after them.
 * @see Ulyanov et al., "Instance Normalization", 2016.
 * @example
 * InstanceNorm(2)(ones([1, 2, 3])).toArray() // [[[0, 0, 0], [0, 0, 0]]]
 */
export const InstanceNorm: InstanceNormConstructor = completeFields(defineLayer(
  "InstanceNorm",
  (...[channels, activation = identity, options = {}]: Config): InstanceNormFields<Tensor | null> => {
    checkOptions("InstanceNorm", options, ["eps", "affine"]);
    const { eps = 1e-5, affine: learned = false } = options;
    checkEps("InstanceNorm", eps);
    return { ...affine("InstanceNorm", activation, [channels], learned), channels: Const(channels), eps: Const(eps) };
  },
  (self, input: Operand): Tensor => {
    const { channels, eps, scale } = self;
    const name = `InstanceNorm(${channels})`;
    const x = matchAffine(name, input, scale);
    checkChannels(name, x, channels);
    if (x.ndim === 2) {
      throw new ShapeError(`layer ${name} expects axes after the channels to normalise over, got shape [${x.shape.join(", ")}]. Use LayerNorm or BatchNorm.`);
    }
    return applyAffine(self, normaliseGroups(x, channels, eps), x.ndim - 2);
  },
  { show: (fields) => showNorm("InstanceNorm", [fields.channels.value], fields), trainable: ["scale", "bias"] },
), { settings: ["channels", "eps"], functions: ["activation"] }) as InstanceNormConstructor;
