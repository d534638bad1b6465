import { add, asTensor, AutodiffError, Const, conv, defineLayer, flip, reshape, ShapeError, zeros, type Layer, type Operand, type RandomGenerator, type Tensor } from "@polyad/core";
import { drawn } from "./drawn.js";
import { identity } from "./identity.js";
import { glorotUniform, type Initialiser } from "./init.js";
import { checkActivation, checkSizes, matchInput, type Activation, type Bias } from "./match.js";
import { checkOptions } from "./options.js";
import { defaultGenerator } from "./random.js";
import { showActivation } from "./show.js";
import { checkInput, placementHints, placementOf, placementOptions, showPlacement, showSizes, sizesOf, type Placement, type PlacementOptions, type WindowSize } from "./spatial.js";

export interface ConvPlacementOptions extends PlacementOptions {
  /** Into how many groups the channels are split; an output channel sees the input channels of its own group. */
  readonly groups?: number | undefined;
  /** Whether the kernel is flipped along its spatial axes first, as in a convolution of mathematics; false unless said. */
  readonly flip?: boolean | undefined;
}

export interface ConvLayerOptions<B extends boolean = boolean> extends ConvPlacementOptions {
  /** Whether there is a bias, one number for each output channel; true unless said. */
  readonly bias?: B | undefined;
  /** Draws the first weight, `glorotUniform` unless said. The bias, zeros at first, has its dtype. */
  readonly init?: Initialiser | undefined;
  readonly rng?: RandomGenerator | undefined;
}

/** How a kernel lies on its input. */
export interface ConvPlacement extends Placement {
  readonly groups: number;
  readonly flip: boolean;
}

export interface ConvFields<B extends Tensor | null = Tensor> {
  /** [out, in / groups, …kernel] */
  readonly weight: Tensor;
  /** [out] */
  readonly bias: B;
  readonly activation: Activation;
  readonly placement: Const<ConvPlacement>;
}

/** How many channels come in, and go out. */
export type Channels = readonly [channelsIn: number, channelsOut: number];

/** What a layer around given arrays is made of. The bias is zeros unless given, the activation `identity`. */
export interface GivenConv<P extends ConvPlacement = ConvPlacement> extends ConvPlacementOptions {
  readonly weight: Operand;
  readonly bias?: Operand | null | undefined;
  readonly activation?: Activation | null | undefined;
  /** That of another layer, in place of options. */
  readonly placement?: Const<P> | null | undefined;
}

export const givenOptions: readonly string[] = [...placementOptions, "groups", "flip"];
export const layerOptions: readonly string[] = [...givenOptions, "bias", "init", "rng"];

type Config = [kernel: WindowSize, channels: Channels, activation?: Activation, options?: ConvLayerOptions];
type Fields = ConvFields<Tensor | null>;

export type Conv<B extends Tensor | null = Tensor> = Layer<ConvFields<B>, [x: Operand], Tensor>;

export interface ConvConstructor {
  <B extends boolean = true>(kernel: WindowSize, channels: Channels, activation?: Activation, options?: ConvLayerOptions<B>): Conv<Bias<B>>;
  from(fields: GivenConv & { readonly bias: null }): Conv<null>;
  from(fields: GivenConv & { readonly bias?: Operand | undefined }): Conv;
  readonly prototype: Conv<Tensor | null>;
}

const made = defineLayer(
  "Conv",
  (...[kernel, channels, activation = identity, options = {}]: Config): Fields => {
    const sizes = sizesOf("Conv", kernel);
    const [nIn, nOut] = checkChannels("Conv", channels, options.groups);
    checkOptions("Conv", options, layerOptions, placementHints);
    const { groups = 1, bias = true, init = glorotUniform, rng = defaultGenerator() } = options;
    const weight = drawn("Conv", init, rng, [nOut, nIn / groups, ...sizes]);
    return { ...parameters("Conv", weight, bias ? undefined : null, nOut, activation), placement: place(sizes, options) };
  },
  (self, input: Operand): Tensor => {
    const { weight, placement } = self;
    const { flip, ...window } = placement;
    const name = (): string => show({ ...self, placement: Const(placement) });
    const x = matchInput(name, input, weight);
    checkInput(name, x, weight.shape[1]! * placement.groups, weight.shape.slice(2), placement);
    return finish(self, conv(x, facing(weight, flip), window));
  },
  { show },
);
const { from } = made;

/**
 * f(w ⋆ x + b) for signals x [N, in, L] or images [N, in, H, W] with zeros around them, which is y[o, p] =
 * f(Σ w[o, c, k] · x[c, strides·p + dilation·k − padding] + b[o]): a cross-correlation. The kernel's size is one number
 * over signals and two over images; channels are [in, out]; the weight is [out, in / groups, …kernel].
 *
 * @throws AutodiffError for sizes that are no whole numbers, or groups that do not divide the channels.
 * @throws ShapeError for an input of other channels, or smaller than the kernel.
 * @example
 * const layer = Conv([3, 3], [1, 8], relu, { padding: SamePad() });
 * layer(ones([5, 1, 28, 28], "float32")).shape // [5, 8, 28, 28]
 * String(layer) // "Conv((3, 3), 1 => 8, relu, padding=1)"
 * Conv(5, [2, 4])(ones([3, 2, 100], "float32")).shape // [3, 4, 96]
 * Conv.from({ weight: [[[1, -1]]], strides: 2 })([[[5, 3, 2, 1]]]).toArray() // [[[2, 1]]]
 */
