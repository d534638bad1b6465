import { add, asTensor, defineLayer, matmul, reshape, ShapeError, zeros, type Layer, type Operand, type RandomGenerator, type Tensor } from "@polyad/core";
import { drawn } from "./drawn.js";
import { identity } from "./identity.js";
import { glorotUniform, type Initialiser } from "./init.js";
import { checkActivation, checkSize, checkSizes, matchInput, type Activation, type Bias } from "./match.js";
import { checkOptions } from "./options.js";
import { defaultGenerator } from "./random.js";
import { showHead } from "./show.js";

export interface DenseOptions<B extends boolean = boolean> {
  /** Whether there is a bias; true unless said. */
  readonly bias?: B | undefined;
  /** Draws the first weight, `glorotUniform` unless said. The bias, zeros at first, has its dtype. */
  readonly init?: Initialiser | undefined;
  /** What `init` draws from, `defaultGenerator()` unless said. */
  readonly rng?: RandomGenerator | undefined;
}

export interface DenseFields<B extends Tensor | null = Tensor> {
  /** W, [out, in] */
  readonly weight: Tensor;
  /** b, [out] */
  readonly bias: B;
  readonly activation: Activation;
}

export type Dense<B extends Tensor | null = Tensor> = Layer<DenseFields<B>, [x: Operand], Tensor>;

export interface DenseConstructor {
  <B extends boolean = true>(nIn: number, nOut: number, activation?: Activation, options?: DenseOptions<B>): Dense<Bias<B>>;
  /** A layer around given arrays: b is zeros and f `identity` where they are not given; `bias: null` is none. */
  from(fields: GivenDense & { readonly bias: null }): Dense<null>;
  from(fields: GivenDense & { readonly bias?: Operand | undefined }): Dense;
  from(fields: GivenDense & { readonly bias?: Operand | null | undefined }): Dense<Tensor | null>;
  readonly prototype: Dense<Tensor | null>;
}

interface GivenDense {
  readonly weight: Operand;
  /** Null, as in a gradient, is `identity` too. */
  readonly activation?: Activation | null | undefined;
}

type Config = [nIn: number, nOut: number, activation?: Activation, options?: DenseOptions];
type Fields = DenseFields<Tensor | null>;

const show = ({ weight, bias, activation }: Fields): string =>
  showHead("Dense", `${weight.shape[1]} => ${weight.shape[0]}`, activation, bias !== null);

const made = defineLayer(
  "Dense",
  (...[nIn, nOut, activation = identity, options = {}]: Config): Fields => {
    checkSizes("Dense", nIn, nOut);
    checkOptions("Dense", options, ["bias", "init", "rng"]);
    const { bias = true, init = glorotUniform, rng = defaultGenerator() } = options;
    const weight = drawn("Dense", init, rng, [nOut, nIn]);
    return checked({ weight, bias: bias ? zeros([nOut], weight.dtype) : null, activation });
  },
  (self, input: Operand): Tensor => {
    const { weight, bias, activation } = self;
    const [nOut, nIn] = weight.shape as readonly [number, number];
    const name = (): string => show(self);
    const given = matchInput(name, input, weight);
    const x = given.ndim === 0 ? reshape(given, [1]) : given;
    checkSize(name, x, nIn);
    // One product of matrices, whatever the batch axes: so is its weight gradient.
    const rows = x.ndim === 2 ? x : reshape(x, [x.size / nIn, nIn]);
    const product = matmul(rows, weight, { transposeB: true });
    const y = bias === null ? product : add(product, bias);
    return activation(x.ndim === 2 ? y : reshape(y, [...x.shape.slice(0, -1), nOut]));
  },
  { show },
);
const { from } = made;

/**
 * f(x·Wᵀ + b) on the last axis of x, which has nIn elements; W is [nOut, nIn], and any number of batch axes lead. A number
 * is a vector of one.
 *
 * @throws ShapeError for an input of another size; AutodiffError for an activation that is not elementwise.
 * @example
 * const layer = Dense(3, 2, relu);
 * layer(ones([5, 3], "float32")).shape // [5, 2]
 * Dense.from({ weight: [[3]], bias: [1] })([2]).toArray() // [7]
 * String(layer) // "Dense(3 => 2, relu)"
 */
export const Dense: DenseConstructor = Object.assign(made, {
  from: ({ weight: W, bias: b, activation }: GivenDense & { readonly bias?: Operand | null | undefined }) => {
    const weight = asTensor("Dense.from", W);
    const bias = b === undefined ? zeros([weight.shape[0] ?? 0], weight.dtype) : b === null ? null : asTensor("Dense.from", b);
    return from(checked({ weight, bias, activation: activation ?? identity }));
  },
}) as DenseConstructor;

function checked(fields: Fields): Fields {
  const { weight, bias, activation } = fields;
  checkActivation("Dense", activation);
  if (weight.ndim !== 2) throw new ShapeError(`Dense: expected a weight of shape [out, in], got shape [${weight.shape.join(", ")}].`);
  if (bias === null || (bias.ndim === 1 && bias.size === weight.shape[0])) return fields;
  throw new ShapeError(`Dense: expected a bias of shape [${weight.shape[0]}] beside a weight of shape [${weight.shape.join(", ")}], got shape [${bias.shape.join(", ")}].`);
}
