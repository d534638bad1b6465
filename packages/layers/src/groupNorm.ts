import { AutodiffError, Const, defineLayer, reshape, type Layer, type Operand, type Tensor } from "@polyad/core";
import { completeFields } from "./completeFields.js";
import type { NormOptions } from "./layerNorm.js";
import { affine, applyAffine, checkChannels, checkEps, matchAffine, normalise, showNorm, type Affine } from "./normalise.js";
import type { Activation, Bias } from "./match.js";
import { identity } from "./identity.js";
import { checkOptions } from "./options.js";

export interface GroupNormFields<A extends Tensor | null = Tensor> extends Affine<A> {
  readonly channels: Const<number>;
  readonly groups: Const<number>;
  readonly eps: Const<number>;
}

type Config = [channels: number, groups: number, activation?: Activation, options?: NormOptions];

export type GroupNorm<A extends Tensor | null = Tensor> = Layer<GroupNormFields<A>, [x: Operand], Tensor>;

export interface GroupNormConstructor {
  <A extends boolean = true>(channels: number, groups: number, activation?: Activation, options?: NormOptions<A>): GroupNorm<Bias<A>>;
  from<A extends Tensor | null>(fields: GroupNormFields<A>): GroupNorm<A>;
  readonly prototype: GroupNorm<Tensor | null>;
}

/**
 * f(γ·(x − x̄) / √(σ² + ε) + β) for x of shape [N, channels, …], where x̄ and σ² are those of a group of channels in one
 * sample. `scale` γ and `bias` β have one entry for each channel. ε = 1e-5 unless said.
 *
 * @throws AutodiffError unless the groups divide the channels.
 * @throws ShapeError for an input of other channels.
 * @see Wu and He, "Group Normalization", 2018.
 * @example
 * String(GroupNorm(6, 2)) // "GroupNorm(6, 2)"
 */
export const GroupNorm: GroupNormConstructor = completeFields(defineLayer(
  "GroupNorm",
  (...[channels, groups, activation = identity, options = {}]: Config): GroupNormFields<Tensor | null> => {
    checkOptions("GroupNorm", options, ["eps", "affine"]);
    const { eps = 1e-5, affine: learned = true } = options;
    checkEps("GroupNorm", eps);
    if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) throw new AutodiffError(`GroupNorm: ${groups} groups do not divide ${channels} channels.`);
    return { ...affine("GroupNorm", activation, [channels], learned), channels: Const(channels), groups: Const(groups), eps: Const(eps) };
  },
  (self, input: Operand): Tensor => {
    const { channels, groups, eps, scale } = self;
    const name = showNorm("GroupNorm", [channels, groups], self);
    const x = matchAffine(name, input, scale);
    checkChannels(name, x, channels);
    return applyAffine(self, normaliseGroups(x, groups, eps), x.ndim - 2);
  },
  { show: (fields) => showNorm("GroupNorm", [fields.channels.value, fields.groups.value], fields), trainable: ["scale", "bias"] },
), { settings: ["channels", "groups", "eps"], functions: ["activation"] }) as GroupNormConstructor;

/** Each group of channels of each sample, normalised. */
export function normaliseGroups(x: Tensor, groups: number, eps: number): Tensor {
  const [n, channels, ...pixels] = x.shape as [number, number, ...number[]];
  const grouped = reshape(x, [n, groups, pixels.reduce((a, b) => a * b, channels / groups)]);
  return reshape(normalise(grouped, [2], eps).y, x.shape);
}
