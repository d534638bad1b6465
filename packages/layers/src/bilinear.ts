import { add, asTensor, defineLayer, matmul, reshape, ShapeError, zeros, type Layer, type Operand, type RandomGenerator, type Tensor } from "@polyad/core";
import { drawn } from "./drawn.js";
import { identity } from "./identity.js";
import { glorotUniform, type Initialiser } from "./init.js";
import { checkActivation, checkSize, checkSizes, matchInput, type Activation, type Bias } from "./match.js";
import { checkOptions } from "./options.js";
import { defaultGenerator } from "./random.js";
import { showHead } from "./show.js";

export interface BilinearOptions<B extends boolean = boolean> {
  /** Whether there is a bias; true unless said. */
  readonly bias?: B | undefined;
  /** Draws the first weight, `glorotUniform` unless said. The bias, zeros at first, has its dtype. */
  readonly init?: Initialiser | undefined;
  /** What `init` draws from, `defaultGenerator()` unless said. */
  readonly rng?: RandomGenerator | undefined;
}

export interface BilinearFields<B extends Tensor | null = Tensor> {
  /** [out, in₁, in₂] */
  readonly weight: Tensor;
  /** [out] */
  readonly bias: B;
  readonly activation: Activation;
}

export type Bilinear<B extends Tensor | null = Tensor> = Layer<BilinearFields<B>, [x: Operand, y?: Operand], Tensor>;

export interface BilinearConstructor {
  <B extends boolean = true>(nIn: number | readonly [number, number], nOut: number, activation?: Activation, options?: BilinearOptions<B>): Bilinear<Bias<B>>;
  /** A layer around given arrays: b is zeros and f `identity` where they are not given; `bias: null` is none. */
  from(fields: GivenBilinear & { readonly bias: null }): Bilinear<null>;
  from(fields: GivenBilinear & { readonly bias?: Operand | undefined }): Bilinear;
  from(fields: GivenBilinear & { readonly bias?: Operand | null | undefined }): Bilinear<Tensor | null>;
  readonly prototype: Bilinear<Tensor | null>;
}

interface GivenBilinear {
  readonly weight: Operand;
  /** Null, as in a gradient, is `identity` too. */
  readonly activation?: Activation | null | undefined;
}

type Config = [nIn: number | readonly [number, number], nOut: number, activation?: Activation, options?: BilinearOptions];

const show = ({ weight, bias, activation }: BilinearFields<Tensor | null>): string => {
  const [nOut, n, m] = weight.shape;
  return showHead("Bilinear", `${n === m ? n : `(${n}, ${m})`} => ${nOut}`, activation, bias !== null);
};

const made = defineLayer(
  "Bilinear",
  (...[nIn, nOut, activation = identity, options = {}]: Config): BilinearFields<Tensor | null> => {
    const [n, m] = typeof nIn === "number" ? [nIn, nIn] : nIn;
    checkSizes("Bilinear", n, m, nOut);
    checkOptions("Bilinear", options, ["bias", "init", "rng"]);
    const { bias = true, init = glorotUniform, rng = defaultGenerator() } = options;
    const weight = drawn("Bilinear", init, rng, [nOut, n, m]);
    return checked({ weight, bias: bias ? zeros([nOut], weight.dtype) : null, activation });
  },
  (self, first: Operand, second: Operand = first): Tensor => {
    const { weight, bias, activation } = self;
    const [nOut, n, m] = weight.shape as readonly [number, number, number];
    const name = (): string => show(self);
    const [x, y] = [matchInput(name, first, weight), matchInput(name, second, weight)];
    checkSize(name, x, n);
    checkSize(name, y, m);
    const batch = x.shape.slice(0, -1);
    if (batch.join() !== y.shape.slice(0, -1).join()) {
      throw new ShapeError(`layer ${name()} expects inputs with the same batch axes, got shapes [${x.shape.join(", ")}] and [${y.shape.join(", ")}].`);
    }
    const rows = x.size / n;
    const weighted = reshape(matmul(reshape(y, [rows, m]), reshape(weight, [nOut * n, m]), { transposeB: true }), [rows, nOut, n]); // W y
    const product = reshape(matmul(weighted, reshape(x, [rows, n, 1])), [...batch, nOut]);
    return activation(bias === null ? product : add(product, bias));
  },
  { show },
);
const { from } = made;

/**
 * zₖ = f(xᵀ Wₖ y + bₖ) for vectors x and y on the last axes of two inputs, whose batch axes are the same; y is x unless
 * given. W is [out, in₁, in₂].
 *
 * @throws ShapeError for inputs of other sizes.
 * @example
 * Bilinear([3, 4], 2)(ones([5, 3], "float32"), ones([5, 4], "float32")).shape // [5, 2]
 */
export const Bilinear: BilinearConstructor = Object.assign(made, {
  from: ({ weight: W, bias: b, activation }: GivenBilinear & { readonly bias?: Operand | null | undefined }) => {
    const weight = asTensor("Bilinear.from", W);
    const bias = b === undefined ? zeros([weight.shape[0] ?? 0], weight.dtype) : b === null ? null : asTensor("Bilinear.from", b);
    return from(checked({ weight, bias, activation: activation ?? identity }));
  },
}) as BilinearConstructor;

function checked(fields: BilinearFields<Tensor | null>): BilinearFields<Tensor | null> {
  const { weight, bias, activation } = fields;
  checkActivation("Bilinear", activation);
  if (weight.ndim !== 3) throw new ShapeError(`Bilinear: expected a weight of shape [out, in1, in2], got shape [${weight.shape.join(", ")}].`);
  if (bias === null || (bias.ndim === 1 && bias.size === weight.shape[0])) return fields;
  throw new ShapeError(`Bilinear: expected a bias of shape [${weight.shape[0]}] beside a weight of shape [${weight.shape.join(", ")}], got shape [${bias.shape.join(", ")}].`);
}
