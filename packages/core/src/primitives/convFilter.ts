import { asTensor, type Operand } from "../convert.js";
import { convFilterKernel } from "../host/conv.js";
import { definePrimitive, type Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { bind } from "../trace.js";
import { windowMap } from "./conv.js";
import { imageMap } from "./convTranspose.js";
import { batchOf, formOf, like, thirdShape, type ConvOptions, type Form } from "./trilinear.js";
import { imageSize, lengths, type PerAxis } from "./window.js";

type ConvFilterOp = (x: Operand, y: Operand, size: PerAxis, options?: ConvOptions) => Tensor;

/**
 * The transpose of `conv` in its kernel: w[o, c, k] = Σ y[n, o, p] · x[n, c, strides·p + dilation·k − padding], of the
 * spatial `size` given, for x of shape [N, C, …S] and y of shape [N, O, …P], as `conv` with these options gives.
 *
 * @throws ShapeError for another number of samples or windows.
 * @example
 * convFilter(tensor([[[1, 2, 3, 4]]]), tensor([[[1, 10]]]), 3).toArray() // [[[21, 32, 43]]]
 */
export const convFilter: Primitive<ConvFilterOp> = definePrimitive<readonly [Tensor, Tensor], Tensor, Form, ConvFilterOp>({
  name: "convFilter",
  parse: (image, windows, size, options) => {
    const [x, y] = [asTensor("convFilter", image), asTensor("convFilter", windows)];
    const spatial = imageSize("convFilter", "x", x.shape);
    imageSize("convFilter", "y", y.shape);
    return [[x, y], formOf("convFilter", spatial, lengths("convFilter", "the kernel's size", spatial.length, size, 1), options)];
  },
  dtype: "numeric",
  shape: (inputs, form) => thirdShape("convFilter", ["x", "y"], inputs, form),
  compute: (out, [x, y], form) => convFilterKernel(out, x, y, form),
  jvp: (_out, [x, y], form) => [(dx) => filterMap(dx, y, form), (dy) => filterMap(x, dy, form)],
  vjp: (_out, [x, y], form) => [(ct) => like(imageMap(y, ct, form), x), (ct) => like(windowMap(x, ct, form), y)],
  batch: batchOf(["x", "y"], "w", (x, y, form) => filterMap(x, y, form)),
});

/** ∂T/∂w. */
export function filterMap(x: Tensor, y: Tensor, form: Form): Tensor {
  return bind(convFilter, [x, y], form) as Tensor;
}
