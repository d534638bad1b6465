import { add, asTensor, defineLayer, mul, ShapeError, zeros, type Layer, type Operand, type RandomGenerator, type Tensor } from "@polyad/core";
import { drawn } from "./drawn.js";
import { identity } from "./identity.js";
import { onesInit, type Initialiser } from "./init.js";
import { checkActivation, checkSizes, matchInput, type Activation, type Bias } from "./match.js";
import { checkOptions } from "./options.js";
import { defaultGenerator } from "./random.js";
import { showHead } from "./show.js";

export interface ScaleOptions<B extends boolean = boolean> {
  /** Whether there is a bias; true unless said. */
  readonly bias?: B | undefined;
  /** Draws the first scale, ones unless said. The bias, zeros at first, has its dtype. */
  readonly init?: Initialiser | undefined;
  /** What `init` draws from, `defaultGenerator()` unless said. */
  readonly rng?: RandomGenerator | undefined;
}

export interface ScaleFields<B extends Tensor | null = Tensor> {
  readonly scale: Tensor;
  readonly bias: B;
  readonly activation: Activation;
}

export type Scale<B extends Tensor | null = Tensor> = Layer<ScaleFields<B>, [x: Operand], Tensor>;

export interface ScaleConstructor {
  <B extends boolean = true>(size: number | readonly number[], activation?: Activation, options?: ScaleOptions<B>): Scale<Bias<B>>;
  /** A layer around given arrays: b is zeros and f `identity` where they are not given; `bias: null` is none. */
  from(fields: GivenScale & { readonly bias: null }): Scale<null>;
  from(fields: GivenScale & { readonly bias?: Operand | undefined }): Scale;
  from(fields: GivenScale & { readonly bias?: Operand | null | undefined }): Scale<Tensor | null>;
  readonly prototype: Scale<Tensor | null>;
}

interface GivenScale {
  readonly scale: Operand;
  /** Null, as in a gradient, is `identity` too. */
  readonly activation?: Activation | null | undefined;
}

type Config = [size: number | readonly number[], activation?: Activation, options?: ScaleOptions];

const show = ({ scale, bias, activation }: ScaleFields<Tensor | null>): string => showHead("Scale", scale.shape.join(", "), activation, bias !== null);

const made = defineLayer(
  "Scale",
  (...[size, activation = identity, options = {}]: Config): ScaleFields<Tensor | null> => {
    const shape = typeof size === "number" ? [size] : size;
    checkSizes("Scale", ...shape);
    checkOptions("Scale", options, ["bias", "init", "rng"]);
    const { bias = true, init = onesInit, rng = defaultGenerator() } = options;
    const scale = drawn("Scale", init, rng, shape);
    return checked({ scale, bias: bias ? zeros(shape, scale.dtype) : null, activation });
  },
  (self, input: Operand): Tensor => {
    const { scale, bias, activation } = self;
    const name = (): string => show(self);
    const x = matchInput(name, input, scale);
    const first = x.ndim - scale.ndim;
    if (first < 0 || scale.shape.some((n, i) => x.shape[first + i] !== n)) {
      throw new ShapeError(`layer ${name()} expects an input of size [${scale.shape.join(", ")}] in its last axes, got shape [${x.shape.join(", ")}].`);
    }
    const y = mul(x, scale);
    return activation(bias === null ? y : add(y, bias));
  },
  { show },
);
const { from } = made;

/**
 * f(s ⊙ x + b), elementwise, on the last axes of x, which have this size: a Dense layer whose matrix is diagonal. Batch
 * axes lead.
 *
 * @throws ShapeError for an input of another size.
 * @example
 * Scale(2)(tensor([[1, 2], [3, 4]], null, "float32")).toArray() // [[1, 2], [3, 4]]
 * Scale.from({ scale: [2, 3], bias: null })([1, 1]).toArray() // [2, 3]
 * String(Scale([2, 3], relu)) // "Scale(2, 3, relu)"
 */
export const Scale: ScaleConstructor = Object.assign(made, {
  from: ({ scale: s, bias: b, activation }: GivenScale & { readonly bias?: Operand | null | undefined }) => {
    const scale = asTensor("Scale.from", s);
    const bias = b === undefined ? zeros(scale.shape, scale.dtype) : b === null ? null : asTensor("Scale.from", b);
    return from(checked({ scale, bias, activation: activation ?? identity }));
  },
}) as ScaleConstructor;

function checked(fields: ScaleFields<Tensor | null>): ScaleFields<Tensor | null> {
  const { scale, bias, activation } = fields;
  checkActivation("Scale", activation);
  if (bias === null || bias.shape.join() === scale.shape.join()) return fields;
  throw new ShapeError(`Scale: expected a bias of shape [${scale.shape.join(", ")}], as the scale has, got shape [${bias.shape.join(", ")}].`);
}