export const Conv: ConvConstructor = Object.assign(made, {
  from: ({ weight: w, bias, activation, placement: given, ...options }: GivenConv) => {
    checkGiven("Conv.from", given, options, givenOptions);
    const weight = asTensor("Conv.from", w);
    const [nOut = 0, each = 0, ...kernel] = weight.shape;
    const placement = given ?? place(sizesOf("Conv.from", kernel as [number]), options);
    const { groups } = placement.value;
    checkChannels("Conv.from", [each * groups, nOut], groups);
    return from({ ...parameters("Conv.from", weight, bias, nOut, activation), placement });
  },
}) as ConvConstructor;

/**
 * A `Conv` with a group for each input channel, so that an output channel sees one of them.
 *
 * @example
 * String(DepthwiseConv([3, 3], [4, 8])) // "Conv((3, 3), 4 => 8, groups=4)"
 */
export function DepthwiseConv<B extends boolean = true>(
  kernel: WindowSize, channels: Channels, activation?: Activation, options: Omit<ConvLayerOptions<B>, "groups"> = {},
): Conv<Bias<B>> {
  return Conv(kernel, checkChannels("DepthwiseConv", channels), activation, { ...options, groups: channels[0] });
}

/** @throws AutodiffError for options that do not exist, or beside a placement, which has them all. */
export function checkGiven(name: string, placement: unknown, options: object, known: readonly string[]): void {
  checkOptions(name, options, known, placementHints);
  const [option] = Object.keys(options);
  if (placement === undefined || placement === null || option === undefined) return;
  throw new AutodiffError(`${name}: got a placement and ${option}, which is part of it. Leave one of them out.`);
}

function place(sizes: readonly number[], options: ConvPlacementOptions): Const<ConvPlacement> {
  return Const({ ...placementOf("Conv", sizes, options), groups: options.groups ?? 1, flip: options.flip ?? false });
}

export function checkChannels(name: string, channels: Channels, groups = 1): Channels {
  if (!Array.isArray(channels) || channels.length !== 2) {
    throw new AutodiffError(`${name}: expected channels as [in, out], got ${JSON.stringify(channels)}.`);
  }
  checkSizes(name, ...channels, groups);
  if (channels.every((n) => n % groups === 0)) return channels;
  throw new AutodiffError(`${name}: ${groups} groups do not divide ${channels[0]} channels in and ${channels[1]} out.`);
}

/** The fields of a layer with these arrays; a bias that is not given is zeros. */
export function parameters(name: string, weight: Tensor, given: Operand | null | undefined, nOut: number, activation: Activation | null | undefined): Omit<Fields, "placement"> {
  const bias = given === undefined ? zeros([nOut], weight.dtype) : given === null ? null : asTensor(name, given);
  if (bias !== null && (bias.ndim !== 1 || bias.size !== nOut)) {
    throw new ShapeError(`${name}: expected a bias of shape [${nOut}] beside a weight of shape [${weight.shape.join(", ")}], got shape [${bias.shape.join(", ")}].`);
  }
  checkActivation(name, activation ?? identity);
  return { weight, bias, activation: activation ?? identity };
}

/** The kernel as `conv` takes it, which does not flip. */
export function facing(weight: Tensor, flipped: boolean): Tensor {
  return flipped ? flip(weight, { axis: weight.shape.map((_, i) => i).slice(2) }) : weight;
}

/** f(y + b), b spread over the spatial axes. */
export function finish({ bias, activation }: Pick<Fields, "bias" | "activation">, y: Tensor): Tensor {
  return activation(bias === null ? y : add(y, reshape(bias, [bias.size, ...new Array<number>(y.ndim - 2).fill(1)])));
}

function show({ weight, placement: { value }, ...rest }: Fields): string {
  const [nOut, each, ...sizes] = weight.shape as readonly [number, number, ...number[]];
  return `Conv(${showConv(sizes, [each * value.groups, nOut], rest, value).join(", ")})`;
}

/** `(3, 3)`, `1 => 8`, `relu`, `padding=1` … */
export function showConv(sizes: readonly number[], [nIn, nOut]: Channels, { bias, activation }: Pick<Fields, "bias" | "activation">, placement: ConvPlacement): string[] {
  return [
    showSizes(sizes),
    `${nIn} => ${nOut}`,
    ...(activation === identity ? [] : [showActivation(activation)]),
    ...showPlacement(placement, sizes.map(() => 1)),
    ...(placement.groups === 1 ? [] : [`groups=${placement.groups}`]),
    ...(placement.flip ? ["flip=true"] : []),
    ...(bias === null ? ["bias=false"] : []),
  ];
}
