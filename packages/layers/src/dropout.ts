import {
  add,
  asTensor,
  AutodiffError,
  cast,
  Const,
  defineLayer,
  greaterEqual,
  mul,
  rand,
  RandomGenerator,
  ShapeError,
  where,
  type Layer,
  type LayerConstructor,
  type Operand,
  type Tensor,
} from "@polyad/core";
import { completeFields } from "./completeFields.js";
import { requireMode, type Mode } from "./mode.js";
import { checkOptions } from "./options.js";

export interface DropoutOptions {
  /** The axes along which elements are dropped independently, all unless said; along others they share their fate. */
  readonly axis?: number | readonly number[] | undefined;
}

export interface DropoutFields {
  readonly p: Const<number>;
  readonly axis: Const<readonly number[] | null>;
  readonly rng: RandomGenerator;
  readonly training: Mode;
}

export type Dropout = Layer<DropoutFields, [x: Operand], Tensor>;

/**
 * In training, each element becomes 0 with probability p, and x / (1 − p) otherwise; the identity in use, and for p = 0.
 * With `axis: [0, 1]` whole feature maps of images [N, C, H, W] are dropped. The draws come from `rng`, and are the
 * same on every engine: one that runs the function again, at other points or in the backward pass, draws the same again.
 *
 * @throws AutodiffError unless 0 ≤ p < 1; when called without having been told its mode; in training, while a graph is
 * being captured.
 * @example
 * const drop = trainMode(Dropout(0.5, generator(1)));
 * max(drop(ones([100]))).item() // 2
 * String(drop) // "Dropout(0.5)"
 */
export const Dropout: LayerConstructor<[p: number, rng: RandomGenerator, options?: DropoutOptions], DropoutFields, [x: Operand], Tensor> = completeFields(defineLayer(
  "Dropout",
  (p: number, rng: RandomGenerator, options: DropoutOptions = {}): DropoutFields => {
    checkDraws("Dropout", p, rng);
    checkOptions("Dropout", options, ["axis"]);
    const { axis } = options;
    return { p: Const(p), axis: Const(typeof axis === "number" ? [axis] : (axis ?? null)), rng, training: null };
  },
  (self, input: Operand): Tensor => {
    const { p, axis, rng, training } = self;
    const name = `Dropout(${p})`;
    const x = asTensor(`layer ${name}`, input);
    if (p === 0 || !requireMode(name, training)) return x;
    const keep = greaterEqual(rand(rng, maskShape(name, x, axis)), p);
    return mul(x, mul(cast(keep, x.dtype === "float32" ? "float32" : "float64"), 1 / (1 - p)));
  },
  { show: ({ p, axis }) => `Dropout(${p.value}${axis.value === null ? "" : `, axis=[${axis.value.join(", ")}]`})`, trainable: [] },
), { settings: ["p", "axis"] });

export interface AlphaDropoutFields {
  readonly p: Const<number>;
  readonly rng: RandomGenerator;
  readonly training: Mode;
}

export type AlphaDropout = Layer<AlphaDropoutFields, [x: Operand], Tensor>;

/** The limit of selu at −∞, −λα. */
const limit = -1.7580993408473766;

/**
 * Dropout for selu networks: in training an element becomes the limit of selu at −∞ with probability p, and all are then
 * scaled and shifted such that mean 0 and variance 1 are kept. The identity in use, and for p = 0.
 *
 * @throws AutodiffError as Dropout does.
 * @see Klambauer et al., "Self-Normalizing Neural Networks", 2017, section 3.
 * @example
 * const drop = trainMode(AlphaDropout(0.5, generator(1)));
 * min(drop(ones([100]))).item().toFixed(5) // "-0.77919"
 */
export const AlphaDropout: LayerConstructor<[p: number, rng: RandomGenerator], AlphaDropoutFields, [x: Operand], Tensor> = completeFields(defineLayer(
  "AlphaDropout",
  (p: number, rng: RandomGenerator): AlphaDropoutFields => {
    checkDraws("AlphaDropout", p, rng);
    return { p: Const(p), rng, training: null };
  },
  (self, input: Operand): Tensor => {
    const { p, rng, training } = self;
    const name = `AlphaDropout(${p})`;
    const x = asTensor(`layer ${name}`, input);
    if (p === 0 || !requireMode(name, training)) return x;
    const scale = 1 / Math.sqrt((1 - p) * (1 + p * limit ** 2));
    const keep = greaterEqual(rand(rng, x.shape), p);
    return add(mul(where(keep, x, limit), scale), -scale * limit * p);
  },
  { show: ({ p }) => `AlphaDropout(${p.value})`, trainable: [] },
), { settings: ["p"] });

function checkDraws(name: string, p: number, rng: RandomGenerator): void {
  if (!(p >= 0 && p < 1)) throw new AutodiffError(`${name}: expected a probability of dropping p with 0 <= p < 1, got ${p}.`);
  if (rng instanceof RandomGenerator) return;
  throw new AutodiffError(`${name}: expected a generator after the probability. Write ${name}(${p}, generator(1)), or ${name}(${p}, defaultGenerator()).`);
}

/** The shape of x, with 1 along the axes that share a mask. */
function maskShape(name: string, { shape }: Tensor, axis: readonly number[] | null): readonly number[] {
  if (axis === null) return shape;
  const axes = axis.map((a) => (a < 0 ? a + shape.length : a));
  if (axes.every((a) => Number.isInteger(a) && a >= 0 && a < shape.length)) return shape.map((n, i) => (axes.includes(i) ? n : 1));
  throw new ShapeError(`layer ${name}: axes [${axis.join(", ")}] are not all axes of its input, which has shape [${shape.join(", ")}].`);
}
