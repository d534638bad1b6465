import "./fluent.js";
import type { RandomGenerator } from "./random.js";
import type { Tensor } from "./tensor.js";

export * from "./adtypes.js";
export * from "./create.js";
export { asTensor, type ArrayLike, type Operand } from "./convert.js";
export { checkpoint } from "./checkpoint.js";
export { customRule, type CustomRules } from "./customRule.js";
export type { Device } from "./device.js";
export type { DType, TypedArray } from "./dtype.js";
export * from "./errors.js";
export * from "./ops/all.js";
export { checkGradient, type CheckedLeaf } from "./operators/checkGradient.js";
export { derivative, secondDerivative, valueAndDerivative, valueDerivativeAndSecondDerivative } from "./operators/derivative.js";
export { gradient, withgradient, type Loss } from "./operators/gradient.js";
export { Graph, trace, type Accepted } from "./graph/trace.js";
export { hessian, valueGradientAndHessian } from "./operators/hessian.js";
export { gradientAndHvp, hvp } from "./operators/hvp.js";
export { jacobian, valueAndJacobian } from "./operators/jacobian.js";
export * from "./operators/prepare.js";
export { pullback, valueAndPullback } from "./operators/pullback.js";
export { pushforward, valueAndPushforward } from "./operators/pushforward.js";
export { definePrimitive, type Primitive, type PrimitiveDefinition } from "./primitive.js";
export * from "./primitives/all.js";
export type { BinaryOp, TernaryOp, UnaryOp } from "./primitives/elementwise.js";
export type { ConvTransposeOptions } from "./primitives/convTranspose.js";
export type { PoolOptions } from "./primitives/pooling.js";
export type { ReduceOptions } from "./primitives/reduction.js";
export type { Range } from "./primitives/slice.js";
export type { ConvOptions } from "./primitives/trilinear.js";
export type { Padding, PerAxis, Window, WindowOptions } from "./primitives/window.js";
export * from "./random.js";
export { isRerun } from "./runs.js";
export { standardNormalQuantile } from "./host/normalQuantile.js";
export type { Shape } from "./shape.js";
export { Tensor, tensor, type NestedArray, type Value } from "./tensor.js";
export { Const, Duplicated } from "./tree/activity.js";
export { compose, pipe, type Composed } from "./tree/compose.js";
export { destructure } from "./tree/destructure.js";
export { flatten, unflatten, type TreeDef } from "./tree/flatten.js";
export { fmap, fmapWith, fmapWithPath, type FmapOptions } from "./tree/fmap.js";
export { functor, leaf } from "./tree/functor.js";
export { callable, defineLayer, isLayer, type AnyLayer, type LayerConstructor, type LayerOptions } from "./tree/layer.js";
export { leaves } from "./tree/leaves.js";
export { Grads, params, Params } from "./tree/params.js";
export { combine, partition } from "./tree/partition.js";
export { getPath, setPath } from "./tree/path.js";
export { scope } from "./tree/scope.js";
export { dispose } from "./tree/dispose.js";
export { toDevice, toHost } from "./tree/toDevice.js";
export { identityOf } from "./tree/ties.js";
export { trainable, trainableLeaves, type TrainableLeaf } from "./tree/trainable.js";
export { registerLeaf, vendorLeaf } from "./tree/vendor.js";
export type { Gradient, Gradients, Jacobian, Layer, Traced } from "./types.js";

/**
 * Leaves that are more than numbers: `[as stored, as seen inside a differentiated function, as gradient]`, the gradient
 * being like the stored unless said; null for what has none. Packages add theirs by augmentation, which TypeScript allows
 * only of the module that declares an interface; hence its place here.
 *
 * @example
 * declare module "@polyad/core" {
 *   interface LeafTypes {
 *     tfjs: [tf.Tensor, Tensor];
 *     tokenizer: [Tokenizer, Tokenizer, null]; // leaf(Tokenizer)
 *   }
 * }
 */
export interface LeafTypes {
  tensor: [Tensor, Tensor];
  float64: [Float64Array, Tensor, Float64Array<ArrayBuffer>];
  float32: [Float32Array, Tensor, Float32Array<ArrayBuffer>];
  int32: [Int32Array, Tensor, null];
  bool: [Uint8Array, Tensor, null];
  generator: [RandomGenerator, RandomGenerator, null];
}
