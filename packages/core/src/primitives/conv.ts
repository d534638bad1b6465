import type { Operand } from "../convert.js";
import { convKernel } from "../host/conv.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { bind } from "../trace.js";
import { filterMap } from "./convFilter.js";
import { imageMap } from "./convTranspose.js";
import { batchOf, formOf, imageAndKernel, like, thirdShape, type ConvOptions, type Form } from "./trilinear.js";

type ConvOp = (x: Operand, w: Operand, options?: ConvOptions) => Tensor;

/**
 * The convolution y[n, o, p] = Σ w[o, c, k] · x[n, c, strides·p + dilation·k − padding], which does not flip its kernel
 * (a cross-correlation), with zeros outside of the image: x is [N, C, L] or [N, C, H, W], w [O, C / groups, …K].
 *
 * @throws ShapeError for channels that differ, groups that do not divide them, or a kernel larger than the padded image.
 * @example
 * const x = tensor([[[1, 2, 3, 4]]]);
 * conv(x, tensor([[[1, 0, -1]]])).toArray() // [[[-2, -2]]]
 * conv(x, tensor([[[1, 1]]]), { strides: 2, padding: [[1, 0]] }).toArray() // [[[1, 5]]]
 */
export const conv: Primitive<ConvOp> = definePrimitive<readonly [Tensor, Tensor], Tensor, Form, ConvOp>({
  name: "conv",
  parse: (image, kernel, options) => {
    const [x, w] = imageAndKernel("conv", image, kernel, "O, C / groups");
    return [[x, w], formOf("conv", x.shape.slice(2), w.shape.slice(2), options)];
  },
  dtype: "numeric",
  shape: (inputs, form) => thirdShape("conv", ["x", "w"], inputs, form),
  compute: (out, [x, w], form) => convKernel(out, x, w, form),
  jvp: (_out, [x, w], form) => [(dx) => windowMap(dx, w, form), (dw) => windowMap(x, dw, form)],
  vjp: (_out, [x, w], form) => [(ct) => like(imageMap(ct, w, form), x), (ct) => like(filterMap(x, ct, form), w)],
  batch: batchOf(["x", "w"], "y", (x, w, form) => windowMap(x, w, form)),
});

/** ∂T/∂y. */
export function windowMap(x: Tensor, w: Tensor, form: Form): Tensor {
  return bind(conv, [x, w], form) as Tensor;
}
