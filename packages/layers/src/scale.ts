import { add, defineLayer, mul, ShapeError, zeros, type Layer, type Operand, type RandomGenerator, type Tensor } from "@polyad/core";
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
  from<B extends Tensor | null>(fields: ScaleFields<B>): Scale<B>;
  readonly prototype: Scale<Tensor | null>;
}

type Config = [size: number | readonly number[], activation?: Activation, options?: ScaleOptions];

const show = ({ scale, bias, activation }: ScaleFields<Tensor | null>): string => showHead("Scale", scale.shape.join(", "), activation, bias !== null);

/**
 * f(s ⊙ x + b), elementwise, on the last axes of x, which have this size: a Dense layer whose matrix is diagonal. Batch
 * axes lead.
 *
 * @throws ShapeError for an input of another size.
 * @example
 * Scale(2)(tensor([[1, 2], [3, 4]], null, "float32")).toArray() // [[1, 2], [3, 4]]
 * String(Scale([2, 3], relu)) // "Scale(2, 3, relu)"
 */
export const Scale = defineLayer(
  "Scale",
  (...[size, activation = identity, options = {}]: Config): ScaleFields<Tensor | null> => {
    const shape = typeof size === "number" ? [size] : size;
    checkSizes("Scale", ...shape);
    checkActivation("Scale", activation);
    checkOptions("Scale", options, ["bias", "init", "rng"]);
    const { bias = true, init = onesInit, rng = defaultGenerator() } = options;
    const scale = drawn("Scale", init, rng, shape);
    return { scale, bias: bias ? zeros(shape, scale.dtype) : null, activation };
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
) as ScaleConstructor;
