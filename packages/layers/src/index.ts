/** Models: layers are functions with fields; optimisers, training and files work on any tree of parameters. */
export * from "./activations/index.js";
export * from "./init.js";
export * from "./attention.js";
export * from "./batchNorm.js";
export * from "./bilinear.js";
export * from "./chain.js";
export {
  Conv, DepthwiseConv, type Channels, type ConvConstructor, type ConvFields, type ConvLayerOptions, type ConvPlacement, type ConvPlacementOptions, type GivenConv,
} from "./conv.js"; // prettier-ignore
export * from "./convTranspose.js";
export * from "./dense.js";
export * from "./draw.js";
export * from "./dropout.js";
export * from "./embedding.js";
export * from "./flatten.js";
export { GroupNorm, type GroupNormConstructor, type GroupNormFields } from "./groupNorm.js";
export * from "./identity.js";
export * from "./instanceNorm.js";
export * from "./layerNorm.js";
export * from "./losses/index.js";
export * from "./mapLayers.js";
export * from "./maxout.js";
export { causalMask } from "./mask.js";
export * from "./metrics.js";
export * from "./mode.js";
export * from "./optimise/index.js";
export * from "./only.js";
export * from "./pairwiseFusion.js";
export * from "./parallel.js";
export * from "./pool.js";
export * from "./scale.js";
export { showContainer, showActivation, summary } from "./show.js";
export * from "./skipConnection.js";
export { byteSize, outputSize, parameterCount, type OutputSizeOptions, type Sizes } from "./size.js";
export { SamePad, type PlacementOptions, type WindowSize } from "./spatial.js";
export * from "./random.js";
export * from "./recurrent/index.js";
export * from "./state.js";
export * from "./loadState.js";
export { decodeSafetensors, encodeSafetensors, type Safetensors } from "./safetensors.js";
export * from "./save.js";
export { collate, type Collated } from "./collate.js";
export * from "./dataLoader.js";
export type { Stream } from "./stream.js";
export * from "./train.js";
export type { ProgressStream } from "./progress.js";
export type { Answer } from "./trainOptions.js";
