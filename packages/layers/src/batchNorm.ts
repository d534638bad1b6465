import {
  add,
  AutodiffError,
  Const,
  defineLayer,
  mul,
  ones,
  reshape,
  rsqrt,
  ShapeError,
  stopGradient,
  sub,
  zeros,
  type Layer,
  type Operand,
  type Tensor,
} from "@polyad/core";
import { completeFields } from "./completeFields.js";
import type { NormOptions } from "./layerNorm.js";
import { requireMode, type Mode } from "./mode.js";
import { affine, applyAffine, checkChannels, checkEps, matchAffine, normalise, showNorm, type Affine } from "./normalise.js";
import type { Activation, Bias } from "./match.js";
import { identity } from "./identity.js";
import { checkOptions } from "./options.js";
import { recordState, type Stateful } from "./state.js";

export interface BatchNormOptions<A extends boolean = boolean, S extends boolean = boolean> extends NormOptions<A> {
  /** The weight of a new batch in the running statistics, 0.1 unless said. */
  readonly momentum?: number | undefined;
  /** Whether statistics are kept for use. Without them, use computes with those of its own batch. */
  readonly trackStats?: S | undefined;
}

export interface BatchNormFields<A extends Tensor | null = Tensor, S extends Tensor | null = Tensor> extends Affine<A>, Stateful {
  readonly channels: Const<number>;
  /** The running mean and variance of each channel. */
  readonly mean: S;
  readonly variance: S;
  readonly eps: Const<number>;
  readonly momentum: Const<number>;
  readonly training: Mode;
}

type Config = [channels: number, activation?: Activation, options?: BatchNormOptions];

export type BatchNorm<A extends Tensor | null = Tensor, S extends Tensor | null = Tensor> = Layer<BatchNormFields<A, S>, [x: Operand], Tensor>;

export interface BatchNormConstructor {
  <A extends boolean = true, S extends boolean = true>(channels: number, activation?: Activation, options?: BatchNormOptions<A, S>): BatchNorm<Bias<A>, Bias<S>>;
  from<A extends Tensor | null, S extends Tensor | null>(fields: BatchNormFields<A, S>): BatchNorm<A, S>;
  readonly prototype: BatchNorm<Tensor | null, Tensor | null>;
}

/**
 * f(γ·(x − x̄) / √(σ² + ε) + β) for each channel of x, which is [N, channels, …]. In training x̄ and σ² are those of the
 * channel over the batch and all other axes, and running statistics are recorded (see `withState`): with a momentum of m
 * they become (1 − m)·old + m·new, the variance as it is estimated from a sample, n / (n − 1)·σ². In use x̄ and σ² are the
 * running statistics.
 *
 * @throws AutodiffError when called without having been told its mode, or in training outside of `withState`.
 * @throws ShapeError for an input of other channels; in training for fewer than two values in each channel.
 * @see Ioffe and Szegedy, "Batch Normalization", 2015.
 * @example
 * const norm = testMode(BatchNorm(2, relu));
 * norm(tensor([[1, -2]], null, "float32")).shape // [1, 2]
 * String(norm) // "BatchNorm(2, relu)"
 */
export const BatchNorm: BatchNormConstructor = completeFields(defineLayer(
  "BatchNorm",
  (...[channels, activation = identity, options = {}]: Config): BatchNormFields<Tensor | null, Tensor | null> => {
    checkOptions("BatchNorm", options, ["eps", "affine", "momentum", "trackStats"]);
    const { eps = 1e-5, momentum = 0.1, affine: learned = true, trackStats = true } = options;
    checkEps("BatchNorm", eps);
    if (!(momentum >= 0 && momentum <= 1)) throw new AutodiffError(`BatchNorm: expected a momentum between 0 and 1, got ${momentum}.`);
    return {
      ...affine("BatchNorm", activation, [channels], learned),
      channels: Const(channels),
      mean: trackStats ? zeros([channels], "float32") : null,
      variance: trackStats ? ones([channels], "float32") : null,
      eps: Const(eps),
      momentum: Const(momentum),
      training: null,
      id: Symbol(`BatchNorm(${channels})`),
    };
  },
  (self, input: Operand): Tensor => {
    const { channels, scale, mean, variance, eps, momentum, training } = self;
    const name = showNorm("BatchNorm", [channels], self);
    const x = matchAffine(name, input, scale ?? mean);
    checkChannels(name, x, channels);
    const after = x.ndim - 2;
    const trains = requireMode(name, training);
    if (!trains && mean !== null && variance !== null) {
      const spread = (t: Tensor): Tensor => reshape(t, [channels, ...new Array<number>(after).fill(1)]);
      return applyAffine(self, mul(sub(x, spread(mean)), spread(rsqrt(add(variance, eps)))), after);
    }
    const count = x.size / channels;
    if (trains && count < 2) {
      throw new ShapeError(`layer ${name} in training needs at least two values in each channel, got shape [${x.shape.join(", ")}]. Use larger batches, or testMode(model).`);
    }
    const batch = normalise(x, x.shape.map((_, i) => i).filter((i) => i !== 1), eps);
    if (trains && mean !== null && variance !== null) recordState(name, self.id, { mean, variance }, (now) => track(now, batch, count, momentum));
    return applyAffine(self, batch.y, after);
  },
  { show: (fields) => showNorm("BatchNorm", [fields.channels.value], fields), trainable: ["scale", "bias"] },
), { settings: ["channels", "eps", "momentum"], functions: ["activation"] }) as BatchNormConstructor;

type Statistics = { readonly mean: Tensor; readonly variance: Tensor };

/** The running statistics after a batch of `count` values in each channel. */
function track(now: Statistics, batch: Statistics, count: number, momentum: number): Statistics {
  const mix = (old: Tensor, next: Tensor, weight: number): Tensor =>
    add(mul(old, 1 - momentum), mul(reshape(stopGradient(next), old.shape), momentum * weight));
  return { mean: mix(now.mean, batch.mean, 1), variance: mix(now.variance, batch.variance, count / (count - 1)) };
}
