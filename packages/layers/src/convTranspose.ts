import { asTensor, Const, convTranspose, defineLayer, type Layer, type Operand, type PerAxis, type Tensor } from "@polyad/core";
import { checkChannels, checkGiven, facing, finish, givenOptions, layerOptions, parameters, showConv, type Channels, type ConvFields, type ConvLayerOptions, type ConvPlacement, type GivenConv } from "./conv.js";
import { drawn } from "./drawn.js";
import { glorotUniform } from "./init.js";
import { matchInput, type Activation, type Bias } from "./match.js";
import { identity } from "./identity.js";
import { checkOptions } from "./options.js";
import { defaultGenerator } from "./random.js";
import { checkInput, perAxis, placementHints, placementOf, sizesOf, type WindowSize } from "./spatial.js";

interface OutputPadding {
  /** How much longer the result is at its end: below the strides; 0 unless said. */
  readonly outputPadding?: PerAxis | undefined;
}

export interface ConvTransposeLayerOptions<B extends boolean = boolean> extends ConvLayerOptions<B>, OutputPadding {}

export interface ConvTransposePlacement extends ConvPlacement {
  readonly outputPadding: readonly number[];
}

/** The weight is [in, out / groups, …kernel]. */
export interface ConvTransposeFields<B extends Tensor | null = Tensor> extends Omit<ConvFields<B>, "placement"> {
  readonly placement: Const<ConvTransposePlacement>;
}

export interface GivenConvTranspose extends GivenConv<ConvTransposePlacement>, OutputPadding {}

type Config = [kernel: WindowSize, channels: Channels, activation?: Activation, options?: ConvTransposeLayerOptions];
type Fields = ConvTransposeFields<Tensor | null>;

export type ConvTranspose<B extends Tensor | null = Tensor> = Layer<ConvTransposeFields<B>, [x: Operand], Tensor>;

export interface ConvTransposeConstructor {
  <B extends boolean = true>(kernel: WindowSize, channels: Channels, activation?: Activation, options?: ConvTransposeLayerOptions<B>): ConvTranspose<Bias<B>>;
  from(fields: GivenConvTranspose & { readonly bias: null }): ConvTranspose<null>;
  from(fields: GivenConvTranspose & { readonly bias?: Operand | undefined }): ConvTranspose;
  readonly prototype: ConvTranspose<Tensor | null>;
}

const made = defineLayer(
  "ConvTranspose",
  (...[kernel, channels, activation = identity, options = {}]: Config): Fields => {
    const sizes = sizesOf("ConvTranspose", kernel);
    const [nIn, nOut] = checkChannels("ConvTranspose", channels, options.groups);
    checkOptions("ConvTranspose", options, [...layerOptions, "outputPadding"], placementHints);
    const { groups = 1, bias = true, init = glorotUniform, rng = defaultGenerator() } = options;
    const weight = drawn("ConvTranspose", init, rng, [nIn, nOut / groups, ...sizes]);
    return { ...parameters("ConvTranspose", weight, bias ? undefined : null, nOut, activation), placement: place(sizes, options) };
  },
  (self, input: Operand): Tensor => {
    const { weight, placement } = self;
    const { flip, ...window } = placement;
    const name = (): string => show({ ...self, placement: Const(placement) });
    const x = matchInput(name, input, weight);
    const one = placement.strides.map(() => 1); // an input of one element is enough
    checkInput(name, x, weight.shape[0]!, one, { strides: one, padding: one.map(() => [0, 0]), dilation: one });
    return finish(self, convTranspose(x, facing(weight, flip), window));
  },
  { show },
);
const { from } = made;

/**
 * f(wᵀ ⋆ x + b), the transpose of a `Conv` from `out` channels to `in`: each element of a signal x [N, in, L] or an image
 * [N, in, H, W] puts a kernel onto the result, `strides` apart, and what overlaps is added. n elements along an axis
 * become strides·(n − 1) + dilation·(k − 1) + 1 − padding + outputPadding, for padding "same" n·strides.
 *
 * @throws AutodiffError for sizes that are no whole numbers, or groups that do not divide the channels.
 * @throws ShapeError for an input of other channels.
 * @example
 * const layer = ConvTranspose([2, 2], [8, 1], relu, { strides: 2 });
 * layer(ones([5, 8, 14, 14], "float32")).shape // [5, 1, 28, 28]
 * String(layer) // "ConvTranspose((2, 2), 8 => 1, relu, strides=2)"
 */
export const ConvTranspose: ConvTransposeConstructor = Object.assign(made, {
  from: ({ weight: w, bias, activation, placement: given, ...options }: GivenConvTranspose) => {
    checkGiven("ConvTranspose.from", given, options, [...givenOptions, "outputPadding"]);
    const weight = asTensor("ConvTranspose.from", w);
    const [nIn = 0, each = 0, ...kernel] = weight.shape;
    const placement = given ?? place(sizesOf("ConvTranspose.from", kernel as [number]), options);
    const { groups } = placement.value;
    const [, nOut] = checkChannels("ConvTranspose.from", [nIn, each * groups], groups);
    return from({ ...parameters("ConvTranspose.from", weight, bias, nOut, activation), placement });
  },
}) as ConvTransposeConstructor;

function place(sizes: readonly number[], options: GivenConvTranspose | ConvTransposeLayerOptions): Const<ConvTransposePlacement> {
  const placed = placementOf("ConvTranspose", sizes, options, (extent, stride) => extent - stride);
  const { padding, groups = 1, flip = false } = options;
  // "same" is n·strides: where kernels do not reach from one to the next, what is missing is added at the end.
  const gaps = sizes.map((k, i) => Math.max(0, placed.strides[i]! - placed.dilation[i]! * (k - 1) - 1));
  const outputPadding = perAxis("ConvTranspose", "outputPadding", sizes.length, options.outputPadding ?? (padding === "same" ? gaps : 0), 0);
  return Const({ ...placed, groups, flip, outputPadding });
}

function show({ weight, placement: { value }, ...rest }: Fields): string {
  const [nIn, each, ...sizes] = weight.shape as readonly [number, number, ...number[]];
  const { outputPadding: more } = value;
  const parts = showConv(sizes, [nIn, each * value.groups], rest, value);
  if (more.some((n) => n > 0)) parts.push(`outputPadding=${more.every((n) => n === more[0]) ? more[0] : `(${more.join(", ")})`}`);
  return `ConvTranspose(${parts.join(", ")})`;
}
