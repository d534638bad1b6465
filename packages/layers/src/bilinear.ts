import { add, defineLayer, matmul, reshape, ShapeError, zeros, type Layer, type Operand, type RandomGenerator, type Tensor } from "@polyad/core";
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
  from<B extends Tensor | null>(fields: BilinearFields<B>): Bilinear<B>;
  readonly prototype: Bilinear<Tensor | null>;
}

type Config = [nIn: number | readonly [number, number], nOut: number, activation?: Activation, options?: BilinearOptions];

const show = ({ weight, bias, activation }: BilinearFields<Tensor | null>): string => {
  const [nOut, n, m] = weight.shape;
  return showHead("Bilinear", `${n === m ? n : `(${n}, ${m})`} => ${nOut}`, activation, bias !== null);
};

/**
 * zₖ = f(xᵀ Wₖ y + bₖ) for vectors x and y on the last axes of two inputs, whose batch axes are the same; y is x unless
 * given. W is [out, in₁, in₂].
 *
 * @throws ShapeError for inputs of other sizes.
 * @example
 * Bilinear([3, 4], 2)(ones([5, 3], "float32"), ones([5, 4], "float32")).shape // [5, 2]
 */
export const Bilinear = defineLayer(
  "Bilinear",
  (...[nIn, nOut, activation = identity, options = {}]: Config): BilinearFields<Tensor | null> => {
    const [n, m] = typeof nIn === "number" ? [nIn, nIn] : nIn;
    checkSizes("Bilinear", n, m, nOut);
    checkActivation("Bilinear", activation);
    checkOptions("Bilinear", options, ["bias", "init", "rng"]);
    const { bias = true, init = glorotUniform, rng = defaultGenerator() } = options;
    const weight = drawn("Bilinear", init, rng, [nOut, n, m]);
    return { weight, bias: bias ? zeros([nOut], weight.dtype) : null, activation };
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
) as BilinearConstructor;
